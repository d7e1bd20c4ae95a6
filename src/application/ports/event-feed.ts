/**
 * What happened, handed to consumers that each have a durable name and a checkpoint of their own.
 * At-least-once: a consumer sees a batch again when it died before `commit`; every effect must bear that.
 */
import type { StoredEvent } from './event-store.js';

export interface FeedBatch {
  readonly events: readonly StoredEvent[];
  /** Everything up to here has been handed over: the consumer's low watermark once it is done with the batch. */
  readonly upTo: number;
}

export interface FollowOptions {
  /** Where to begin: after the consumer's checkpoint (from the start if it has none), at the end as it is at the call, or after a position. */
  readonly from: 'checkpoint' | 'end' | { readonly after: number };
  /** At most this many events in a batch. */
  readonly batchMax: number;
  readonly signal: AbortSignal;
}

export interface EventFeed {
  /**
   * Events come in order within a feed key, each at least once.
   * A batch is never empty and never holds more than `batchMax` events.
   * The iteration waits for new events and ends only when the signal is aborted.
   */
  follow(consumer: string, options: FollowOptions): AsyncIterable<FeedBatch>;

  /**
   * A consumer that follows from its checkpoint goes on after the last position it committed, also after a restart.
   * A commit that lies behind the checkpoint changes nothing.
   */
  commit(consumer: string, position: number): Promise<void>;

  /** The consumer's checkpoint; 0 when it has none. */
  committed(consumer: string): Promise<number>;
}
