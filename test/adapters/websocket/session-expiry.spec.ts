/**
 * Goal: nobody acts through a socket after the end of the token that vouches for it, and a client that shows a newer one
 * in time does not notice. Method: the real gateway and heartbeat, with tokens of ours on a clock of ours.
 */
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { WebSocket } from 'ws';
import type { Session } from '../../../src/adapters/nest/access-tokens.js';
import { openLog } from '../../../src/adapters/nest/log.js';
import { ChatGateway, type GatewayDeps } from '../../../src/adapters/websocket/chat.gateway.js';
import { socketLimits } from '../../../src/adapters/websocket/frames.js';
import { beat } from '../../../src/adapters/websocket/heartbeat.js';
import { serverFrames } from '../../../src/adapters/websocket/server-frames.js';
import { SessionHub } from '../../../src/adapters/websocket/session-hub.js';
import { type Instant, later } from '../../../src/domain/kernel/instant.js';
import { FakeSocket } from '../../support/fake-socket.js';
import { TestClock } from '../../support/test-clock.js';
import { until } from '../../support/until.js';

const LIFE_MS = 900_000;
const conversationId = randomUUID();

let clock: TestClock;
let socket: FakeSocket;
let stopping: AbortController;
let shown: Map<string, Session>;
let isLive: boolean;
let marks: number;
let marking: () => Promise<void>;
let me: Session;
let endsAt: Instant;

const turns = async () => {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};

async function pass(ms: number): Promise<void> {
  for (let leftMs = ms; leftMs > 0; leftMs -= 1_000) {
    await until('the heartbeat waits', () => clock.waiting > 0);
    clock.advance(Math.min(1_000, leftMs));
    await turns();
  }
}

beforeEach(async () => {
  clock = new TestClock();
  socket = new FakeSocket();
  socket.answersPings = true;
  stopping = new AbortController();
  isLive = true;
  marks = 0;
  marking = async () => undefined;
  const hub = new SessionHub();
  const log = openLog('silent', { write: () => undefined });
  endsAt = later(clock.now(), LIFE_MS);
  me = { accountId: randomUUID(), deviceId: randomUUID(), expiresAt: endsAt } as unknown as Session;
  shown = new Map([
    ['newer', { ...me, expiresAt: later(endsAt, LIFE_MS) }],
    ['older', { ...me, expiresAt: later(endsAt, -1_000) }],
    ['another-device', { ...me, deviceId: randomUUID(), expiresAt: later(endsAt, LIFE_MS) } as unknown as Session],
    ['another-person', { ...me, accountId: randomUUID(), expiresAt: later(endsAt, LIFE_MS) } as unknown as Session],
  ]);
  const deps = {
    ...{ hub, clock, log, fanOut: { admit: async () => 0, reach: async () => 0, upTo: 0 } },
    sync: { builtUpTo: async () => 0, cursorAt: () => 'sealed' },
    tokens: { verify: async (token: string) => shown.get(token) },
    credentials: { isLive: async () => isLive },
    ids: { uuid: randomUUID, fraction: () => 0.5 },
    dispatch: {
      value: async () => {
        await marking();
        marks += 1;
        return {};
      },
    },
  } as unknown as GatewayDeps;
  new ChatGateway(deps).handleConnection(socket as unknown as WebSocket, socket.wire, me);
  socket.hello();
  await until('it has caught up', () => socket.types.includes('caught-up'));
  void beat(deps as unknown as Parameters<typeof beat>[0], stopping.signal);
});

afterEach(() => {
  stopping.abort();
  for (const frame of socket.frames) serverFrames[frame.type]?.parse(frame);
});

const replyTo = async (id: string) => {
  await until('there is a reply', () => socket.frames.some((frame) => frame.replyTo === id));
  return socket.frames.find((frame) => frame.replyTo === id);
};

const rfc3339 = (at: Instant) => new Date(at).toISOString();

describe('a session whose token is about to end', () => {
  it('is asked for a newer one two minutes before, once', async () => {
    await pass(LIFE_MS - 121_000);
    expect(socket.types).not.toContain('reauth');
    await pass(10_000);
    expect(socket.frames.filter(({ type }) => type === 'reauth')).toEqual([
      { type: 'reauth', data: { deadlineAt: rfc3339(endsAt) } },
    ]);
  });

  it('lives on when it shows one, and is asked again before that one ends', async () => {
    await pass(LIFE_MS - 60_000);
    const id = socket.receive('authenticate', { accessToken: 'newer' });
    expect((await replyTo(id))?.data).toEqual({ sessionExpiresAt: rfc3339(later(endsAt, LIFE_MS)) });
    await pass(60_000 + LIFE_MS - 120_000);
    expect([socket.code, socket.types.filter((type) => type === 'reauth').length]).toEqual([undefined, 2]);
    await pass(120_000);
    expect(socket.code).toBe(4401);
  });

  it('loses nothing by an older one', async () => {
    const id = socket.receive('authenticate', { accessToken: 'older' });
    expect((await replyTo(id))?.data).toEqual({ sessionExpiresAt: rfc3339(endsAt) });
  });

  it.each(['another-device', 'another-person', 'forged'])('is told and closed when it shows %s', async (accessToken) => {
    const id = socket.receive('authenticate', { accessToken });
    expect([(await replyTo(id))?.problem?.code, socket.code]).toEqual(['unauthenticated', 4401]);
  });

  it('is closed for good when its device was revoked', async () => {
    isLive = false;
    const id = socket.receive('authenticate', { accessToken: 'forged' });
    expect([(await replyTo(id))?.problem?.code, socket.code]).toEqual(['unauthenticated', 4403]);
  });

  it('sends nothing more from the millisecond on in which it ends', async () => {
    clock.jumpTo(later(endsAt, -1));
    const id = socket.receive('mark-read', { conversationId, seq: 1 });
    expect((await replyTo(id))?.type).toBe('ack');
    clock.jumpTo(endsAt);
    socket.receive('mark-read', { conversationId, seq: 2 });
    socket.receive('authenticate', { accessToken: 'newer' });
    await turns();
    expect([socket.code, marks]).toEqual([4401, 1]);
  });
});

describe('commands that are too many at once', () => {
  const send = (count: number) =>
    Array.from({ length: count }, (_, index) => socket.receive('mark-read', { conversationId, seq: index + 1 }));

  it('are refused with a span that is not the same for all, and not read any more when they do not end', async () => {
    const gate = Promise.withResolvers<void>();
    marking = () => gate.promise;
    const { inFlightMax, refusedMax } = socketLimits;
    send(inFlightMax + refusedMax - 1);
    await turns();
    const problems = socket.frames.flatMap(({ problem }) => problem ?? []);
    expect(problems).toHaveLength(refusedMax - 1);
    expect([problems[0]?.code, problems[0]?.retryAfterMs, socket.isPaused]).toEqual(['too-many-requests', 150, false]);
    send(1);
    await turns();
    expect(socket.isPaused).toBe(true);
    gate.resolve();
    await until('they are done', () => marks === inFlightMax);
    expect([socket.isPaused, socket.types.filter((type) => type === 'ack').length]).toEqual([false, inFlightMax]);
  });
});
