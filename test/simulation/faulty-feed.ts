/**
 * A process's feed, as its port allows it to be at its worst: batches of any size, events in another order between feed
 * keys, batches that come again, long silence, and checkpoints that a restart finds lower than they were.
 */
import type { EventFeed, FeedBatch, FollowOptions } from '../../src/application/ports/event-feed.js';
import type { EventStore, StoredEvent } from '../../src/application/ports/event-store.js';
import type { Chance } from './chance.js';
import type { Schedule } from './schedule.js';
import type { Suffering } from './trouble.js';

export type Checkpoints = Map<string, number>;

export class FaultyFeed implements EventFeed {
  constructor(
    private readonly schedule: Schedule,
    private readonly process: Suffering,
    private readonly store: EventStore,
    private readonly checkpoints: Checkpoints,
    private readonly batchMax: number,
  ) {}

  follow(consumer: string, { from, batchMax, signal }: FollowOptions): AsyncIterable<FeedBatch> {
    const start =
      from === 'checkpoint' ? this.committed(consumer) : from === 'end' ? this.store.headPosition() : Promise.resolve(from.after);
    return this.batches(start, Math.min(batchMax, this.batchMax), signal);
  }

  async commit(consumer: string, position: number): Promise<void> {
    await this.schedule.turn(this.process, 'write', () => {
      this.checkpoints.set(consumer, Math.max(position, this.checkpoints.get(consumer) ?? 0));
    });
  }

  async committed(consumer: string): Promise<number> {
    return this.checkpoints.get(consumer) ?? 0;
  }

  private async *batches(start: Promise<number>, batchMax: number, signal: AbortSignal): AsyncGenerator<FeedBatch> {
    const { trouble } = this.process;
    const { chance } = this.schedule;
    const first = await start;
    let after = first;
    let upToMax = first;
    while (!signal.aborted) {
      const isReordered = trouble.has('feed reorders');
      const events = await this.store.readAll(after, isReordered ? Math.max(batchMax, 12) : batchMax);
      const last = events.at(-1);
      if (last === undefined) {
        await this.store.appendedAfter(after, signal);
        continue;
      }
      if (trouble.has('feed stops')) {
        trouble.counters.hit('feed: stopped');
        await this.schedule.wait(this.process, trouble.endsAtMs('feed stops') - this.schedule.nowMs, signal);
        continue;
      }
      if (isReordered) trouble.counters.hit('feed: reordered');
      const handed = isReordered ? reordered(chance, events, after, batchMax) : [{ events, upTo: last.position }];
      for (const { events: some, upTo } of handed) {
        upToMax = Math.max(upToMax, upTo);
        const batch = { events: some, upTo: upToMax };
        yield batch;
        if (signal.aborted) return;
        if (trouble.has('feed repeats') && chance.happens(0.5)) {
          trouble.counters.hit('feed: repeated');
          yield batch;
        }
      }
      after = last.position;
      // As after a rebalance: from an earlier place on, everything comes again.
      if (trouble.has('feed repeats') && chance.happens(0.1)) after = Math.max(first, after - chance.below(40));
    }
  }
}

/** Order stays within each key; `upTo` is what was handed over entirely. */
function reordered(chance: Chance, events: readonly StoredEvent[], after: number, batchMax: number): FeedBatch[] {
  const queues = new Map<string, StoredEvent[]>();
  for (const event of events) queues.set(event.feedKey, [...(queues.get(event.feedKey) ?? []), event]);
  const mixed: StoredEvent[] = [];
  while (mixed.length < events.length) {
    const next = chance.pick([...queues.values()].filter((queue) => queue.length > 0)).shift();
    if (next !== undefined) mixed.push(next);
  }
  const waiting = new Set(mixed.map(({ position }) => position));
  const batches: FeedBatch[] = [];
  let upTo = after;
  for (let start = 0; start < mixed.length; start += batchMax) {
    const handed = mixed.slice(start, start + batchMax);
    for (const { position } of handed) waiting.delete(position);
    upTo = Math.max(upTo, waiting.size === 0 ? events.at(-1)!.position : Math.min(...waiting) - 1);
    batches.push({ events: handed, upTo });
  }
  return batches;
}
