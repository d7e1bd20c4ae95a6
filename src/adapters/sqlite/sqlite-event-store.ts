/**
 * The event store as one log in one SQLite file. What a stream's head is, and whether there is a stream at all, is known
 * from memory and from the stream index, so that a commit writes the end of the log and nothing else (ADR 0011).
 * There must be one store for a file: it alone assigns revisions and positions.
 */
import {
  type EventStore,
  type NewEvent,
  type RemovalMeta,
  type RemoveOutcome,
  STREAM_REMOVED,
  type StoredEvent,
  type StreamSlice,
  type TruncateOutcome,
  type Write,
  type WriteOutcome,
} from '../../application/ports/event-store.js';
import { Unavailable } from '../../application/ports/failures.js';
import { EventRows } from './event-rows.js';
import { attempt } from './sqlite-attempt.js';
import type { SqliteWriter } from './sqlite-writer.js';
import { StreamIndex, type StreamIndexOptions } from './stream-index.js';
import type { Head } from './stream-tail.js';

/** A commit carries everybody: what it deletes must be soon done. */
const TRUNCATED_PER_COMMIT = 256;

interface Follower {
  readonly after: number;
  wake(failure?: Error): void;
}

export class SqliteEventStore implements EventStore {
  private readonly rows: EventRows;
  private readonly index: StreamIndex;
  private readonly followers = new Set<Follower>();
  /** The newest position that is on disk, and the newest that is in the open transaction. */
  private lastPosition: number;
  private stagedPosition: number;

  constructor(
    private readonly writer: SqliteWriter,
    options: StreamIndexOptions = {},
  ) {
    this.rows = new EventRows(writer.connection);
    this.index = new StreamIndex(this.rows, options);
    this.lastPosition = this.rows.lastPosition();
    this.stagedPosition = this.lastPosition;
    writer.join({
      beforeCommit: () => this.beforeCommit(),
      committed: () => this.committed(),
      rolledBack: () => this.rolledBack(),
      closed: () => this.closed(),
    });
  }

  append(writes: readonly Write[]): Promise<readonly WriteOutcome[]> {
    let bytes = 0;
    for (const { events } of writes) {
      if (events.length === 0) return Promise.reject(new Error('A write has at least one event.'));
      for (const { data } of events) bytes += data.length;
    }
    return this.writer.submit('An append', () => this.applyInOrder(writes), bytes);
  }

  remove(stream: string, expectedRevision: number, meta: RemovalMeta): Promise<RemoveOutcome> {
    return this.writer.submit('The removal of a stream', () => this.applyRemoval(stream, expectedRevision, meta));
  }

  async truncate(stream: string, before: number): Promise<TruncateOutcome> {
    for (;;) {
      const { isDone, ...outcome } = await this.writer.submit('The truncation of a stream', () =>
        this.truncateSome(stream, before),
      );
      if (isDone) return outcome;
    }
  }

  async readStream(stream: string, from: number, max: number): Promise<StreamSlice> {
    return attempt('Reading a stream', () => {
      const head = this.index.head(stream);
      if (head.isRemoved) return { status: 'removed' };
      if (head.revision < 0) return { status: 'absent' };
      const first = Math.max(from, this.index.cuts.first(head.hash, stream));
      return { status: 'found', events: this.index.range(stream, head, first, first + max), head: head.revision };
    });
  }

  async readAll(after: number, max: number): Promise<readonly StoredEvent[]> {
    return attempt('Reading the log', () => this.rows.after(after, max));
  }

  async headPosition(): Promise<number> {
    return this.lastPosition;
  }

  appendedAfter(position: number, signal: AbortSignal): Promise<void> {
    if (this.lastPosition > position || signal.aborted) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const wake = (failure?: Error): void => {
        this.followers.delete(follower);
        signal.removeEventListener('abort', onAbort);
        if (failure === undefined) resolve();
        else reject(failure);
      };
      const onAbort = (): void => wake();
      const follower: Follower = { after: position, wake };
      this.followers.add(follower);
      signal.addEventListener('abort', onAbort);
    });
  }

  /** Commits what is waiting and closes the file. A second time changes nothing. */
  close(): void {
    this.writer.close();
  }

  private applyInOrder(writes: readonly Write[]): readonly WriteOutcome[] {
    const outcomes: WriteOutcome[] = [];
    for (const write of writes) {
      const outcome = this.apply(write);
      outcomes.push(outcome);
      if (outcome.outcome !== 'appended') break;
    }
    return outcomes;
  }

  private apply(write: Write): WriteOutcome {
    const { stream, expected, events } = write;
    const head = this.index.head(stream);
    if (head.isRemoved) return { outcome: 'removed' };
    const { hash, revision } = head;
    if (expected !== 'any' && expected !== revision && (expected !== 'no-stream' || revision >= 0)) {
      return this.standing(write, head) ?? { outcome: 'wrong-expected-revision', head: revision };
    }
    for (const [at, event] of events.entries()) this.insert(stream, hash, revision + 1 + at, event);
    return { outcome: 'appended', revision: revision + events.length, position: this.stagedPosition };
  }

  /** A write that lost its place may have lost it to itself: it is a resend if its events stand right where it wanted them. */
  private standing({ stream, expected, events }: Write, head: Head): WriteOutcome | undefined {
    const from = typeof expected === 'number' ? expected + 1 : 0;
    if (from < this.index.cuts.first(head.hash, stream)) return undefined;
    const found = this.index.range(stream, head, from, from + events.length);
    const last = found.at(-1);
    const isSame = found.length === events.length && found.every(({ id }, at) => id === events[at]!.id);
    return isSame && last ? { outcome: 'appended', revision: last.revision, position: last.position } : undefined;
  }

  private applyRemoval(stream: string, expectedRevision: number, meta: RemovalMeta): RemoveOutcome {
    const head = this.index.head(stream);
    if (head.isRemoved) return { outcome: 'removed' };
    const { hash, revision } = head;
    if (revision < 0 || revision !== expectedRevision) return { outcome: 'wrong-expected-revision', head: revision };
    this.delete(stream, head, this.index.cuts.first(hash, stream), revision + 1);
    this.index.cuts.forget(hash, stream);
    this.insert(stream, hash, revision + 1, {
      ...meta,
      schemaVersion: 1,
      type: STREAM_REMOVED,
      data: JSON.stringify({ stream }),
    });
    return { outcome: 'removed' };
  }

  private truncateSome(stream: string, before: number): TruncateOutcome & { readonly isDone: boolean } {
    const head = this.index.head(stream);
    if (head.isRemoved) return { outcome: 'removed', isDone: true };
    if (head.revision < 0) return { outcome: 'absent', isDone: true };
    const first = this.index.cuts.first(head.hash, stream);
    const upTo = Math.max(first, Math.min(before, head.revision));
    const next = Math.min(upTo, first + TRUNCATED_PER_COMMIT);
    if (next > first) {
      this.delete(stream, head, first, next);
      this.index.cuts.move(head.hash, stream, next);
    }
    return { outcome: 'truncated', first: next, isDone: next === upTo };
  }

  private delete(stream: string, head: Head, from: number, below: number): void {
    for (const { position } of this.index.range(stream, head, from, below)) this.rows.delete(position);
  }

  private insert(stream: string, hash: number, revision: number, event: NewEvent): void {
    this.stagedPosition += 1;
    this.rows.insert(stream, revision, this.stagedPosition, event);
    this.index.stage(stream, hash, revision, this.stagedPosition, event.type === STREAM_REMOVED);
  }

  private beforeCommit(): void {
    this.rows.flush();
    this.index.beforeCommit();
  }

  private committed(): void {
    this.lastPosition = this.stagedPosition;
    this.rows.committed();
    this.index.committed(this.lastPosition);
    for (const follower of this.followers) if (this.lastPosition > follower.after) follower.wake();
  }

  private rolledBack(): void {
    this.stagedPosition = this.lastPosition;
    this.rows.discard();
    this.index.rolledBack();
    if (this.rows.lastPosition() !== this.lastPosition)
      throw new Error('The log holds what was reported as failed: start again.');
  }

  private closed(): void {
    this.rows.closed();
    for (const follower of this.followers) follower.wake(new Unavailable('The event store was closed.'));
  }
}
