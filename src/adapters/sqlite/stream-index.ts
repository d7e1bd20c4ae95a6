/**
 * Where the events of a stream lie. The newest are known from memory (the tail, read again at a start), the others from
 * sealed segments; a stream that is in neither does not exist. A random name must never cost the commit a page of its own:
 * an ordinary index would do that, and it halves the rate of the whole store (ADR 0011).
 */
import { hash as digest } from 'node:crypto';
import { STREAM_REMOVED, type StoredEvent } from '../../application/ports/event-store.js';
import type { EventRows } from './event-rows.js';
import { ROWS_PER_PAGE } from './index-pages.js';
import { HASH_BITS } from './index-rows.js';
import { IndexSegments } from './index-segments.js';

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

export interface Head {
  readonly hash: number;
  /** -1 when there is no stream. */
  readonly revision: number;
  readonly isRemoved: boolean;
}

const SEGMENT_EVENTS = 32_768;
const SEGMENTS_PER_LEVEL = 8;
const HEADS_MAX = 16_384;
/** Upkeep outruns the events that cause it: each is sealed once, and copied and deleted once for each level. */
const ROWS_PER_EVENT = 8;

export class StreamIndex {
  private readonly segments: IndexSegments;
  private readonly segmentEvents: number;
  private readonly headsMax: number;
  private readonly hashOf: (stream: string) => number;
  private tail = new Map<string, Entry>();
  private tailEvents = 0;
  /** The tail before this one, for as long as it is being sealed. */
  private frozen: ReadonlyMap<string, Entry> | undefined;
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
    this.segments = new IndexSegments(events, options.segmentsPerLevel ?? SEGMENTS_PER_LEVEL);
    for (const { stream, revision, position, type } of events.placesAfter(this.segments.lastPosition)) {
      const hash = this.tail.get(stream)?.hash ?? this.hashOf(stream);
      this.addToTail(stream, hash, revision, position, type === STREAM_REMOVED);
    }
  }

  /** The newest event of a stream, those of the open transaction included. */
  head(stream: string): Head {
    return this.tail.get(stream) ?? this.frozen?.get(stream) ?? this.sealedHead(stream);
  }

  /** The events of a stream with revisions in [from, below), in order. */
  range(stream: string, hash: number, from: number, below: number): readonly StoredEvent[] {
    const parts: (readonly StoredEvent[])[] = [];
    let until = below;
    for (const entry of [this.tail.get(stream), this.frozen?.get(stream)]) {
      if (entry === undefined || from >= until) continue;
      const positions = entry.positions.slice(Math.max(from - entry.first, 0), Math.max(until - entry.first, 0));
      parts.push(positions.map((position) => this.events.at(position)!));
      until = Math.min(until, entry.first);
    }
    if (from < until) parts.push(this.segments.range(stream, hash, from, until));
    return parts.reverse().flat();
  }

  /** Takes note of an event that is written in the open transaction. */
  stage(stream: string, hash: number, revision: number, position: number, isRemoval: boolean): void {
    this.addToTail(stream, hash, revision, position, isRemoval);
    this.heads.delete(stream);
    this.staged.push(stream);
  }

  beforeCommit(): void {
    this.segments.beforeCommit(Math.ceil((this.staged.length * ROWS_PER_EVENT) / ROWS_PER_PAGE));
  }

  committed(lastPosition: number): void {
    this.staged = [];
    this.segments.committed();
    if (this.frozen !== undefined || this.tailEvents < this.segmentEvents) return;
    const frozen = this.tail;
    this.frozen = frozen;
    this.tail = new Map();
    this.tailEvents = 0;
    this.segments.seal([...frozen.values()], lastPosition, () => {
      this.frozen = undefined;
    });
  }

  rolledBack(): void {
    this.segments.rolledBack();
    for (const stream of this.staged) {
      const entry = this.tail.get(stream)!;
      entry.positions.pop();
      entry.isRemoved = false;
    }
    this.tailEvents -= this.staged.length;
    this.staged = [];
  }

  private addToTail(stream: string, hash: number, revision: number, position: number, isRemoval: boolean): void {
    let entry = this.tail.get(stream);
    if (entry === undefined) {
      entry = new Entry(hash, revision);
      this.tail.set(stream, entry);
    }
    entry.positions.push(position);
    entry.isRemoved = isRemoval;
    this.tailEvents += 1;
  }

  private sealedHead(stream: string): Head {
    const remembered = this.heads.get(stream);
    if (remembered !== undefined) {
      this.heads.delete(stream);
      this.heads.set(stream, remembered);
      return remembered;
    }
    const hash = this.hashOf(stream);
    const newest = this.segments.newest(stream, hash);
    if (newest === undefined) return { hash, revision: -1, isRemoved: false };
    const head = { hash, revision: newest.revision, isRemoved: newest.type === STREAM_REMOVED };
    this.heads.set(stream, head);
    if (this.heads.size > this.headsMax) this.heads.delete(this.heads.keys().next().value!);
    return head;
  }
}

/** The events of one stream in the tail: positions of dense revisions from `first` on. */
class Entry implements Head {
  readonly positions: number[] = [];
  isRemoved = false;

  constructor(
    readonly hash: number,
    readonly first: number,
  ) {}

  get revision(): number {
    return this.first + this.positions.length - 1;
  }
}

/** SHA-256, so that nobody can choose names that collide; of it, as many bits as a number holds exactly. */
function startOfSha256(stream: string): number {
  return Number.parseInt(digest('sha256', stream, 'hex').slice(0, HASH_BITS / 4), 16);
}
