/**
 * The append-only store of sealed events: streams with dense revisions in one global order of positions.
 * No use case may need atomicity over several writes: an adapter may stop between any two of them.
 * What `append` has acknowledged is on disk (ADR 0011).
 */
import type { Metadata, Place } from '../../domain/kernel/envelope.js';

/** The type of the record that `remove` leaves in the feed; its data is `{ "stream": name }`. */
export const STREAM_REMOVED = '$stream-removed';

export interface NewEvent extends Metadata {
  readonly type: string;
  /** JSON, personal fields sealed. */
  readonly data: string;
}

export type StoredEvent = NewEvent & Place;

export type ExpectedRevision = 'no-stream' | 'any' | number;

export interface Write {
  readonly stream: string;
  readonly expected: ExpectedRevision;
  /** A write has at least one event. */
  readonly events: readonly NewEvent[];
}

export type WriteOutcome =
  /** Revision and position of the write's last event. */
  | { readonly outcome: 'appended'; readonly revision: number; readonly position: number }
  /** The stream's head as it is; -1 when there is no stream. */
  | { readonly outcome: 'wrong-expected-revision'; readonly head: number }
  | { readonly outcome: 'removed' };

export type StreamSlice =
  | { readonly status: 'found'; readonly events: readonly StoredEvent[]; readonly head: number }
  | { readonly status: 'absent' }
  | { readonly status: 'removed' };

export type RemovalMeta = Omit<Metadata, 'schemaVersion'>;

export type RemoveOutcome =
  | { readonly outcome: 'removed' }
  /** The stream's head as it is; -1 when there is no stream. */
  | { readonly outcome: 'wrong-expected-revision'; readonly head: number };

export type TruncateOutcome =
  /** The first revision that is left. */
  { readonly outcome: 'truncated'; readonly first: number } | { readonly outcome: 'absent' } | { readonly outcome: 'removed' };

export interface EventStore {
  /**
   * Writes apply in order and stop at the first that is not appended; earlier ones stay.
   * The answer has one outcome per write that was tried.
   * A write that expects `any` is appended behind whatever the stream holds.
   * A write whose events, by their ids, stand already right where it wanted them is answered `appended` and adds nothing.
   * Of N writers with the same expected revision exactly one wins.
   * A removed stream answers `removed` to every expectation.
   * Throws `Unavailable` when nothing was written, `OutcomeUnknown` when that cannot be told.
   */
  append(writes: readonly Write[]): Promise<readonly WriteOutcome[]>;

  /**
   * Removes the events of a stream for ever, if its head is at the revision.
   * The removal is a record of its own in the feed, under the feed key that it is given.
   * Removing a removed stream is answered `removed` and adds nothing.
   */
  remove(stream: string, expectedRevision: number, meta: RemovalMeta): Promise<RemoveOutcome>;

  /**
   * Takes the events of a stream below a revision away for good: no reader meets them again, in the stream or in the log.
   * What is left keeps its revision and position, and the stream its head and every expectation.
   * The newest event of a stream stays, whatever the revision.
   * Reading from a revision that is gone begins with the first that is left.
   * A write is still recognised when it is sent again, if all its events are left.
   * Truncating again, or at a lower revision, changes nothing.
   * Nothing of it shows in the feed, and a reader with an old position goes on at the next event that is left.
   * It is on disk when it is answered; cut off on the way, it leaves a stream that begins somewhere between, without a hole.
   * A stream that is absent or removed is answered so, and stays so; a truncated one is removed like any other.
   */
  truncate(stream: string, before: number): Promise<TruncateOutcome>;

  /** The events of one stream in order, from a revision on, at most `max` of them, with the stream's head at that moment. */
  readStream(stream: string, from: number, max: number): Promise<StreamSlice>;

  /**
   * All events in the order of positions, after a position, at most `max` of them.
   * A reader never sees a hole that fills later.
   */
  readAll(after: number, max: number): Promise<readonly StoredEvent[]>;

  /** The position of the newest event; 0 when there is none. */
  headPosition(): Promise<number>;

  /** Resolves as soon as an event after the position exists, or the signal is aborted. */
  appendedAfter(position: number, signal: AbortSignal): Promise<void>;
}
