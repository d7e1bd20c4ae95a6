/**
 * Goal: whatever happens while a socket says hello, it gets one reply, and nothing of it is left behind. Method: the real
 * gateway and hub over a socket of ours, with an admission that waits for the test.
 */

import { randomUUID } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { WebSocket } from 'ws';
import type { Session } from '../../../src/adapters/nest/access-tokens.js';
import { openLog } from '../../../src/adapters/nest/log.js';
import { ProblemError } from '../../../src/adapters/nest/problems.js';
import { ChatGateway, type GatewayDeps } from '../../../src/adapters/websocket/chat.gateway.js';
import type { SocketSession } from '../../../src/adapters/websocket/session.js';
import { SessionHub } from '../../../src/adapters/websocket/session-hub.js';
import type { ConversationId, Handle, MemberId } from '../../../src/domain/kernel/ids.js';
import { TestClock } from '../../support/test-clock.js';
import { until } from '../../support/until.js';

class FakeSocket extends EventEmitter {
  readyState: number = WebSocket.OPEN;
  readonly bufferedAmount = 0;
  readonly frames: { type: string; problem?: { code: string } }[] = [];
  code: number | undefined;

  send(bytes: Buffer): void {
    this.frames.push(JSON.parse(bytes.toString()));
  }

  close(code: number): void {
    this.code = code;
    this.readyState = WebSocket.CLOSED;
    this.emit('close', code);
  }

  hello(cursor?: string): void {
    const data = { capabilities: [], client: { name: 'a', version: '1' }, ...(cursor === undefined ? {} : { cursor }) };
    this.emit('message', Buffer.from(JSON.stringify({ type: 'hello', id: randomUUID(), data })), false);
  }
}

const conversationId = randomUUID() as ConversationId;
const principal = { accountId: randomUUID(), deviceId: randomUUID(), expiresAt: 10_000_000_000_000 } as unknown as Session;

let clock: TestClock;
let hub: SessionHub;
let socket: FakeSocket;
let isLive: boolean;
let admitted: () => void;
let refused: (error: Error) => void;
let logged: string[];

beforeEach(() => {
  clock = new TestClock();
  hub = new SessionHub();
  socket = new FakeSocket();
  isLive = true;
  logged = [];
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
    since: async () => ({ items: [], limited: [], next: { after: 0 }, caughtUp: true }),
    builtUpTo: async () => 0,
    cursorAt: () => 'sealed',
  };
  const gateway = new ChatGateway({
    ...{ sync, hub, clock, fanOut: { admit }, credentials: { isLive: async () => isLive }, ids: { uuid: randomUUID } },
    log: openLog('info', { write: (line) => void logged.push(line) }),
    dispatch: {},
  } as unknown as GatewayDeps);
  gateway.handleConnection(socket as unknown as WebSocket, principal);
});

const types = () => socket.frames.map(({ type }) => type);

describe('a socket that says hello', () => {
  it('catches up and goes live', async () => {
    socket.hello();
    admitted();
    await until('it has caught up', () => types().includes('caught-up'));
    expect([types(), hub.hasReaders(conversationId)]).toEqual([['welcome', 'caught-up'], true]);
  });

  it('twice in one breath is refused the second', async () => {
    socket.hello('a cursor');
    socket.hello('a cursor');
    admitted();
    await until('it has caught up', () => types().includes('caught-up'));
    expect(types().sort()).toEqual(['caught-up', 'error', 'welcome']);
  });

  it('with a forged cursor may say it again with another', async () => {
    socket.hello('forged');
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

describe('a socket of a device that was revoked just before', () => {
  it('is closed after five seconds, and one that lives is not', async () => {
    socket.hello();
    admitted();
    await until('it has caught up', () => types().includes('caught-up'));
    isLive = false;
    clock.advance(4_999);
    await new Promise((resolve) => setImmediate(resolve));
    expect(socket.code).toBeUndefined();
    clock.advance(1);
    await until('it is closed', () => socket.code !== undefined);
    expect(socket.code).toBe(4403);
  });
});
