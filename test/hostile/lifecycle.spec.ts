/**
 * C9, C10: whatever throws in the life of a socket ends that socket and nothing else; a socket that answers no ping ends.
 * Method: the real gateway, heartbeat and upgrade over parts that fail on purpose, on virtual time.
 */
import { randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { WebSocket } from 'ws';
import type { Session } from '../../src/adapters/nest/access-tokens.js';
import { openLog } from '../../src/adapters/nest/log.js';
import { ChatGateway, type GatewayDeps } from '../../src/adapters/websocket/chat.gateway.js';
import { socketLimits } from '../../src/adapters/websocket/frames.js';
import { beat } from '../../src/adapters/websocket/heartbeat.js';
import { SocketSession } from '../../src/adapters/websocket/session.js';
import { SessionHub } from '../../src/adapters/websocket/session-hub.js';
import { SocketServer } from '../../src/adapters/websocket/socket-server.js';
import { Turn } from '../../src/adapters/websocket/turn.js';
import { FakeSocket } from '../support/fake-socket.js';
import { RawSocket, upgradeHead } from '../support/raw-socket.js';
import { TestClock } from '../support/test-clock.js';
import { until } from '../support/until.js';

class WatchedSocket extends FakeSocket {
  isTerminated = false;

  get sent(): string[] {
    return this.frames.map(({ type, problem }) => problem?.code ?? type);
  }
  override terminate(): void {
    this.isTerminated = true;
  }
  say(type: string, data: object): void {
    this.receive(type, data);
  }
}

const principal = { accountId: randomUUID(), deviceId: randomUUID(), expiresAt: 10_000_000_000_000 } as unknown as Session;
const hello = { capabilities: [], client: { name: 'a', version: '1' }, cursor: 'a cursor' };
function defect(): never {
  throw new TypeError('a defect that quotes kestrel-9');
}

let clock: TestClock;
let hub: SessionHub;
let socket: WatchedSocket;
let logged: string[];
let uncaught: unknown[];
const onUncaught = (error: unknown) => uncaught.push(error);

beforeEach(() => {
  clock = new TestClock();
  hub = new SessionHub();
  socket = new WatchedSocket();
  logged = [];
  uncaught = [];
  process.on('unhandledRejection', onUncaught);
});
afterEach(() => {
  process.off('unhandledRejection', onUncaught);
});

const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};

function gatewayWith(broken: object): ChatGateway {
  const sync = {
    read: async () => ({ after: 0 }),
    since: async () => ({ items: [], limited: [], next: { after: 0 }, caughtUp: true }),
  };
  return new ChatGateway({
    ...{ hub, clock, fanOut: { admit: async () => 0, reach: async () => 0 }, ids: { uuid: randomUUID } },
    sync: { ...sync, builtUpTo: async () => 0, cursorAt: () => 'sealed', deliveredThrough: async () => [] },
    dispatch: { value: async () => ({}) },
    log: openLog('info', { write: (line) => void logged.push(line) }),
    ...broken,
  } as unknown as GatewayDeps);
}

describe('an exception', () => {
  const atHello = (): void => socket.say('hello', hello);
  const afterHello = async (type: string, data: object): Promise<void> => {
    atHello();
    await turns();
    socket.say(type, data);
  };
  const markRead = (): Promise<void> => afterHello('mark-read', { conversationId: randomUUID(), seq: 1 });

  type Failure = readonly [when: string, broken: object, act: () => void | Promise<void>, expected: number | string];
  const failures: readonly Failure[] = [
    ['while a socket is registered', { hub: { register: defect } }, () => undefined, 1011],
    ['while the clock is read at the beginning', { clock: { monotonicMs: defect } }, () => undefined, 1011],
    ['while a cursor is read', { sync: { read: defect } }, atHello, 'internal'],
    ['while a socket is admitted', { fanOut: { admit: defect } }, atHello, 1011],
    ['while it catches up', { sync: { read: async () => ({ after: 0 }), since: defect } }, atHello, 1011],
    ['while a command runs', { dispatch: { value: defect } }, markRead, 'internal'],
    ['while a command runs, as a rejection', { dispatch: { value: async () => defect() } }, markRead, 'internal'],
    ['while what went wrong is put in words', { ids: { uuid: defect } }, () => socket.say('levitate', {}), 1011],
  ];

  it.each(failures)('%s ends at most the socket', async (_when, broken, act, expected) => {
    gatewayWith(broken).handleConnection(socket as unknown as WebSocket, socket.wire, principal);
    await act();
    await turns();
    expect(uncaught).toEqual([]);
    expect(typeof expected === 'number' ? socket.code : socket.sent.at(-1)).toBe(expected);
    expect(logged.filter((line) => JSON.parse(line).level === 'error')).not.toEqual([]);
    expect(logged.join()).not.toContain('kestrel-9');
  });

  it('that a socket reports of itself is heard', () => {
    gatewayWith({}).handleConnection(socket as unknown as WebSocket, socket.wire, principal);
    expect(() => socket.emit('error', new Error('ECONNRESET'))).not.toThrow();
  });
});

const PING_SECONDS = socketLimits.pingMs / 1_000;

function live(on: WatchedSocket): SocketSession {
  const around = { clock, turn: new Turn(), counts: hub.counts, fellBehind: () => undefined, joined: () => undefined };
  const who = { ...principal, deviceId: randomUUID() } as unknown as Session;
  const session = new SocketSession(on as unknown as WebSocket, on.wire, who, around);
  hub.register(session);
  session.phase = 'catching-up';
  session.goLive(0);
  return session;
}

async function beats(seconds: number, afterEach: () => void = () => undefined): Promise<void> {
  const ending = new AbortController();
  const log = openLog('info', { write: (line) => void logged.push(line) });
  const deps = {
    hub,
    clock,
    log,
    credentials: { isLive: async () => true },
    fanOut: { upTo: 0 },
    sync: { cursorAt: () => 'sealed' },
  };
  const beating = beat(deps, ending.signal);
  for (let second = 0; second < seconds; second += 1) {
    await until('the heart waits', () => clock.waiting > 0);
    clock.advance(1_000);
    await turns();
    afterEach();
  }
  ending.abort();
  await beating;
}

describe('a socket that answers no ping', () => {
  it.each([
    ['is cut off when it has missed two', false],
    ['stays when it answers', true],
  ])('%s', async (_what, doesAnswer) => {
    const session = live(socket);
    await beats(PING_SECONDS * 3, () => {
      if (doesAnswer) session.missedPings = 0;
    });
    expect([socket.pings, socket.isTerminated]).toEqual(doesAnswer ? [3, false] : [2, true]);
  });
});

describe('the heart', () => {
  it('ends the socket that throws, and goes on with the next', async () => {
    const other = new WatchedSocket();
    socket.ping = defect;
    live(socket);
    live(other);
    await beats(PING_SECONDS * 2);
    expect([socket.code, other.code, other.pings, uncaught]).toEqual([1011, undefined, 2, []]);
    expect(logged.map((line) => JSON.parse(line).level)).toContain('error');
    expect(logged.join()).not.toContain('kestrel-9');
  });

  it('that cannot wait ends as a whole, and tells who runs it', async () => {
    const parts = { hub, log: openLog('silent', { write: () => undefined }), credentials: {}, fanOut: { upTo: 0 }, sync: {} };
    const broken = { monotonicMs: () => 0, wait: async () => defect() };
    await expect(beat({ ...parts, clock: broken } as never, new AbortController().signal)).rejects.toThrow(TypeError);
  });
});

describe('a refused upgrade', () => {
  let http: Server;
  let server: SocketServer;
  beforeEach(async () => {
    http = createServer();
    const deps = { clock, ids: { uuid: () => 'a request id' }, origins: [], tokens: { verify: defect }, credentials: {} };
    server = new SocketServer({ get: defect, getHttpServer: () => http } as never, deps as never);
    server.create();
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  });
  afterEach(() => new Promise((resolve) => http.close(resolve)));
  const port = () => (http.address() as AddressInfo).port;

  it('says nothing of a defect behind it', async () => {
    const raw = await RawSocket.upgraded(`http://127.0.0.1:${port()}`, upgradeHead('abc'));
    await until('it has ended', () => raw.isOver);
    expect([raw.status, JSON.parse(raw.rest).code, raw.rest.includes('kestrel-9')]).toEqual([500, 'internal', false]);
  });

  it('is cut off when the client does not hang up', async () => {
    const client = connect({ port: port(), host: '127.0.0.1', allowHalfOpen: true });
    client.on('error', () => undefined);
    client.write(upgradeHead('abc'));
    await until('it is answered', () => client.bytesRead > 0 && clock.waiting > 0);
    clock.advance(5_000);
    let open = 1;
    await until('the server has let go', async () => {
      http.getConnections((_error, count) => {
        open = count;
      });
      client.write('still here');
      await turns();
      return open === 0;
    });
    client.destroy();
  });
});
