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

function sessionOf(socket: FakeSocket, hub: SessionHub): SocketSession {
  const principal = { accountId: 'bea' as AccountId, deviceId: 'phone' as DeviceId, expiresAt: at };
  const around = { clock: new TestClock(), turn: new Turn(), counts: hub.counts, fellBehind: () => undefined };
  return new SocketSession(socket as unknown as WebSocket, socket.wire, principal, around);
}

/** Bea is connected, and the feed hands out these batches. */
async function told(...batches: readonly (readonly object[])[]) {
  const clock = new TestClock();
  const hub = new SessionHub();
  const socket = new FakeSocket();
  const session = sessionOf(socket, hub);
  session.phase = 'live';
  hub.register(session);
  hub.identify(session, 'bea' as Handle);
  const follow = async function* () {
    for (const [upTo, events] of batches.entries()) yield { events, upTo };
  };
  const deps = {
    ...{ hub, clock, headPosition: async () => 0, eventFeed: { follow }, codec: { decodeFeed: (event: object) => event } },
    ...{ join: async (events: readonly object[]) => events, reads: { open: async (values: unknown) => values } },
  } as unknown as FanOutDeps;
  await new FanOut(deps).run(new AbortController().signal);
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

  it('whose beginning is not in hand any more sends the device back to its cursor', async () => {
    const { sent, closed } = await told([created, added(2, 'ada'), elsewhere], [added(3, 'bea')]);
    expect({ sent, closed }).toEqual({ sent: [], closed: 1011 });
  });
});

describe('a socket that is taken in', () => {
  it('waits for views that hold the furthest of what was handed out, though earlier events are still to come', async () => {
    const waited: number[] = [];
    const follow = async function* () {
      const events = [created, elsewhere].map((event) => ({ ...event, position: event.meta.position }));
      yield { events, upTo: 1 };
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
