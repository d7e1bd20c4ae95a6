/**
 * The sealed part of the stream index: immutable segments, each for its own stretch of positions. They are written, merged
 * and dropped in small steps that ride on the commits of others, and count only once they are listed: what a crash leaves
 * half done is nobody's segment, and is dropped.
 */
import { STREAM_REMOVED, type StoredEvent } from '../../application/ports/event-store.js';
import type { EventRows } from './event-rows.js';
import { IndexPages, inOrder, type Row } from './index-pages.js';
import { IndexSegment } from './index-segment.js';
import { SegmentBuild, SegmentDrop, type SegmentPlan, type Upkeep } from './index-upkeep.js';
import { DamagedRow } from './row-checksum.js';
import type { StreamCuts } from './stream-cuts.js';
import type { StreamTail } from './stream-tail.js';

export class IndexSegments {
  private readonly pages: IndexPages;
  /** In the order of the positions that they cover. */
  private segments: readonly IndexSegment[];
  private nextId: number;
  private sealing: Upkeep | undefined;
  private merging: Upkeep | undefined;
  private readonly drops: Upkeep[] = [];
  private afterCommit: (() => void) | undefined;

  constructor(
    private readonly events: EventRows,
    private readonly cuts: StreamCuts,
    private readonly perLevel: number,
  ) {
    this.pages = new IndexPages(events.connection);
    this.segments = this.pages.listed().map((record) => new IndexSegment(this.pages, record));
    const listed = new Set(this.segments.map(({ id }) => id));
    const written = this.pages.written();
    this.nextId = Math.max(0, ...listed, ...written) + 1;
    for (const id of written) if (!listed.has(id)) this.drop(id);
    this.planMerge();
  }

  /** Every event up to here is in a segment. */
  get lastPosition(): number {
    return this.segments.at(-1)?.lastPosition ?? 0;
  }

  /** `isRemovedLater` tells whether a stream of this hash was removed after the newest segment. */
  newest(stream: string, hash: number, isRemovedLater: () => boolean): StoredEvent | undefined {
    let missing = -1;
    for (const segment of this.having(hash)) {
      for (const [, revision, position] of segment.rowsBackward(hash)) {
        const event = this.events.at(position);
        if (event === undefined) missing = Math.max(missing, revision);
        if (event?.stream !== stream) continue;
        if (missing > event.revision && !isRemovedLater()) this.assertTaken(hash, missing);
        return event;
      }
    }
    if (missing >= 0 && !isRemovedLater()) this.assertTaken(hash, missing);
    return undefined;
  }

  /** What the index points to and the log lacks went with its stream or the beginning of it, of an equal hash then; or the disk lost it. */
  private assertTaken(hash: number, revision: number): void {
    if (this.cuts.isAbove(hash, revision)) return;
    for (const segment of this.having(hash)) {
      for (const [, above, position] of segment.rowsBackward(hash)) {
        if (above > revision && this.events.at(position)?.type === STREAM_REMOVED) return;
      }
    }
    throw new DamagedRow('events');
  }

  /** The events of a stream with revisions in [from, below), in order. */
  range(stream: string, hash: number, from: number, below: number): readonly StoredEvent[] {
    const parts: StoredEvent[][] = [];
    for (const segment of this.having(hash)) {
      const part: StoredEvent[] = [];
      for (const row of segment.rowsFrom(hash, from)) {
        if (row[1] >= below) break;
        const event = this.eventOf(stream, row);
        if (event !== undefined) part.push(event);
      }
      parts.push(part);
      if (part[0]?.revision === from) break;
    }
    return parts.reverse().flat();
  }

  /** Begins to write a segment; `done` says that it has taken the place of the tail it is made from. */
  seal(tail: StreamTail, lastPosition: number, done: () => void): void {
    const plan = { level: 0, rows: tail.rows(), streams: tail.streams, lastPosition, replaces: [] };
    this.sealing = this.build(plan, (segment) => {
      this.sealing = undefined;
      this.segments = [...this.segments, segment];
      this.planMerge();
      done();
    });
  }

  /** Does one step of what is due, in the open transaction. */
  beforeCommit(pagesMax: number): void {
    this.afterCommit = (this.sealing ?? this.merging ?? this.drops[0])?.step(pagesMax);
  }

  committed(): void {
    this.afterCommit?.();
    this.afterCommit = undefined;
  }

  rolledBack(): void {
    this.afterCommit = undefined;
  }

  /** The newest first: of all that have a stream, the newest has its head. */
  private having(hash: number): readonly IndexSegment[] {
    return this.segments.filter((segment) => segment.mayHave(hash)).reverse();
  }

  /** Equal hashes are told apart by the name that stands in the event; a removed event is no longer there. */
  private eventOf(stream: string, [, , position]: Row): StoredEvent | undefined {
    const event = this.events.at(position);
    return event?.stream === stream ? event : undefined;
  }

  private planMerge(): void {
    if (this.merging !== undefined) return;
    const levels = Map.groupBy(this.segments, ({ level }) => level).values();
    const inputs = [...levels].find((segments) => segments.length >= this.perLevel)?.slice(0, this.perLevel);
    if (inputs === undefined) return;
    const { level, lastPosition } = inputs.at(-1)!;
    const rows = merged(inputs.map((input) => input.rows()));
    const streams = inputs.reduce((sum, input) => sum + input.streams, 0);
    this.merging = this.build({ level: level + 1, rows, streams, lastPosition, replaces: inputs }, (segment) => {
      this.merging = undefined;
      this.segments = this.segments.toSpliced(this.segments.indexOf(inputs[0]!), inputs.length, segment);
      for (const { id } of inputs) this.drop(id);
      this.planMerge();
    });
  }

  private build(plan: Omit<SegmentPlan, 'id'>, done: (segment: IndexSegment) => void): SegmentBuild {
    const id = this.nextId;
    this.nextId += 1;
    return new SegmentBuild(this.pages, { ...plan, id }, done);
  }

  private drop(id: number): void {
    this.drops.push(new SegmentDrop(this.pages, id, () => void this.drops.shift()));
  }
}

function* merged(inputs: readonly Iterator<Row>[]): Generator<Row> {
  const heads = inputs.map((input) => input.next());
  for (;;) {
    let first = -1;
    for (let at = 0; at < heads.length; at += 1) {
      const head = heads[at]!;
      if (!head.done && (first < 0 || inOrder(head.value, heads[first]!.value) < 0)) first = at;
    }
    if (first < 0) return;
    yield heads[first]!.value;
    heads[first] = inputs[first]!.next();
  }
}
