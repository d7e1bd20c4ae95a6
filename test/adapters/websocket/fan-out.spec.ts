/**
 * Goal: a socket that comes in while facts are being handed out misses none of them. Method: the real fan-out and hub,
 * with a joining and an opening that wait for the test.
 */
import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { WebSocket } from 'ws';
import type { Session } from '../../../src/adapters/nest/access-tokens.js';
import { FanOut, type FanOutDeps } from '../../../src/adapters/websocket/fan-out.js';
import { SocketSession } from '../../../src/adapters/websocket/session.js';
import { SessionHub } from '../../../src/adapters/websocket/session-hub.js';
import { Turn } from '../../../src/adapters/websocket/turn.js';
import type { ConversationId, Handle, MemberId } from '../../../src/domain/kernel/ids.js';
import { instant } from '../../../src/domain/kernel/instant.js';
import type { ProjectedEnvelope } from '../../../src/projections/kernel/feed-events.js';
import { FakeSocket } from '../../support/fake-socket.js';
import { TestClock } from '../../support/test-clock.js';
import { until } from '../../support/until.js';

const conversationId = randomUUID() as ConversationId;
const HANDLE = 'handle of the reader' as Handle;
const MEMBER = randomUUID() as MemberId;

let hub: SessionHub;
let socket: FakeSocket;
let session: SocketSession;
let fanOut: FanOut;
let batches: { readonly events: readonly object[]; upTo: number }[];
let isMember: boolean;
let joinings: readonly object[];
let opening: () => Promise<void>;
let reached: number[];
let joinedAfter: number[];

const at = instant(Date.UTC(2031, 0, 1));
const meta = (position: number) => ({ position, revision: position, recordedAt: at });

const added = (position: number, fields: object = {}) =>
  ({
    ...{ type: 'MemberAdded', meta: meta(position), handle: HANDLE },
    data: {
      conversationId,
      memberId: MEMBER,
      account: randomUUID(),
      role: 'member',
      by: MEMBER,
      seq: 5,
      fromSeq: 5,
      addedAt: at,
      ...fields,
    },
  }) as unknown as ProjectedEnvelope;

const owner = (position: number) =>
  ({
    type: 'OwnerChanged',
    meta: meta(position),
    data: { conversationId, memberId: MEMBER, changedAt: at },
  }) as unknown as ProjectedEnvelope;

const left = (position: number) =>
  ({
    type: 'MemberLeft',
    meta: meta(position),
    data: { conversationId, memberId: MEMBER, seq: 9, leftAt: at },
  }) as unknown as ProjectedEnvelope;

const read = (position: number, memberId: MemberId) =>
  ({ type: 'ReadUpTo', meta: meta(position), data: { conversationId, memberId, seq: 4 } }) as unknown as ProjectedEnvelope;

beforeEach(() => {
  hub = new SessionHub();
  socket = new FakeSocket();
  const clock = new TestClock();
  const joined = (_session: SocketSession, after: number) => void joinedAfter.push(after);
  const around = { clock, turn: new Turn(), counts: hub.counts, fellBehind: () => undefined, joined };
  const who = { accountId: randomUUID(), deviceId: randomUUID(), expiresAt: 0 } as unknown as Session;
  session = new SocketSession(socket as unknown as WebSocket, socket.wire, who, around);
  session.phase = 'catching-up';
  hub.register(session);
  batches = [];
  isMember = true;
  joinings = [];
  opening = async () => undefined;
  reached = [];
  joinedAfter = [];
  fanOut = new FanOut({
    ...{ hub, clock, codec: { decodeFeed: (event: unknown) => event } },
    headPosition: async () => 0,
    join: async (events: readonly unknown[]) => events,
    viewsReach: async (position: number) => reached.push(position) > 0,
    reads: {
      handleOf: async () => HANDLE,
      open: async (events: unknown) => {
        await opening();
        return events;
      },
    },
    views: {
      page: async () => (isMember ? [{ conversationId, memberId: MEMBER, handle: HANDLE, state: 'active', joinings }] : []),
    },
    eventFeed: {
      async *follow(_name: string, { signal }: { signal: AbortSignal }) {
        while (!signal.aborted) {
          await until('there is a batch', () => batches.length > 0 || signal.aborted);
          const batch = batches.shift();
          if (batch !== undefined) yield batch;
        }
      },
    },
  } as unknown as FanOutDeps);
});

const delivered = (...events: readonly ProjectedEnvelope[]): Promise<void> => handedOver([events]);

async function handedOver(given: readonly (readonly ProjectedEnvelope[])[]): Promise<void> {
  const stopping = new AbortController();
  const upTo = Math.max(...given.flat().map((event) => event.meta.position));
  for (const events of given)
    batches.push({ events: events.map((event) => ({ ...event, position: event.meta.position })), upTo: 0 });
  batches.at(-1)!.upTo = upTo;
  const running = fanOut.run(stopping.signal);
  await until('it is handed out', () => fanOut.upTo === upTo);
  stopping.abort();
  await running;
}

describe('a membership that the views know before its facts are handed out', () => {
  it('gets no fact from before it, and every one from then on', async () => {
    joinings = [{ fromSeq: 5, seq: 5, count: 0, revision: 6, position: 6, at }];
    const liveFrom = await fanOut.admit(session, 1_000);
    session.goLive(liveFrom);
    await handedOver([[owner(5), read(5, 'another' as MemberId), added(6), owner(7)]]);
    session.goLive(5);
    await new Promise((resolve) => setImmediate(resolve));
    expect(socket.types).toEqual(['read-up-to', 'member-added', 'owner-changed']);
  });
});

describe('what the feed hands over again', () => {
  it('is not told to who has joined since', async () => {
    session.phase = 'live';
    hub.identify(session, HANDLE);
    await handedOver([[owner(4)], [added(5)], [owner(4), added(5)]]);
    session.goLive(4);
    await new Promise((resolve) => setImmediate(resolve));
    expect(socket.types).toEqual(['member-added']);
  });
});

describe('a socket that is admitted while a batch is on its way', () => {
  it('waits for views that hold the whole batch, which nobody is there to read', async () => {
    const passed = Promise.withResolvers<void>();
    let isOpening = false;
    opening = () => {
      isOpening = true;
      return passed.promise;
    };
    const delivering = delivered(owner(7));
    await until('the batch is being opened', () => isOpening);
    const liveFrom = await fanOut.admit(session, 1_000);
    passed.resolve();
    await delivering;
    session.goLive(liveFrom);
    await new Promise((resolve) => setImmediate(resolve));
    expect([liveFrom, reached.at(-1), socket.frames]).toEqual([7, 7, []]);
  });
});

describe('an admitted socket', () => {
  beforeEach(async () => {
    await fanOut.admit(session, 1_000);
    session.goLive(0);
  });

  it('gets a fact that is encoded once', async () => {
    await delivered(owner(1));
    await until('it came', () => socket.frames.length > 0);
    expect([socket.types, fanOut.encodings]).toEqual([['owner-changed'], 1]);
  });

  it('gets nothing of a conversation after leaving it', async () => {
    await delivered(left(1), owner(2));
    await until('it came', () => socket.frames.length > 0);
    expect(socket.types).toEqual(['member-left']);
  });
});

describe('a mark', () => {
  const other = randomUUID() as MemberId;
  const former = { memberId: other };

  it('of somebody who has left reaches nobody, until they are there again', async () => {
    await fanOut.admit(session, 1_000);
    session.goLive(0);
    const gone = { ...left(2), data: { ...left(2).data, ...former } } as ProjectedEnvelope;
    const again = { ...added(4, former), handle: 'handle of another' as Handle } as ProjectedEnvelope;
    const events = [read(1, other), gone, read(3, other), again, read(5, other)];
    await delivered(...events);
    await until('it came', () => socket.frames.length > 3);
    expect(socket.types).toEqual(['read-up-to', 'member-left', 'member-added', 'read-up-to']);
  });
});

describe('somebody who is online and added', () => {
  beforeEach(async () => {
    isMember = false;
    await fanOut.admit(session, 1_000);
    session.goLive(0);
  });

  const types = async (): Promise<readonly string[]> => {
    await new Promise((resolve) => setImmediate(resolve));
    return socket.types;
  };

  it('gets what follows in the same batch, though nobody else is there', async () => {
    await delivered(added(1), owner(2));
    session.goLive(0);
    expect(await types()).toEqual(['member-added', 'owner-changed']);
  });

  it('is told from the log, and from nowhere else what the log has told', async () => {
    await delivered(owner(1), added(2), owner(3), owner(4));
    expect([joinedAfter, session.phase, await types()]).toEqual([[1], 'catching-up', []]);
    session.goLive(3, 'unmarked');
    expect(await types()).toEqual(['owner-changed']);
  });

  it.each([
    ['in the same batch', [[added(4), owner(2)]]],
    ['in a later one', [[added(4)], [owner(2)]]],
  ])('is told from where all was handed out, when what was before comes after, %s', async (_when, given) => {
    await handedOver(given);
    expect(joinedAfter).toEqual([0]);
  });

  it('reads the log again when that happens while it is being read', async () => {
    session.beginCatchUp();
    await delivered(added(1));
    expect([joinedAfter, session.mustCatchUpAgain]).toEqual([[], true]);
  });

  it('does not read again what it has synced', async () => {
    session.beginCatchUp();
    session.goLive(1);
    await delivered(added(1), owner(2));
    expect([joinedAfter, session.phase, await types()]).toEqual([[], 'live', ['owner-changed']]);
  });
});
