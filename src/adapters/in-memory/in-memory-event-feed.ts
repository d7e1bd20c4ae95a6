/** A feed straight from a store, with checkpoints that live as long as the map that keeps them. */
import type { EventFeed, FeedBatch, FollowOptions } from '../../application/ports/event-feed.js';
import type { EventStore } from '../../application/ports/event-store.js';

/** Consumer to position. */
export type Checkpoints = Map<string, number>;

export class InMemoryEventFeed implements EventFeed {
  /** A second feed over the same checkpoints is the first one after a restart. */
  constructor(
    private readonly store: EventStore,
    private readonly checkpoints: Checkpoints = new Map(),
  ) {}

  follow(consumer: string, options: FollowOptions): AsyncIterable<FeedBatch> {
    const start = this.startOf(consumer, options.from);
    start.catch(() => undefined);
    return this.batches(start, options);
  }

  async commit(consumer: string, position: number): Promise<void> {
    this.checkpoints.set(consumer, Math.max(position, await this.committed(consumer)));
  }

  async committed(consumer: string): Promise<number> {
    return this.checkpoints.get(consumer) ?? 0;
  }

  private startOf(consumer: string, from: FollowOptions['from']): Promise<number> {
    if (from === 'checkpoint') return this.committed(consumer);
    return from === 'end' ? this.store.headPosition() : Promise.resolve(from.after);
  }

  private async *batches(start: Promise<number>, { batchMax, signal }: FollowOptions): AsyncGenerator<FeedBatch> {
    let upTo = await start;
    while (!signal.aborted) {
      const events = await this.store.readAll(upTo, batchMax);
      const last = events.at(-1);
      if (last === undefined) await this.store.appendedAfter(upTo, signal);
      else {
        upTo = last.position;
        yield { events, upTo };
      }
    }
  }
}
