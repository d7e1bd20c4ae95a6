/** Goal: nothing is lost, doubled or believed too early, whatever the server and the connection do. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ChatSession } from '../../../src/adapters/cli/chat-session.js';
import { DevicePrivateKey } from '../../../src/adapters/cli/device-key.js';
import { type DeviceState, InMemoryState, newState } from '../../../src/adapters/cli/device-state.js';
import type { Fact } from '../../../src/adapters/cli/wire.js';
import { CountingIdSource } from '../../support/counting-id-source.js';
import { TestClock } from '../../support/test-clock.js';
import { until } from '../../support/until.js';
import { caughtUp, FakeServer, mark, posted, problem } from './fake-server.js';

const key = DevicePrivateKey.generate();
let server: FakeServer;
let clock: TestClock;
let store: InMemoryState;
let session: ChatSession;
let facts: string[];
let told: string[];

const pass = () => clock.advance(20);
const comes = (what: string, holds: () => boolean) => until(what, holds, pass);
const content = { type: 'text', text: 'hello' };
const ack = { messageId: 'm', seq: 3, postedAt: '2031-01-01T00:00:00.000Z', revision: 2 };

function open(state: Partial<DeviceState> = {}): ChatSession {
  const soonMs = clock.now() + 600_000;
  const tokens = { accountId: 'me', deviceId: 'device', refreshToken: 'r0', accessToken: 'a0' };
  const full = {
    ...newState(server.url, key.toText()),
    ...tokens,
    accessTokenExpiresAt: new Date(soonMs).toISOString(),
    ...state,
  };
  return new ChatSession({
    ...{ state: full, store, clock, ids: new CountingIdSource() },
    events: {
      fact: ({ type, revision }: Fact, origin) => void facts.push(`${type} ${revision} ${origin}`),
      caughtUp: (isFirst) => void told.push(isFirst ? 'first' : 'again'),
      lost: () => void told.push('lost'),
      ended: (why) => void told.push(why),
      leftOut: ({ fromSeq, toSeq }) => void told.push(`left out ${fromSeq}-${toSeq}`),
    },
  });
}

async function start(state: Partial<DeviceState> = {}): Promise<void> {
  session = open(state);
  let isThere = false;
  void session.start().then(() => {
    isThere = true;
  });
  await comes('the session is live', () => isThere);
}

beforeEach(async () => {
  server = await FakeServer.open();
  clock = new TestClock();
  store = new InMemoryState();
  facts = [];
  told = [];
});

afterEach(async () => {
  await session.stop();
  await server.close();
});

describe('what comes in', () => {
  it('is handed over once and in order, first what was missed and then what is live', async () => {
    server.greeting = () => [posted(3), posted(4), caughtUp('c0'), posted(4), posted(5)];
    await start({ cursor: 'old', revisions: { talk: 2 } });
    await comes('the live fact came', () => facts.length === 3);
    expect(facts).toEqual(['message-posted 3 missed', 'message-posted 4 missed', 'message-posted 5 live']);
    expect(server.of('hello')[0]?.data).toMatchObject({ cursor: 'old' });
  });

  it('is confirmed only after its cursor is stored', async () => {
    const storedFirst: boolean[] = [];
    const { answer } = server;
    server.answer = (command) => {
      if (command.type === 'received') void store.load().then((kept) => storedFirst.push(kept?.cursor === command.data.cursor));
      return answer(command);
    };
    await start({ cursor: 'old' });
    server.tell(mark('c1'));
    await comes('both cursors are confirmed', () => storedFirst.length === 2);
    expect(storedFirst).toEqual([true, true]);
    expect(server.of('received').map(({ data }) => data.cursor)).toEqual(['c0', 'c1']);
  });

  it('begins with a sync where there is no cursor, and goes on from the cursor of that', async () => {
    server.rest = () => ({ status: 200, body: { items: [posted(0)], limited: [], cursor: 'c-sync', caughtUp: true } });
    await start();
    expect(facts).toEqual(['message-posted 0 snapshot']);
    expect(server.of('hello')[0]?.data).toMatchObject({ cursor: 'c-sync' });
  });

  it('with a hole in it is mended by a sync before anything behind the hole', async () => {
    const pages = [
      { items: [posted(1)], cursor: 'c1', caughtUp: false },
      { items: [posted(2), posted(3)], cursor: 'c2', caughtUp: true },
    ];
    server.rest = () => ({ status: 200, body: pages.shift() ?? { items: [], cursor: 'c2', caughtUp: true } });
    await start({ cursor: 'old', revisions: { talk: 0 } });
    server.tell(posted(3), posted(4));
    await comes('all came', () => facts.length === 4);
    expect(facts.map((fact) => fact.split(' ')[1])).toEqual(['1', '2', '3', '4']);
    expect(server.requests).toEqual(['GET /v1/sync?cursor=c0', 'GET /v1/sync?cursor=c1']);
  });

  it('that were left out for slow reading come by themselves', async () => {
    await start({ cursor: 'old', revisions: { talk: 0 } });
    server.tell({ type: 'resync', data: {} }, posted(3), caughtUp('c3'));
    await comes('it is caught up again', () => told.includes('again'));
    expect([facts.length, server.requests]).toEqual([1, []]);
  });

  it('waits at a hole for a sync that lags behind', async () => {
    let syncs = 0;
    server.rest = () => {
      syncs += 1;
      return { status: 200, body: { items: syncs < 3 ? [] : [posted(1), posted(2)], cursor: 'c1', caughtUp: true } };
    };
    await start({ cursor: 'old', revisions: { talk: 0 } });
    server.tell(posted(2));
    await comes('both came', () => facts.length === 2);
    expect(facts.map((fact) => fact.split(' ')[1])).toEqual(['1', '2']);
  });

  it('names what a sync left out', async () => {
    server.greeting = () => [{ type: 'limited', data: { conversationId: 'talk', fromSeq: 3, toSeq: 9 } }, caughtUp('c0')];
    await start({ cursor: 'old' });
    expect(told).toEqual(['left out 3-9', 'first']);
  });

  it('of a type that nobody knows is ignored', async () => {
    await start({ cursor: 'old' });
    server.tell({ type: 'from-the-future', data: {} }, { type: 'also-new', scope: 'talk', data: {} }, mark('c1'));
    await comes('the mark was confirmed', () => server.of('received').length === 2);
    expect(told).toEqual(['first']);
  });
});

describe('what goes out', () => {
  it('is sent under one id until it is acked, over lost connections', async () => {
    let tries = 0;
    server.answer = ({ type }) => {
      if (type !== 'send-message') return { ack: {} };
      tries += 1;
      return tries < 3 ? { close: 1012 } : { ack };
    };
    await start({ cursor: 'old' });
    let answered: unknown;
    void session.send({ conversationId: 'talk', content }).then((value) => {
      answered = value;
    });
    await comes('it is acked', () => answered !== undefined);
    expect(answered).toEqual(ack);
    const ids = server.of('send-message').map(({ data }) => data.messageId);
    expect(ids).toHaveLength(3);
    expect(new Set(ids).size).toBe(1);
    expect(session.outbox).toEqual([]);
    expect(told).toEqual(['first', 'lost', 'again', 'lost', 'again']);
  });

  it('and is refused for good leaves the outbox', async () => {
    server.answer = ({ type }) => (type === 'send-message' ? { problem: problem('content-too-large') } : { ack: {} });
    await start({ cursor: 'old' });
    await expect(session.send({ conversationId: 'talk', content })).rejects.toMatchObject({
      problem: { code: 'content-too-large' },
    });
    expect(server.of('send-message')).toHaveLength(1);
    expect(session.outbox).toEqual([]);
  });

  it('and is refused for now is sent again, not before the time that was named', async () => {
    const problems = [problem('too-many-requests', { retryable: true, retryAfterMs: 5_000 })];
    server.answer = ({ type }) => {
      const next = type === 'send-message' ? problems.shift() : undefined;
      return next === undefined ? { ack } : { problem: next };
    };
    await start({ cursor: 'old' });
    const waiting = clock.waiting;
    const sending = session.send({ conversationId: 'talk', content });
    // The wait for the reply has ended and the wait for the next try has begun.
    await until('it was refused', () => server.of('send-message').length === 1 && clock.waiting === waiting + 1);
    clock.advance(4_999);
    await new Promise((resolve) => setImmediate(resolve));
    expect(server.of('send-message')).toHaveLength(1);
    await comes('it was sent again', () => server.of('send-message').length === 2);
    await sending;
  });

  it('and breaks the connection by itself is not sent again', async () => {
    server.answer = ({ type }) => (type === 'send-message' ? { close: 1009 } : { ack: {} });
    await start({ cursor: 'old' });
    await expect(session.send({ conversationId: 'talk', content })).rejects.toMatchObject({ code: 1009 });
    await comes('it is connected again', () => told.at(-1) === 'again');
    expect(server.of('send-message')).toHaveLength(1);
  });

  it('and was not acked when the session stopped is kept for the next one', async () => {
    server.answer = ({ type }) => (type === 'send-message' ? 'silence' : { ack: {} });
    await start({ cursor: 'old' });
    const sending = session.send({ conversationId: 'talk', content }).catch((error: Error) => error.name);
    await comes('it was sent', () => server.of('send-message').length === 1);
    await session.stop();
    expect(await sending).toBe('Ended');
    const kept = (await store.load()) as DeviceState;
    expect(kept.outbox).toMatchObject([{ conversationId: 'talk', content }]);
    server.answer = () => ({ ack });
    await start(kept);
    await session.deliver(session.outbox[0]!);
    const ids = server.of('send-message').map(({ data }) => data.messageId);
    expect(ids).toEqual([ids[0], ids[0]]);
    expect((await store.load())?.outbox).toEqual([]);
  });
});

describe('a connection that ends', () => {
  it.each([1001, 1011, 1012, 4408])('with %s is opened again from the last cursor', async (code) => {
    await start({ cursor: 'old' });
    server.hangUp(code);
    await comes('it is connected again', () => told.at(-1) === 'again');
    expect(server.of('hello').map(({ data }) => data.cursor)).toEqual(['old', 'c0']);
  });

  it('because the token ran out is opened again with a new one', async () => {
    const tokens = { accountId: 'me', deviceId: 'device', refreshToken: 'r1', accessToken: 'a1' };
    const accessTokenExpiresAt = new Date(clock.now() + 900_000).toISOString();
    server.rest = () => ({ status: 201, body: { ...tokens, accessTokenExpiresAt } });
    await start({ cursor: 'old' });
    server.hangUp(4401);
    await comes('it is connected again', () => told.at(-1) === 'again');
    expect(server.bearers).toEqual(['Bearer a0', 'Bearer a1']);
    expect(server.requests).toEqual(['POST /v1/tokens']);
    expect(await store.load()).toMatchObject({ refreshToken: 'r1', accessToken: 'a1' });
  });

  it('because the token is about to run out does not end when a new one is shown', async () => {
    const tokens = { accountId: 'me', deviceId: 'device', refreshToken: 'r1', accessToken: 'a1' };
    const accessTokenExpiresAt = new Date(clock.now() + 900_000).toISOString();
    server.rest = () => ({ status: 201, body: { ...tokens, accessTokenExpiresAt } });
    await start({ cursor: 'old' });
    server.tell({ type: 'reauth', data: { deadlineAt: accessTokenExpiresAt } });
    await comes('the new one is shown', () => server.of('authenticate').length === 1);
    expect([server.of('authenticate')[0]?.data, server.of('hello').length]).toEqual([{ accessToken: 'a1' }, 1]);
  });

  it('because the device connected elsewhere is not opened again', async () => {
    await start({ cursor: 'old' });
    server.hangUp(4409);
    await comes('it is over', () => told.length === 3);
    expect(told.at(-1)).toMatch(/somewhere else/);
    await expect(session.send({ conversationId: 'talk', content })).rejects.toMatchObject({ name: 'Ended' });
    expect(server.of('hello')).toHaveLength(1);
  });

  it('because the device was revoked signs it out', async () => {
    await start({ cursor: 'old' });
    await comes('the state is kept', () => server.of('received').length === 1);
    server.hangUp(4403);
    await comes('it is over', () => told.length === 3);
    expect(await store.load()).toBeUndefined();
  });

  it('and one that is refused is tried again', async () => {
    server.upgrade = (connection) => (connection < 2 ? 503 : undefined);
    await start({ cursor: 'old' });
    expect(server.bearers).toHaveLength(3);
  });

  it('with a cursor that is not taken any more syncs from the beginning', async () => {
    server.answer = ({ type, data }) =>
      type === 'hello' && data.cursor === 'old' ? { problem: problem('cursor-expired', { status: 410 }) } : { ack: {} };
    await start({ cursor: 'old' });
    expect(server.requests).toEqual(['GET /v1/sync']);
    expect(server.of('hello').map(({ data }) => data.cursor)).toEqual(['old', 'c-sync']);
  });
});
