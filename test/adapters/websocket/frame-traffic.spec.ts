/** Goal: a socket that is refused may go on when the window has ended, and one that does not wait is closed with the span. */
import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { WebSocket } from 'ws';
import { InMemoryRateLimiter } from '../../../src/adapters/in-memory/in-memory-rate-limiter.js';
import type { Session } from '../../../src/adapters/nest/access-tokens.js';
import { TrafficGate } from '../../../src/adapters/nest/traffic-gate.js';
import { TRAFFIC_WINDOW_MS, type TrafficMaxima, trafficClasses } from '../../../src/adapters/nest/traffic-limits.js';
import { ChatGateway, type GatewayDeps } from '../../../src/adapters/websocket/chat.gateway.js';
import { socketLimits } from '../../../src/adapters/websocket/frames.js';
import { SessionHub } from '../../../src/adapters/websocket/session-hub.js';
import type { AccountId, DeviceId } from '../../../src/domain/kernel/ids.js';
import { instant } from '../../../src/domain/kernel/instant.js';
import { FakeSocket } from '../../support/fake-socket.js';
import { TestClock } from '../../support/test-clock.js';
import { until } from '../../support/until.js';

const MAX = 3;
const NETWORK = '192.0.2.7';

let clock: TestClock;
let gateway: ChatGateway;

beforeEach(() => {
  clock = new TestClock();
  const maxima = Object.fromEntries(trafficClasses.map((name) => [name, { accountMax: MAX, addressMax: 5 }]));
  const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const limiter = new InMemoryRateLimiter(Buffer.alloc(32, 5));
  gateway = new ChatGateway({
    ...{ hub: new SessionHub(), clock, ids: { uuid: randomUUID, fraction: () => 0 }, log },
    traffic: new TrafficGate({ limiter, clock, log }, maxima as unknown as TrafficMaxima),
  } as unknown as GatewayDeps);
});

function connect(accountId = randomUUID() as AccountId, network = NETWORK): FakeSocket {
  const socket = new FakeSocket();
  const principal: Session = { accountId, deviceId: randomUUID() as DeviceId, expiresAt: instant(Date.UTC(2032, 0, 1)) };
  gateway.handleConnection(socket as unknown as WebSocket, socket.wire, principal, network);
  return socket;
}

// biome-ignore lint/suspicious/noExplicitAny: a test reads what came over the wire.
const problemsOf = (socket: FakeSocket): any[] => socket.wire.frames.map(({ problem }) => problem);

/** Frames that nobody knows are limited like any other, and need no hello. */
async function flood(socket: FakeSocket, count: number): Promise<string[]> {
  const before = problemsOf(socket).length;
  for (let sent = 0; sent < count; sent += 1) socket.receive('nobody-knows', {});
  await until('all is answered', () => problemsOf(socket).length >= before + count || socket.code !== undefined);
  return problemsOf(socket)
    .slice(before)
    .map(({ code }) => code);
}

describe('frames beyond a limit', () => {
  it('are refused with the name of the limit and the time to wait, and taken when that has passed', async () => {
    const socket = connect();
    const codes = await flood(socket, MAX + 2);
    expect(codes.sort()).toEqual(['too-many-requests', 'too-many-requests', ...Array(MAX).fill('unknown-frame-type')]);
    const refused = problemsOf(socket).find(({ code }) => code === 'too-many-requests');
    expect(refused).toMatchObject({ limit: 'ephemeral-by-account', retryAfterMs: TRAFFIC_WINDOW_MS, retryable: true });
    clock.advance(refused.retryAfterMs - 1);
    expect(await flood(socket, 1)).toEqual(['too-many-requests']);
    clock.advance(1);
    expect(await flood(socket, MAX)).toEqual(Array(MAX).fill('unknown-frame-type'));
  });

  it('count for the account over all its devices, and for nobody else', async () => {
    const accountId = randomUUID() as AccountId;
    const [one, other, stranger] = [connect(accountId), connect(accountId), connect(undefined, '192.0.2.8')];
    await flood(one, MAX);
    expect(await flood(other, 1)).toEqual(['too-many-requests']);
    expect(await flood(stranger, 1)).toEqual(['unknown-frame-type']);
  });

  it('count for the network once their accounts allow them', async () => {
    const sockets = [connect(), connect(), connect()];
    for (const socket of sockets.slice(0, 2)) await flood(socket, MAX);
    await flood(sockets[2]!, 1);
    expect(problemsOf(sockets[2]!).at(-1).limit).toBe('ephemeral-by-address');
  });

  it('that go on all the same end the socket with 4429 and the milliseconds', async () => {
    const socket = connect();
    await flood(socket, MAX);
    for (let refused = 0; refused < socketLimits.limitedMax; refused += 1) await flood(socket, 1);
    expect(socket.code).toBeUndefined();
    clock.advance(1_000);
    await flood(socket, 1);
    expect([socket.code, socket.reason]).toEqual([4429, String(TRAFFIC_WINDOW_MS - 1_000)]);
  });

  it('of a window that is over are forgiven', async () => {
    const socket = connect();
    for (let windows = 0; windows < 3; windows += 1) {
      await flood(socket, MAX);
      for (let refused = 0; refused < socketLimits.limitedMax; refused += 1) await flood(socket, 1);
      clock.advance(TRAFFIC_WINDOW_MS);
    }
    expect(socket.code).toBeUndefined();
    expect(await flood(socket, 1)).toEqual(['unknown-frame-type']);
  });
});
