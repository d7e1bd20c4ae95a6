/**
 * Where the events of a stream lie. The newest are known from memory (the tail, read again at a start), the others from
 * sealed segments; a stream that is in neither does not exist. A random name must never cost the commit a page of its own:
 * an ordinary index would do that, and it halves the rate of the whole store (ADR 0011).
 */
import { hash as digest } from 'node:crypto';
import { STREAM_REMOVED, type StoredEvent } from '../../application/ports/event-store.js';
import type { EventRows } from './event-rows.js';
import { ROWS_PER_PAGE } from './index-pages.js';
import { IndexSegments } from './index-segments.js';
import { DamagedRow } from './row-checksum.js';
import { StreamCuts } from './stream-cuts.js';
import { HASH_BITS, type Head, StreamTail } from './stream-tail.js';

export interface StreamIndexOptions {
  /** How many events make a segment; at a start no more than about twice as many are read. */
  readonly segmentEvents?: number;
  /** How many segments of a level are merged into one of the next. */
  readonly segmentsPerLevel?: number;
  /** How many heads of streams outside the tail are remembered. */
  readonly headsMax?: number;
  /** Evenly spread over the integers below 2 ** 52; a test may choose one that collides. */
  readonly hashOf?: (stream: string) => number;
}

const SEGMENT_EVENTS = 32_768;
const SEGMENTS_PER_LEVEL = 8;
const HEADS_MAX = 16_384;
/** Upkeep outruns the events that cause it: each is sealed once, and copied and deleted once for each level. */
const ROWS_PER_EVENT = 8;

export class StreamIndex {
  readonly cuts: StreamCuts;
  private readonly segments: IndexSegments;
  private readonly segmentEvents: number;
  private readonly headsMax: number;
  private readonly hashOf: (stream: string) => number;
  private tail = new StreamTail();
  /** The tail before this one, for as long as it is being sealed. */
  private frozen: StreamTail | undefined;
  private readonly heads = new Map<string, Head>();
  /** The streams that the open transaction appended to, once for each event. */
  private staged: string[] = [];

  constructor(
    private readonly events: EventRows,
    options: StreamIndexOptions,
  ) {
    this.segmentEvents = options.segmentEvents ?? SEGMENT_EVENTS;
    this.headsMax = options.headsMax ?? HEADS_MAX;
    this.hashOf = options.hashOf ?? startOfSha256;
    this.cuts = new StreamCuts(events.connection);
    this.segments = new IndexSegments(events, this.cuts, options.segmentsPerLevel ?? SEGMENTS_PER_LEVEL);
    for (const { stream, revision, position, type } of events.placesAfter(this.segments.lastPosition)) {
      const hash = this.tail.head(stream)?.hash ?? this.hashOf(stream);
      this.tail.add(stream, hash, revision, position, type === STREAM_REMOVED);
    }
  }

  /** The newest event of a stream, those of the open transaction included. */
  head(stream: string): Head {
    return this.tail.head(stream) ?? this.frozen?.head(stream) ?? this.sealedHead(stream);
  }

  /** The events of a stream with revisions in [from, below), in order; `from` is not below the first that is left. */
  range(stream: string, { hash, revision }: Head, from: number, below: number): readonly StoredEvent[] {
    let positions: readonly number[] = [];
    let until = Math.min(below, revision + 1);
    for (const tail of [this.tail, this.frozen]) {
      const part = tail?.range(stream, from, until) ?? [];
      positions = [...part, ...positions];
      until -= part.length;
    }
    const sealed = from < until ? this.segments.range(stream, hash, from, until) : [];
    const found = [...sealed, ...positions.map((position) => this.events.at(position))];
    // Revisions are dense: one that is not where the index says was lost on the disk.
    const first = Math.max(from, 0);
    const isDense = found.every((event, at) => event?.revision === first + at);
    if (!isDense || found.length < Math.min(below, revision + 1) - first) throw new DamagedRow('events');
    return found as readonly StoredEvent[];
  }

  /** Takes note of an event that is written in the open transaction. */
  stage(stream: string, hash: number, revision: number, position: number, isRemoval: boolean): void {
    this.tail.add(stream, hash, revision, position, isRemoval);
    this.heads.delete(stream);
    this.staged.push(stream);
  }

  beforeCommit(): void {
    this.segments.beforeCommit(Math.ceil((this.staged.length * ROWS_PER_EVENT) / ROWS_PER_PAGE));
  }

  committed(lastPosition: number): void {
    this.staged = [];
    this.segments.committed();
    if (this.frozen !== undefined || this.tail.events < this.segmentEvents) return;
    this.frozen = this.tail;
    this.tail = new StreamTail();
    this.segments.seal(this.frozen, lastPosition, () => {
      this.frozen = undefined;
    });
  }

  rolledBack(): void {
    this.segments.rolledBack();
    for (const stream of this.staged.reverse()) this.tail.undo(stream);
    this.staged = [];
  }

  private isRemovalIn(tail: StreamTail | undefined, hash: number): boolean {
    return tail?.removals().some((stream) => this.hashOf(stream) === hash) ?? false;
  }

  private sealedHead(stream: string): Head {
    const remembered = this.heads.get(stream);
    if (remembered !== undefined) {
      this.heads.delete(stream);
      this.heads.set(stream, remembered);
      return remembered;
    }
    const hash = this.hashOf(stream);
    const newest = this.segments.newest(
      stream,
      hash,
      () => this.isRemovalIn(this.tail, hash) || this.isRemovalIn(this.frozen, hash),
    );
    if (newest === undefined) return { hash, revision: -1, isRemoved: false };
    const head = { hash, revision: newest.revision, isRemoved: newest.type === STREAM_REMOVED };
    this.heads.set(stream, head);
    if (this.heads.size > this.headsMax) this.heads.delete(this.heads.keys().next().value!);
    return head;
  }
}

/** SHA-256, so that nobody can choose names that collide; of it, as many bits as a number holds exactly. */
function startOfSha256(stream: string): number {
  return Number.parseInt(digest('sha256', stream, 'hex').slice(0, HASH_BITS / 4), 16);
}
