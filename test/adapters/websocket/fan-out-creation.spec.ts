/**
 * Goal: whoever is in a conversation from its creation is told all of it, however the feed cuts the creation up.
 * Method: a feed of given batches, one socket that keeps what it is sent.
 */
import { describe, expect, it } from '@jest/globals';
import type { WebSocket } from 'ws';
import type { FanOutDeps } from '../../../src/adapters/websocket/fan-out.js';
import { FanOut } from '../../../src/adapters/websocket/fan-out.js';
import { SocketSession } from '../../../src/adapters/websocket/session.js';
import { SessionHub } from '../../../src/adapters/websocket/session-hub.js';
import { Turn } from '../../../src/adapters/websocket/turn.js';
import type { AccountId, ConversationId, DeviceId, Handle } from '../../../src/domain/kernel/ids.js';
import { instant } from '../../../src/domain/kernel/instant.js';
import { FakeSocket } from '../../support/fake-socket.js';
import { TestClock } from '../../support/test-clock.js';

const conversationId = 'a-room' as ConversationId;
const at = instant(0);

const envelope = (position: number, type: string, data: object) => ({
  type,
  data: { conversationId, ...data },
  meta: { position, revision: position - 1, stream: `conversation-${conversationId}`, feedKey: conversationId },
});
const created = envelope(1, 'ConversationCreated', { kind: 'group', createdAt: at });
const added = (position: number, who: string) => ({
  ...envelope(position, 'MemberAdded', {
    ...{ memberId: `member ${who}`, account: who, role: 'member', addedBy: 'member ada' },
    ...{ fromSeq: 1, seq: position - 1, count: 0, addedAt: at },
  }),
  handle: who as Handle,
});
const elsewhere = { ...envelope(9, 'ConversationCreated', { conversationId: 'another', kind: 'group', createdAt: at }) };

type Envelope = ReturnType<typeof envelope>;

/** As the feed has them. */
const stored = (events: readonly Envelope[]) => events.map((event) => ({ ...event, position: event.meta.position }));

/** What lies between this conversation and the other one is still to come. */
const handedOver = (events: ReturnType<typeof stored>): number =>
  Math.max(...events.map(({ position }) => position).filter((position) => position < elsewhere.meta.position));

function sessionOf(socket: FakeSocket, hub: SessionHub): SocketSession {
  const principal = { accountId: 'bea' as AccountId, deviceId: 'phone' as DeviceId, expiresAt: at };
  const around = {
    clock: new TestClock(),
    turn: new Turn(),
    counts: hub.counts,
    fellBehind: () => undefined,
    joined: () => undefined,
  };
  return new SocketSession(socket as unknown as WebSocket, socket.wire, principal, around);
}

type Batches = readonly (readonly Envelope[])[];

/** Bea is connected, and the feed hands out these batches. */
const told = (...batches: Batches) => toldWhen('live', batches);

/** She may still be catching up, and has synced up to somewhere. */
async function toldWhen(syncedUpTo: 'live' | number, batches: Batches) {
  const clock = new TestClock();
  const hub = new SessionHub();
  const socket = new FakeSocket();
  const session = sessionOf(socket, hub);
  session.phase = syncedUpTo === 'live' ? 'live' : 'catching-up';
  hub.register(session);
  hub.identify(session, 'bea' as Handle);
  const follow = async function* () {
    for (const events of batches.map(stored)) yield { events, upTo: handedOver(events) };
  };
  const deps = {
    ...{ hub, clock, headPosition: async () => 0, eventFeed: { follow }, codec: { decodeFeed: (event: object) => event } },
    ...{ join: async (events: readonly object[]) => events, reads: { open: async (values: unknown) => values } },
  } as unknown as FanOutDeps;
  await new FanOut(deps).run(new AbortController().signal);
  if (syncedUpTo !== 'live') session.goLive(syncedUpTo);
  await new Promise((resolve) => setImmediate(resolve));
  return { sent: socket.frames as readonly { readonly revision?: number }[], closed: socket.code };
}

describe('a creation', () => {
  it('in one batch is told from its first fact on', async () => {
    const { sent } = await told([created, added(2, 'ada'), added(3, 'bea'), added(4, 'cyd')]);
    expect(sent.map(({ revision }) => revision)).toEqual([0, 1, 2, 3]);
  });

  it('that a batch ends in is told from its first fact on to whoever comes in the next one', async () => {
    const { sent, closed } = await told([created, added(2, 'ada')], [added(3, 'bea'), added(4, 'cyd')]);
    expect(sent.map(({ revision }) => revision)).toEqual([0, 1, 2, 3]);
    expect(closed).toBeUndefined();
  });

  it('over three batches is told once', async () => {
    const { sent } = await told([created], [added(2, 'ada')], [added(3, 'bea')], [added(4, 'cyd')]);
    expect(sent.map(({ revision }) => revision)).toEqual([0, 1, 2, 3]);
  });

  it.each([
    ['is told in full to who has synced only its beginning, where they were not yet in it', 2, [0, 1, 2, 3]],
    ['is not told again to who has synced all of it', 4, []],
  ])('in one batch %s', async (_what, syncedUpTo, expected) => {
    const { sent } = await toldWhen(syncedUpTo, [[created, added(2, 'ada'), added(3, 'bea'), added(4, 'cyd')]]);
    expect(sent.map(({ revision }) => revision)).toEqual(expected);
  });

  it.each([
    ['is told in full to who has synced only its beginning, where they were not yet in it', 2, [0, 1, 2, 3]],
    ['is not told again to who has synced all of it', 4, []],
  ])('that a batch ends in %s', async (_what, syncedUpTo, expected) => {
    const { sent } = await toldWhen(syncedUpTo, [
      [created, added(2, 'ada')],
      [added(3, 'bea'), added(4, 'cyd')],
    ]);
    expect(sent.map(({ revision }) => revision)).toEqual(expected);
  });

  it('that the feed hands over again, in part and in whole, is told once', async () => {
    const batches = [
      [created, added(2, 'ada')],
      [added(2, 'ada')],
      [added(3, 'bea')],
      [added(2, 'ada'), added(3, 'bea'), added(4, 'cyd')],
    ];
    const { sent, closed } = await told(...batches);
    expect(sent.map(({ revision }) => revision)).toEqual([0, 1, 2, 3]);
    expect(closed).toBeUndefined();
  });

  it('whose beginning is not in hand any more sends the device back to its cursor', async () => {
    const { sent, closed } = await told([created, added(2, 'ada'), elsewhere], [added(3, 'bea')]);
    expect({ sent, closed }).toEqual({ sent: [], closed: 1011 });
  });
});

describe('a socket that is taken in', () => {
  it('waits for views that hold the furthest of what was handed out, though earlier events are still to come', async () => {
    const waited: number[] = [];
    const follow = async function* () {
      yield { events: stored([created, elsewhere]), upTo: 1 };
    };
    const hub = new SessionHub();
    const deps = {
      ...{ hub, clock: new TestClock(), headPosition: async () => 0, eventFeed: { follow } },
      ...{ codec: { decodeFeed: (event: object) => event }, join: async (events: readonly object[]) => events },
      reads: { open: async (values: unknown) => values, handleOf: async () => 'bea' },
      views: { page: async () => [] },
      viewsReach: async (position: number) => waited.push(position) > 0,
    } as unknown as FanOutDeps;
    const fanOut = new FanOut(deps);
    await fanOut.run(new AbortController().signal);
    await fanOut.admit(sessionOf(new FakeSocket(), hub), 1);
    expect({ waited, upTo: fanOut.upTo }).toEqual({ waited: [9], upTo: 1 });
  });
});
