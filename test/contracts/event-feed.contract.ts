/**
 * What every event feed promises. Method: a consumer is a loop over batches with a signal of its own; its death is the end
 * of that loop before `commit`, a restart is a second feed over what the first one left.
 */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { EventFeed, FeedBatch, FollowOptions } from '../../src/application/ports/event-feed.js';
import { type EventStore, STREAM_REMOVED } from '../../src/application/ports/event-store.js';
import { newEvent, newEvents, newStream, removalMeta, write } from '../support/new-events.js';
import { until } from '../support/until.js';

export interface EventFeedUnderTest {
  readonly store: EventStore;
  readonly feed: EventFeed;
  /** Store and feed that the next process finds. */
  restart(): Promise<{ readonly store: EventStore; readonly feed: EventFeed }>;
  close(): Promise<void>;
}

const CONSUMER = 'a-consumer';

/** A consumer that takes batches and keeps what it saw, until it has seen so many events or is stopped. */
class Consumer {
  readonly batches: FeedBatch[] = [];
  readonly ended: Promise<void>;
  private readonly abort = new AbortController();

  constructor(feed: EventFeed, name: string, options: Partial<FollowOptions> = {}, commits = false) {
    const batches = feed.follow(name, { from: 'checkpoint', batchMax: 10, signal: this.abort.signal, ...options });
    this.ended = this.run(feed, name, batches, commits);
  }

  get ids(): string[] {
    return this.batches.flatMap(({ events }) => events.map(({ id }) => id));
  }

  async hasSeen(count: number): Promise<void> {
    await until(`a consumer has seen ${count} events`, () => this.ids.length >= count);
  }

  async stop(): Promise<void> {
    this.abort.abort();
    await this.ended;
  }

  private async run(feed: EventFeed, name: string, batches: AsyncIterable<FeedBatch>, commits: boolean): Promise<void> {
    for await (const batch of batches) {
      this.batches.push(batch);
      if (commits) await feed.commit(name, batch.upTo);
    }
  }
}

export function eventFeedContract(name: string, open: () => Promise<EventFeedUnderTest>): void {
  describe(`EventFeed: ${name}`, () => {
    let under: EventFeedUnderTest;
    let store: EventStore;
    let feed: EventFeed;

    /** Appends events one by one to streams of their own and gives their ids. */
    const happen = async (count: number, feedKey = 'a-feed-key'): Promise<string[]> => {
      const events = Array.from({ length: count }, () => newEvent({ feedKey }));
      for (const event of events) await store.append([write(newStream(), 'no-stream', [event])]);
      return events.map(({ id }) => id);
    };
    const restart = async (): Promise<void> => {
      ({ store, feed } = await under.restart());
    };

    beforeEach(async () => {
      under = await open();
      ({ store, feed } = under);
    });
    afterEach(() => under.close());

    it('What happened, handed to consumers that each have a durable name and a checkpoint of their own.', async () => {
      const ids = await happen(4);
      const one = new Consumer(feed, 'one', {}, true);
      const other = new Consumer(feed, 'other', { batchMax: 1 });
      await Promise.all([one.hasSeen(4), other.hasSeen(4)]);
      await Promise.all([one.stop(), other.stop()]);
      expect([one.ids, other.ids]).toEqual([ids, ids]);
      expect(await feed.committed('one')).toBe(await store.headPosition());
      expect(await feed.committed('other')).toBe(0);
      await restart();
      expect(await feed.committed('one')).toBe(await store.headPosition());
      const again = new Consumer(feed, 'one');
      const [next] = await happen(1);
      await again.hasSeen(1);
      await again.stop();
      expect(again.ids).toEqual([next]);
    });

    it('At-least-once: a consumer sees a batch again when it died before `commit`; every effect must bear that.', async () => {
      const ids = await happen(6);
      const dying = new Consumer(feed, CONSUMER, { batchMax: 2 });
      await dying.hasSeen(4);
      await dying.stop();
      await feed.commit(CONSUMER, dying.batches[0]!.upTo);
      await restart();
      const next = new Consumer(feed, CONSUMER, { batchMax: 2 });
      await next.hasSeen(4);
      await next.stop();
      expect(next.ids).toEqual(ids.slice(2));
    });

    it("Everything up to here has been handed over: the consumer's low watermark once it is done with the batch.", async () => {
      const ids = await happen(5);
      const consumer = new Consumer(feed, CONSUMER, { batchMax: 2 });
      await consumer.hasSeen(5);
      await consumer.stop();
      for (const { events, upTo } of consumer.batches) {
        expect(events.every(({ position }) => position <= upTo)).toBe(true);
        const seen = consumer.ids.slice(0, ids.indexOf(events.at(-1)!.id) + 1);
        const rest = new Consumer(feed, 'another', { from: { after: upTo } });
        if (seen.length < ids.length) await rest.hasSeen(ids.length - seen.length);
        await rest.stop();
        expect([...seen, ...rest.ids]).toEqual(ids);
      }
    });

    it("Where to begin: after the consumer's checkpoint (from the start if it has none), at the end as it is at the call, or after a position.", async () => {
      const ids = await happen(4);
      const positions = (await store.readAll(0, 10)).map(({ position }) => position);
      await feed.commit('kept', positions[2]!);
      const consumers = [
        new Consumer(feed, 'new', { from: 'checkpoint' }),
        new Consumer(feed, 'kept', { from: 'checkpoint' }),
        new Consumer(feed, 'kept', { from: 'end' }),
        new Consumer(feed, 'kept', { from: { after: positions[0]! } }),
      ];
      const abort = new AbortController();
      const unpulled = feed.follow('late', { from: 'end', batchMax: 10, signal: abort.signal });
      const [next] = (await happen(1)) as [string];
      const expected = [[...ids, next], [ids[3], next], [next], [...ids.slice(1), next]];
      for (const [at, consumer] of consumers.entries()) await consumer.hasSeen(expected[at]!.length);
      for (const consumer of consumers) await consumer.stop();
      expect(consumers.map((consumer) => consumer.ids)).toEqual(expected);
      for await (const { events } of unpulled) {
        expect(events.map(({ id }) => id)).toEqual([next]);
        abort.abort();
      }
    });

    it('At most this many events in a batch.', async () => {
      const ids = await happen(7);
      for (const batchMax of [1, 3, 7, 100]) {
        const consumer = new Consumer(feed, CONSUMER, { batchMax });
        await consumer.hasSeen(7);
        await consumer.stop();
        expect(consumer.ids).toEqual(ids);
        expect(Math.max(...consumer.batches.map(({ events }) => events.length))).toBeLessThanOrEqual(batchMax);
      }
    });

    it('Events come in order within a feed key, each at least once.', async () => {
      const consumer = new Consumer(feed, CONSUMER, { batchMax: 3 });
      const keys = ['one', 'two', 'three'];
      const happened = await Promise.all(keys.map((key) => happen(9, key)));
      await consumer.hasSeen(27);
      await consumer.stop();
      const seen = consumer.batches.flatMap(({ events }) => events);
      for (const [at, key] of keys.entries()) {
        expect(seen.filter(({ feedKey }) => feedKey === key).map(({ id }) => id)).toEqual(happened[at]);
      }
    });

    it('A batch is never empty and never holds more than `batchMax` events.', async () => {
      const consumer = new Consumer(feed, CONSUMER, { batchMax: 2 });
      await happen(1);
      await consumer.hasSeen(1);
      await store.append([write(newStream(), 'no-stream', newEvents(5))]);
      await consumer.hasSeen(6);
      const stream = newStream();
      await store.append([write(stream, 'no-stream', newEvents(3))]);
      await store.remove(stream, 2, removalMeta());
      await until('the removal is seen', () => consumer.batches.at(-1)!.events.at(-1)!.type === STREAM_REMOVED);
      await consumer.stop();
      const sizes = consumer.batches.map(({ events }) => events.length);
      expect(Math.min(...sizes)).toBeGreaterThanOrEqual(1);
      expect(Math.max(...sizes)).toBeLessThanOrEqual(2);
    });

    it('The iteration waits for new events and ends only when the signal is aborted.', async () => {
      const consumer = new Consumer(feed, CONSUMER);
      let hasEnded = false;
      void consumer.ended.then(() => {
        hasEnded = true;
      });
      const ids: string[] = [];
      for (let round = 1; round <= 3; round += 1) {
        ids.push(...(await happen(2)));
        await consumer.hasSeen(2 * round);
        expect(hasEnded).toBe(false);
      }
      await consumer.stop();
      expect(consumer.ids).toEqual(ids);

      const stopped = new Consumer(feed, CONSUMER, { signal: AbortSignal.abort() });
      await stopped.ended;
      expect(stopped.batches).toEqual([]);
    });

    it('A consumer that follows from its checkpoint goes on after the last position it committed, also after a restart.', async () => {
      const ids = await happen(9);
      let seen: string[] = [];
      for (let round = 0; round < 3; round += 1) {
        const consumer = new Consumer(feed, CONSUMER, { batchMax: 3 });
        await consumer.hasSeen(3);
        await consumer.stop();
        const { events, upTo } = consumer.batches[0]!;
        seen = [...seen, ...events.map(({ id }) => id)];
        await feed.commit(CONSUMER, upTo);
        if (round === 1) await restart();
      }
      expect(seen).toEqual(ids);
    });

    it('A commit that lies behind the checkpoint changes nothing.', async () => {
      await happen(5);
      await feed.commit(CONSUMER, 4);
      await Promise.all([feed.commit(CONSUMER, 2), feed.commit(CONSUMER, 3)]);
      expect(await feed.committed(CONSUMER)).toBe(4);
      await restart();
      await feed.commit(CONSUMER, 1);
      expect(await feed.committed(CONSUMER)).toBe(4);
      await feed.commit(CONSUMER, 5);
      expect(await feed.committed(CONSUMER)).toBe(5);
    });

    it("The consumer's checkpoint; 0 when it has none.", async () => {
      expect(await feed.committed(CONSUMER)).toBe(0);
      await feed.commit(CONSUMER, 7);
      expect(await feed.committed(CONSUMER)).toBe(7);
      expect(await feed.committed(`${CONSUMER}-2`)).toBe(0);
    });
  });
}
