/**
 * Goal: whatever happens while a socket says hello, it gets one reply, and nothing of it is left behind. Method: the real
 * gateway and hub over a socket of ours, with an admission that waits for the test.
 */

import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { WebSocket } from 'ws';
import type { Session } from '../../../src/adapters/nest/access-tokens.js';
import { openLog } from '../../../src/adapters/nest/log.js';
import { ProblemError } from '../../../src/adapters/nest/problems.js';
import { ChatGateway, type GatewayDeps } from '../../../src/adapters/websocket/chat.gateway.js';
import type { SocketSession } from '../../../src/adapters/websocket/session.js';
import { SessionHub } from '../../../src/adapters/websocket/session-hub.js';
import { textFrame } from '../../../src/adapters/websocket/text-frame.js';
import type { ConversationId, Handle, MemberId } from '../../../src/domain/kernel/ids.js';
import { FakeSocket } from '../../support/fake-socket.js';
import { TestClock } from '../../support/test-clock.js';
import { until } from '../../support/until.js';

const conversationId = randomUUID() as ConversationId;
const principal = { accountId: randomUUID(), deviceId: randomUUID(), expiresAt: 10_000_000_000_000 } as unknown as Session;

let clock: TestClock;
let hub: SessionHub;
let socket: FakeSocket;
let admitted: () => void;
let refused: (error: Error) => void;
let logged: string[];
/** The positions that sync was asked from. */
let asked: number[];
let during: () => void;
let closedCodes: number[];

beforeEach(() => {
  clock = new TestClock();
  hub = new SessionHub();
  socket = new FakeSocket();
  logged = [];
  asked = [];
  during = () => undefined;
  const gate = new Promise<void>((resolve, reject) => {
    admitted = resolve;
    refused = reject;
  });
  gate.catch(() => undefined);
  const admit = async (session: SocketSession): Promise<number> => {
    await gate;
    hub.identify(session, randomUUID() as Handle);
    hub.join(session, { conversationId, memberId: randomUUID() as MemberId });
    return 0;
  };
  const sync = {
    read: async (_who: unknown, cursor: string) => {
      if (cursor === 'forged') throw new ProblemError('invalid-cursor');
      return { after: 0 };
    },
    since: async (_who: unknown, { after }: { after: number }) => {
      asked.push(after);
      during();
      return { items: [], limited: [], next: { after: 0 }, caughtUp: true };
    },
    builtUpTo: async () => 0,
    cursorAt: () => 'sealed',
  };
  closedCodes = [];
  const log = openLog('info', { write: (line) => void logged.push(line) });
  const gateway = new ChatGateway({
    ...{ sync, hub, clock, fanOut: { admit, reach: async () => 0 }, ids: { uuid: randomUUID } },
    log,
    dispatch: {},
    observer: { socketClosed: (code: number) => void closedCodes.push(code) },
  } as unknown as GatewayDeps);
  gateway.handleConnection(socket as unknown as WebSocket, socket.wire, principal);
});

const types = () => socket.types;

describe('a socket that says hello', () => {
  it('catches up and goes live', async () => {
    socket.hello();
    admitted();
    await until('it has caught up', () => types().includes('caught-up'));
    expect([types(), hub.hasReaders(conversationId)]).toEqual([['welcome', 'caught-up'], true]);
  });

  it('twice in one breath is refused the second', async () => {
    socket.hello({ cursor: 'a cursor' });
    socket.hello({ cursor: 'a cursor' });
    admitted();
    await until('it has caught up', () => types().includes('caught-up'));
    expect(types().sort()).toEqual(['caught-up', 'error', 'welcome']);
  });

  it('with a forged cursor may say it again with another', async () => {
    socket.hello({ cursor: 'forged' });
    await until('it is refused', () => types().includes('error'));
    socket.hello();
    admitted();
    await until('it has caught up', () => types().includes('caught-up'));
  });

  it('and closes before it is admitted leaves nothing behind', async () => {
    socket.hello();
    await until('it is welcome', () => types().includes('welcome'));
    socket.close(1000);
    admitted();
    for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    expect([hub.hasReaders(conversationId), hub.hasDevicesOf(principal.accountId), hub.size]).toEqual([false, false, 0]);
  });

  it.each([
    ['views that lag', new ProblemError('view-behind'), 0],
    ['a defect', new TypeError('a defect'), 1],
  ])('and cannot catch up for %s is closed, to come again', async (_why, error, lines) => {
    socket.hello();
    refused(error);
    await until('it is closed', () => socket.code !== undefined);
    expect([socket.code, types(), logged.length, hub.size]).toEqual([1011, ['welcome'], lines, 0]);
  });
});

describe('a socket that read too slowly', () => {
  it('is told to expect what it missed, gets it from before the first dropped fact, and is live again', async () => {
    socket.hello();
    admitted();
    await until('it has caught up', () => types().includes('caught-up'));
    socket.wire.isReading = false;
    const frame = textFrame(JSON.stringify({ type: 'message-posted', data: 'x'.repeat(100_000) }));
    for (let position = 1; position <= 20; position += 1) hub.toConversation(conversationId, { position, frame });
    const written = types().filter((type) => type === 'message-posted').length;
    expect([asked, hub.counts.factsDropped]).toEqual([[], 20 - written]);
    socket.wire.isReading = true;
    socket.wire.drain();
    await until('it has caught up again', () => types().filter((type) => type === 'caught-up').length === 2);
    expect([types().slice(-2), asked, hub.counts.resyncs]).toEqual([['resync', 'caught-up'], [written], 1]);
    hub.toConversation(conversationId, { position: 21, frame });
    await until('it is live', () => types().at(-1) === 'message-posted');
  });

  it('catches up once more when too much has happened meanwhile', async () => {
    socket.hello({ cursor: 'a cursor' });
    await until('it is welcome', () => types().includes('welcome'));
    let rounds = 0;
    during = () => {
      rounds += 1;
      const frame = textFrame('{"type":"message-posted"}');
      if (rounds > 1) return;
      for (let position = 1; position <= 10_000; position += 1) hub.toConversation(conversationId, { position, frame });
    };
    admitted();
    await until('it has caught up', () => types().includes('caught-up'));
    expect([asked.length, types()]).toEqual([2, ['welcome', 'caught-up']]);
  });
});

describe('a socket that ends', () => {
  it('counts as closed with what the server said, though the client does not answer it', () => {
    // What ws tells when nobody has answered the closing in time.
    socket.close = (code) => {
      socket.code = code;
      socket.emit('close', 1006);
    };
    [...hub.all()][0]?.close(4408, 'reads too slowly');
    expect([socket.code, closedCodes]).toEqual([4408, [4408]]);
  });

  it('by itself counts with its own code', () => {
    socket.emit('close', 1001);
    expect(closedCodes).toEqual([1001]);
  });
});
