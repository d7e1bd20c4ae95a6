/** Goal: what ends or reminds a socket by the clock does so in time. Method: the real heartbeat on a clock of ours. */
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { WebSocket } from 'ws';
import type { Session } from '../../../src/adapters/nest/access-tokens.js';
import { openLog } from '../../../src/adapters/nest/log.js';
import { socketLimits } from '../../../src/adapters/websocket/frames.js';
import { beat } from '../../../src/adapters/websocket/heartbeat.js';
import { SocketSession } from '../../../src/adapters/websocket/session.js';
import { SessionHub } from '../../../src/adapters/websocket/session-hub.js';
import { Turn } from '../../../src/adapters/websocket/turn.js';
import { later } from '../../../src/domain/kernel/instant.js';
import { FakeSocket } from '../../support/fake-socket.js';
import { TestClock } from '../../support/test-clock.js';
import { until } from '../../support/until.js';

const LIFE_MS = 900_000;

let clock: TestClock;
let hub: SessionHub;
let socket: FakeSocket;
let session: SocketSession;
let stopping: AbortController;
let isLive: () => Promise<boolean>;

const turns = async () => {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};

/** A socket of some device, of which nothing was heard yet. */
function register(): FakeSocket {
  const one = new FakeSocket();
  const principal = { accountId: randomUUID(), deviceId: randomUUID(), expiresAt: later(clock.now(), LIFE_MS) };
  const around = { clock, turn: new Turn(), counts: hub.counts, fellBehind: () => undefined, joined: () => undefined };
  session = new SocketSession(one as unknown as WebSocket, one.wire, principal as unknown as Session, around);
  const registered = session;
  hub.register(registered);
  one.on('close', () => hub.remove(registered));
  one.on('pong', () => {
    registered.missedPings = 0;
  });
  return one;
}

/** Second by second, as the heartbeat counts. */
async function pass(ms: number): Promise<void> {
  for (let leftMs = ms; leftMs > 0; leftMs -= 1_000) {
    await until('the heartbeat waits', () => clock.waiting > 0);
    clock.advance(Math.min(1_000, leftMs));
    await turns();
  }
}

beforeEach(() => {
  clock = new TestClock();
  hub = new SessionHub();
  stopping = new AbortController();
  isLive = async () => true;
  socket = register();
  const credentials = { isLive: () => isLive() };
  const sync = { cursorAt: (_who: unknown, { after }: { after: number }) => `cursor ${after}` };
  const log = openLog('silent', { write: () => undefined });
  void beat({ hub, clock, credentials, sync, log, fanOut: { upTo: 7 } }, stopping.signal);
});

afterEach(() => stopping.abort());

const live = () => {
  session.phase = 'catching-up';
  session.goLive(0);
};

describe('a socket that does not say hello', () => {
  it('is closed after ten seconds, and not before', async () => {
    await pass(9_000);
    expect(socket.code).toBeUndefined();
    await pass(1_000);
    expect([socket.code, socket.reason]).toEqual([4400, 'no hello']);
  });
});

describe('a crowd that came together', () => {
  it('is attended to in parts, between which others get their turn', async () => {
    const crowd = Array.from({ length: 149 }, () => register());
    const ended = () => [socket, ...crowd].filter(({ code }) => code === 4400).length;
    await pass(9_000);
    expect(ended()).toBe(0);
    await pass(1_000);
    expect(ended()).toBe(64);
    await pass(1);
    expect(ended()).toBe(128);
    await pass(1);
    expect(ended()).toBe(150);
  });
});

describe('a socket of a device that was revoked just before', () => {
  it('is closed after five seconds', async () => {
    live();
    isLive = async () => false;
    await pass(4_000);
    expect(socket.code).toBeUndefined();
    await pass(1_000);
    expect(socket.code).toBe(4403);
  });

  it('is closed to come again when nobody knows', async () => {
    live();
    isLive = () => Promise.reject(new Error('the store is away'));
    await pass(5_000);
    expect(socket.code).toBe(1011);
  });

  it('and one that lives is asked after once, and then with every ping', async () => {
    live();
    socket.answersPings = true;
    let asked = 0;
    isLive = async () => ++asked > 0;
    await pass(24_000);
    expect([socket.code, asked]).toEqual([undefined, 1]);
    await pass(50_000);
    expect([socket.code, asked]).toEqual([undefined, 3]);
  });
});

describe('a socket whose device is revoked while the feed stands still', () => {
  beforeEach(async () => {
    live();
    socket.answersPings = true;
    await pass(6_000);
  });

  it('is closed at its next ping', async () => {
    isLive = async () => false;
    await pass(19_000);
    expect(socket.code).toBeUndefined();
    await pass(1_000);
    expect(socket.code).toBe(4403);
  });

  it('stays while nobody knows', async () => {
    isLive = () => Promise.reject(new Error('the store is away'));
    await pass(30_000);
    expect(socket.code).toBeUndefined();
  });
});

describe('a live socket', () => {
  it('gets a mark when it is due, for what was written', async () => {
    live();
    socket.answersPings = true;
    await pass(61_000);
    expect(socket.frames).toEqual([{ type: 'mark', data: { cursor: 'cursor 7' } }]);
  });

  it('is pinged every 25 seconds, and cut off when it missed two', async () => {
    live();
    socket.answersPings = true;
    await pass(25_000);
    socket.answersPings = false;
    await pass(50_000);
    expect([socket.pings, socket.code]).toEqual([3, undefined]);
    await pass(25_000);
    expect(socket.code).toBe(1006);
  });

  it('is closed when its token ends', async () => {
    live();
    socket.answersPings = true;
    await pass(LIFE_MS - 1_000);
    expect(socket.code).toBeUndefined();
    await pass(1_000);
    expect(socket.code).toBe(4401);
  });
});

describe('a socket that does not read', () => {
  beforeEach(() => {
    live();
    socket.wire.isReading = false;
    const frame = Buffer.alloc(socketLimits.unsentBytesMax / 4);
    for (let position = 1; position < 8; position += 1) session.deliver({ position, frame });
  });

  it('is closed when it has not read for 30 seconds, and is not pinged until then', async () => {
    await pass(29_000);
    expect([socket.code, socket.pings, session.phase]).toEqual([undefined, 0, 'behind']);
    await pass(1_000);
    expect([socket.code, hub.counts.closedTooSlow]).toEqual([4408, 1]);
  });

  it('gets no mark for what was dropped', async () => {
    await pass(6_000);
    socket.wire.drain();
    await pass(60_000);
    expect(socket.wire.writes.flat().every((frame) => frame.length === socketLimits.unsentBytesMax / 4)).toBe(true);
  });
});
