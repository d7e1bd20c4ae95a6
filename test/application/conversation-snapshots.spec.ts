/**
 * Goal: a conversation is loaded from a snapshot and its tail as it would be from its start, and whatever is wrong with a
 * snapshot is as if there were none. Method: histories of a crowd, cut at every revision; reads are counted.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { InMemoryEventStore } from '../../src/adapters/in-memory/in-memory-event-store.js';
import { InMemorySnapshots } from '../../src/adapters/in-memory/in-memory-snapshots.js';
import { CONVERSATION_SCHEMA, SNAPSHOT_EVERY_EVENTS, stored } from '../../src/application/conversation-snapshots.js';
import { ConversationStates } from '../../src/application/conversation-states.js';
import { EventCodec } from '../../src/application/event-codec.js';
import { Unavailable } from '../../src/application/ports/failures.js';
import type { Snapshot, Snapshots } from '../../src/application/ports/snapshots.js';
import { type Conversation, type ConversationCommand, conversation } from '../../src/domain/conversation/conversation.js';
import type { ConversationEvent } from '../../src/domain/conversation/events.js';
import { fold } from '../../src/domain/kernel/decider.js';
import type {
  AccountId,
  ComposeId,
  ConversationId,
  CorrelationId,
  EventId,
  MemberId,
  MessageId,
} from '../../src/domain/kernel/ids.js';
import { instant } from '../../src/domain/kernel/instant.js';
import { TestClock } from '../support/test-clock.js';

const conversationId = 'c' as ConversationId;
const STREAM = 'conversation-c';
const person = (name: string) => ({ memberId: `member-${name}` as MemberId, account: `account-${name}` as AccountId });
const at = instant(1_000);

/** What somebody does next: everything that may stand in a conversation, over and over. */
function nextCommand(state: Conversation, turn: number): ConversationCommand {
  if (state.status === 'absent') {
    const others = [person('b'), person('c')];
    return { type: 'CreateGroup', conversationId, title: 'Choir', bodyMac: 'mac', creator: person('a'), others, at };
  }
  const members = [...state.members];
  const owner = members.find(([, { role }]) => role === 'owner')![0];
  const newest = members.at(-1)![0];
  const post = {
    type: 'PostMessage',
    messageId: `m-${turn}` as MessageId,
    memberId: newest,
    composeId: 'k' as ComposeId,
  } as const;
  const commands: readonly ConversationCommand[] = [
    { ...post, class: 'post', at: instant(1_000 + turn) },
    { type: 'AddMember', by: owner, person: person(`x${turn}`), at },
    { type: 'RemoveMessage', by: owner, posted: { messageId: 'm' as MessageId, memberId: newest, seq: 4 }, at },
    { type: 'AddMember', by: owner, person: person(`y${turn}`), at },
    { type: 'RemoveMember', by: owner, memberId: newest, at },
    { type: 'Leave', memberId: owner, at },
    { ...post, class: 'control', at },
  ];
  return commands[turn % commands.length]!;
}

function history(events: number): readonly ConversationEvent[] {
  const found: ConversationEvent[] = [];
  let state = conversation.initial;
  for (let turn = 0; found.length < events; turn += 1) {
    const decided = conversation.decide(nextCommand(state, turn), state);
    if (!decided.ok) throw new Error(decided.rejection.type);
    state = fold(conversation, state, decided.value);
    found.push(...decided.value);
  }
  return found.slice(0, events);
}

/** A log of one conversation, and states over it that count what they read. */
class World {
  readonly store = new InMemoryEventStore();
  readonly snapshots = new InMemorySnapshots();
  read = 0;

  constructor(readonly events: readonly ConversationEvent[]) {}

  async append(from: number, to: number): Promise<void> {
    const events = this.events.slice(from, to).map((event, index) => ({
      id: `event-${from + index}` as EventId,
      ...{ type: event.type, data: JSON.stringify(event.data), schemaVersion: 1, recordedAt: at },
      ...{ feedKey: conversationId, correlationId: 'correlation' as CorrelationId },
    }));
    if (events.length > 0) await this.store.append([{ stream: STREAM, expected: from === 0 ? 'no-stream' : from - 1, events }]);
  }

  /** As after a restart: nothing is known but what is stored. */
  states(snapshots: Snapshots = this.snapshots): ConversationStates {
    const eventStore = {
      readStream: async (stream: string, from: number, max: number) => {
        const slice = await this.store.readStream(stream, from, max);
        if (slice.status === 'found') this.read += slice.events.length;
        return slice;
      },
    };
    const codec = new EventCodec({ seal: () => Promise.reject(new Error('Nothing is sealed here.')) });
    return new ConversationStates({ eventStore, codec, clock: new TestClock(), snapshots });
  }

  folded(revision: number) {
    return { state: fold(conversation, conversation.initial, this.events.slice(0, revision + 1)), revision };
  }

  snapshot(revision: number): Snapshot {
    const { state } = this.folded(revision);
    if (state.status !== 'open') throw new Error('There is nothing yet.');
    return {
      ...{ stream: STREAM, revision, eventId: `event-${revision}` as EventId },
      ...{ schema: CONVERSATION_SCHEMA, state: stored(state) },
    };
  }
}

describe('a conversation that is loaded from a snapshot', () => {
  it('is at every revision what it is when it is folded from its start', async () => {
    const events = history(60);
    for (let head = 0; head < events.length; head += 1) {
      const world = new World(events);
      await world.append(0, head + 1);
      for (let revision = 0; revision <= head; revision += 1) {
        const snapshots = new InMemorySnapshots();
        await snapshots.keep(world.snapshot(revision));
        const loaded = await world.states(snapshots).head(conversationId);
        expect(loaded).toEqual(world.folded(head));
        if (loaded.state.status !== 'open') throw new Error('It is not there.');
        // The order of joining is part of the state, and no part of the equality of maps.
        expect(stored(loaded.state)).toBe(stored(world.folded(head).state as typeof loaded.state));
      }
    }
  });

  it('reads the tail alone, however long it is', async () => {
    const world = new World(history(3 * SNAPSHOT_EVERY_EVENTS + 20));
    await world.append(0, world.events.length);
    const first = world.states();
    await first.head(conversationId);
    expect(world.read).toBe(world.events.length);
    expect(await first.snapshots?.write(10)).toBe(1);
    await world.append(world.events.length, world.events.length);
    world.read = 0;
    expect(await world.states().head(conversationId)).toEqual(world.folded(world.events.length - 1));
    expect(world.read).toBe(1);
  });

  it('gets a snapshot whenever enough has come, by whichever way, and none in between', async () => {
    const world = new World(history(SNAPSHOT_EVERY_EVENTS + 40));
    await world.append(0, SNAPSHOT_EVERY_EVENTS - 1);
    const states = world.states();
    const base = await states.head(conversationId);
    expect(await states.snapshots?.write(10)).toBe(0);
    await world.append(SNAPSHOT_EVERY_EVENTS - 1, SNAPSHOT_EVERY_EVENTS);
    states.advance(conversationId, base, world.events.slice(SNAPSHOT_EVERY_EVENTS - 1, SNAPSHOT_EVERY_EVENTS));
    expect(await states.snapshots?.write(10)).toBe(1);
    expect(await world.snapshots.read(STREAM, CONVERSATION_SCHEMA)).toEqual(world.snapshot(SNAPSHOT_EVERY_EVENTS - 1));
    await world.append(SNAPSHOT_EVERY_EVENTS, SNAPSHOT_EVERY_EVENTS + 40);
    await states.head(conversationId);
    expect(await states.snapshots?.write(10)).toBe(0);
  });

  it('is never kept beyond what the store has', async () => {
    const world = new World(history(SNAPSHOT_EVERY_EVENTS));
    await world.append(0, SNAPSHOT_EVERY_EVENTS - 1);
    const states = world.states();
    const base = await states.head(conversationId);
    states.advance(conversationId, base, world.events.slice(-1));
    expect(await states.snapshots?.write(10)).toBe(0);
    expect(await world.snapshots.read(STREAM, CONVERSATION_SCHEMA)).toBeUndefined();
  });
});

describe('a snapshot that is not to be believed', () => {
  const world = new World(history(40));
  const ready = world.append(0, 40);
  const wrong: readonly (readonly [string, Partial<Snapshot>])[] = [
    ['is of another log', { eventId: 'event-elsewhere' as EventId }],
    ['is ahead of the log, as after a backup of the events', { revision: 4_000 }],
    ['is of another conversation', { state: world.snapshot(20).state.replace('"c"', '"d"') }],
    ['is no JSON', { state: '{"status":"open"' }],
    ['has no members', { state: '{"status":"open","conversationId":"c"}' }],
    ['is of another schema', { schema: 'conversation.v0' }],
  ];

  it.each(wrong)('%s: the conversation is folded from its start', async (_, part) => {
    await ready;
    const snapshots = new InMemorySnapshots();
    await snapshots.keep({ ...world.snapshot(20), ...part });
    expect(await world.states(snapshots).head(conversationId)).toEqual(world.folded(39));
  });

  it('cannot be read: the conversation is folded from its start', async () => {
    await ready;
    const away = () => Promise.reject(new Unavailable('The snapshots are away.'));
    const states = world.states({ read: away, keep: away, forget: away });
    expect(await states.head(conversationId)).toEqual(world.folded(39));
  });
});

describe('the golden states of conversations', () => {
  const GOLDEN_EVENTS = 24;
  const TYPES = [
    'ConversationCreated',
    'MemberAdded',
    'MemberRemoved',
    'MemberLeft',
    'OwnerChanged',
    'MessagePosted',
    'MessageRemoved',
  ];
  const golden = readFileSync(new URL(`../golden/states/${CONVERSATION_SCHEMA}.json`, import.meta.url), 'utf8');
  /** By schema. Only ever added to: another state, or another way to fold it, is another schema. */
  const HASHES: Readonly<Record<string, string>> = {
    'conversation.v1': '07498656a5a14ffced75f1aaa3d54400c183f86c1db56017b22ea031636f0291',
    'conversation.v2': '83055b0b762c23dfa520eb952cbc26f3b2e6d24f2c9f68c5b728b9ca6f77e13f',
  };

  it('are what the events of that schema fold to: else give it a new version, and this list a new line', () => {
    const { events, states } = JSON.parse(golden) as { events: readonly ConversationEvent[]; states: readonly string[] };
    expect(new Set(events.map(({ type }) => type))).toEqual(new Set(TYPES));
    const folded = events.map((_, index) => fold(conversation, conversation.initial, events.slice(0, index + 1)));
    expect(folded.map((state) => (state.status === 'open' ? JSON.parse(stored(state)) : 'absent'))).toEqual(states);
    expect(events).toHaveLength(GOLDEN_EVENTS);
  });

  it('never change', () => {
    expect(createHash('sha256').update(golden).digest('hex')).toBe(HASHES[CONVERSATION_SCHEMA]);
  });
});
