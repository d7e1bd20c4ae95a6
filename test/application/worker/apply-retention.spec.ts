/**
 * Goal: what has a bound keeps to it, nothing that is needed or not yet passed goes, and a job that is cut off before any of
 * its writes and begun again ends where one that was not would have. Method: use cases over a store in memory, a clock
 * moved by hand, and a table of its own where the product has no such category.
 */
import { beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { InMemoryEventFeed } from '../../../src/adapters/in-memory/in-memory-event-feed.js';
import { InMemoryEventStore } from '../../../src/adapters/in-memory/in-memory-event-store.js';
import { aggregates } from '../../../src/application/aggregates.js';
import type { EventFeed } from '../../../src/application/ports/event-feed.js';
import type { EventStore } from '../../../src/application/ports/event-store.js';
import { Unavailable } from '../../../src/application/ports/failures.js';
import { mayBeTruncated, type RetentionTable, retention } from '../../../src/application/retention.js';
import { applyRetention } from '../../../src/application/worker/apply-retention.js';
import { fold } from '../../../src/domain/kernel/decider.js';
import type { ConversationId, MemberId, MessageId } from '../../../src/domain/kernel/ids.js';
import { limits } from '../../../src/domain/kernel/limits.js';
import type { ReceiptsEvent } from '../../../src/domain/receipts/events.js';
import { receipts } from '../../../src/domain/receipts/receipts.js';
import { ApplicationUnderTest, granted, type Person, type Process } from '../../support/application-under-test.js';

const DAY_MS = 24 * 60 * 60 * 1_000;
const ALL = 100_000;

let app: ApplicationUnderTest;
let process: Process;
let ada: Person;
let ben: Person;
let conversationId: ConversationId;

const having = <Port extends object>(port: Port, changes: Partial<Port>): Port =>
  Object.assign(Object.create(port) as Port, changes);

beforeEach(async () => {
  app = await ApplicationUnderTest.open();
  process = app.process();
  ada = await app.signIn(process);
  ben = await app.signIn(process);
  conversationId = app.ids.uuid() as ConversationId;
  granted(await process.createGroup({ conversationId, title: 'Rowers', accountIds: [ben.accountId] }, ada.context));
  await post(40);
});

async function post(count: number): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    const body = { content: { type: 'text', text: 'Hello' } } as const;
    const sent = process.sendMessage({ conversationId, messageId: app.ids.uuid() as MessageId, body }, ada.context);
    granted(await app.whileTimePasses(sent));
  }
}

async function streamOf(person: Person): Promise<string> {
  const [memberId] = await app.ports.keys.name([{ subject: person.accountId, purpose: 'member', context: conversationId }]);
  return aggregates.receipts.stream(memberId as MemberId);
}

/** Marks up to these places, as several processes raced them in. */
const mark = async (person: Person, kind: 'read' | 'delivered', seqs: readonly number[]) => {
  for (const seq of seqs) {
    const on = app.process();
    const done =
      kind === 'read'
        ? on.markRead({ conversationId, seq }, person.context)
        : on.confirmReceived({ delivered: [{ conversationId, seq }] }, person.context);
    granted(await app.whileTimePasses(done, 100));
  }
};

const places = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, at) => from + at);
const all = async () => Number.MAX_SAFE_INTEGER;
const turn = (passed: () => Promise<number> = all, table: RetentionTable = retention, deps = process.deps) =>
  applyRetention(deps, { passed, table })();

async function revisionsOf(stream: string): Promise<readonly number[]> {
  const slice = await app.ports.eventStore.readStream(stream, 0, ALL);
  return slice.status === 'found' ? slice.events.map(({ revision }) => revision) : [];
}

const foldOf = async (stream: string) =>
  fold(receipts, receipts.initial, (await app.eventsOf(stream)) as unknown as readonly ReceiptsEvent[]);

describe('the table of retention', () => {
  it('names every category, by what stands before the ids of its streams', () => {
    for (const [category, { stream }] of Object.entries(aggregates)) {
      expect((stream as (id: string) => string)('x')).toBe(`${category}-x`);
    }
    expect(['receipts-x', 'conversation-x', 'message-x', 'constructor-x', 'x'].filter((name) => mayBeTruncated(name))).toEqual([
      'receipts-x',
    ]);
  });
});

describe('the job that applies retention', () => {
  it('keeps the newest marks of each member and no fold changes', async () => {
    await mark(ben, 'read', places(1, 40));
    await mark(ada, 'read', [41, 42]);
    const [bens, adas] = [await streamOf(ben), await streamOf(ada)];
    const folds = [await foldOf(bens), await foldOf(adas)];
    const others = (await app.stored()).filter(({ stream }) => stream !== bens);
    app.clock.advance(2 * DAY_MS);
    expect(await turn()).toMatchObject({ count: 16 });
    expect(await revisionsOf(bens)).toEqual(places(16, 39));
    expect(await foldOf(bens)).toEqual(folds[0]);
    expect(await foldOf(adas)).toEqual(folds[1]);
    expect((await app.stored()).filter(({ stream }) => stream !== bens)).toEqual(others);
    expect(await turn()).toEqual({ count: 0, more: false });
  });

  it('lets nothing go that is younger than any attempt lives, and comes back when it has settled', async () => {
    await mark(ben, 'read', places(1, 40));
    expect(await turn()).toEqual({ count: 0, more: false });
    app.clock.advance(limits.attemptLifeMs);
    expect(await turn()).toEqual({ count: 0, more: false });
    app.clock.advance(DAY_MS);
    expect((await turn()).count).toBe(16);
  });

  it('never runs ahead of somebody who has yet to pass the log', async () => {
    await mark(ben, 'read', places(1, 40));
    app.clock.advance(2 * DAY_MS);
    const stream = await streamOf(ben);
    const marks = (await app.stored()).filter((event) => event.stream === stream);
    expect((await turn(async () => marks[0]!.position)).count).toBe(0);
    expect(await turn(async () => marks[20]!.position)).toMatchObject({ count: 16 });
    expect(await revisionsOf(stream)).toEqual(places(16, 39));
  });

  it('keeps a reading that nothing behind it says again, however many deliveries are behind it', async () => {
    await mark(ben, 'read', [3]);
    await mark(ben, 'delivered', places(4, 40));
    app.clock.advance(2 * DAY_MS);
    expect((await turn()).count).toBe(0);
    expect(await foldOf(await streamOf(ben))).toEqual({ deliveredSeq: 40, readSeq: 3 });
  });

  it('keeps all marks of somebody who is no member', async () => {
    await mark(ben, 'read', places(1, 40));
    granted(await process.leaveConversation({ conversationId }, ben.context));
    app.clock.advance(2 * DAY_MS);
    expect((await turn()).count).toBe(0);
  });

  it('lets go of what is too old where a category says so, and never of the newest', async () => {
    const table: RetentionTable = {
      message: {
        kept: 'within a bound',
        because: 'Only here.',
        maxAgeDays: 30,
        checkpoint: 'only-here',
        truncateBefore: async (_, events) => events.length,
      },
    };
    const stream = 'message-of-this-test';
    const event = async () => {
      const [stored] = await app.stored();
      const { position: _, revision: __, stream: ___, ...rest } = stored!;
      return { ...rest, id: app.ids.uuid() as never, type: 'AccountRegistered', recordedAt: app.clock.now() };
    };
    for (let day = 0; day < 60; day += 1) {
      await app.ports.eventStore.append([{ stream, expected: 'any', events: [await event()] }]);
      app.clock.advance(DAY_MS);
    }
    expect((await turn(all, table)).count).toBe(16);
    expect(await revisionsOf(stream)).toEqual(places(16, 59));
    app.clock.advance(90 * DAY_MS);
    await turn(all, table);
    expect(await revisionsOf(stream)).toEqual(places(48, 59));
  });

  it('ends at the same, wherever it is cut off and begun again', async () => {
    await mark(ben, 'read', places(1, 36));
    await mark(ada, 'delivered', places(1, 20));
    await mark(ada, 'read', places(21, 40));
    app.clock.advance(2 * DAY_MS);
    const before = await app.stored();
    const [bens, adas] = [await streamOf(ben), await streamOf(ada)];
    const expected = before.filter(({ stream, revision }) => revision >= 16 || (stream !== bens && stream !== adas));
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(4), { maxLength: 4 }), async (cuts) => {
        const eventStore = new InMemoryEventStore();
        for (const { stream, revision: _, position: __, ...event } of before) {
          await eventStore.append([{ stream, expected: 'any', events: [event] }]);
        }
        const eventFeed = new InMemoryEventFeed(eventStore);
        for (const cutAt of [...cuts, Number.POSITIVE_INFINITY]) {
          const dying = dyingAfter(cutAt, eventStore, eventFeed);
          await turn(all, retention, app.process(dying).deps).catch(() => undefined);
        }
        expect(await eventStore.readAll(0, ALL)).toEqual(expected);
      }),
      { numRuns: 30 },
    );
  });
});

/** Dies at a write, with half of a truncation done. */
function dyingAfter(writesMax: number, store: EventStore, feed: EventFeed): { eventStore: EventStore; eventFeed: EventFeed } {
  let writes = 0;
  const die = (): boolean => {
    writes += 1;
    return writes > writesMax;
  };
  const truncate: EventStore['truncate'] = async (stream, before) => {
    if (!die()) return store.truncate(stream, before);
    await store.truncate(stream, Math.floor(before / 2));
    throw new Unavailable('The process has died.');
  };
  const commit: EventFeed['commit'] = async (consumer, position) => {
    if (die()) throw new Unavailable('The process has died.');
    await feed.commit(consumer, position);
  };
  return { eventStore: having(store, { truncate }), eventFeed: having(feed, { commit }) };
}
