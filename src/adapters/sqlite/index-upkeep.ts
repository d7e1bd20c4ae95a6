/**
 * The upkeep of the stream index, cut into steps. A step writes a few pages into the transaction that is open anyway and
 * returns what becomes true once that is committed; after a rollback the same step is simply made again.
 */
import { BloomFilter } from './bloom-filter.js';
import { bytesOf, type IndexPages, NUMBERS_PER_PAGE, type Row, type SegmentRecord } from './index-pages.js';
import { IndexSegment } from './index-segment.js';

export interface Upkeep {
  /** The returned function is for after the commit, and not for after a rollback. */
  step(pagesMax: number): () => void;
}

export interface SegmentPlan {
  readonly id: number;
  readonly level: number;
  /** Sorted, each read once. */
  readonly rows: Iterator<Row>;
  /** An upper bound. */
  readonly streams: number;
  readonly lastPosition: number;
  readonly replaces: readonly IndexSegment[];
}

/** Writes a segment page by page; with the last page it is listed, and what it replaces is not any more. */
export class SegmentBuild implements Upkeep {
  private readonly bloom: BloomFilter;
  private readonly fences: number[] = [];
  private events = 0;
  private written = 0;
  /** Pages that were made and are not committed. */
  private pending: Uint8Array[] = [];
  private isComplete = false;

  constructor(
    private readonly pages: IndexPages,
    private readonly plan: SegmentPlan,
    private readonly done: (segment: IndexSegment) => void,
  ) {
    this.bloom = BloomFilter.forKeys(plan.streams);
  }

  step(pagesMax: number): () => void {
    while (this.pending.length < pagesMax && !this.isComplete) this.makePage();
    for (const [at, page] of this.pending.entries()) this.pages.write(this.plan.id, this.written + at, page);
    const record = this.isComplete ? this.listSegment() : undefined;
    return () => {
      this.written += this.pending.length;
      this.pending = [];
      if (record !== undefined) this.done(new IndexSegment(this.pages, record));
    };
  }

  private makePage(): void {
    const numbers: number[] = [];
    while (numbers.length < NUMBERS_PER_PAGE && !this.isComplete) {
      const next = this.plan.rows.next();
      if (next.done) this.isComplete = true;
      else this.addRow(numbers, next.value);
    }
    if (numbers.length > 0) this.pending.push(bytesOf(numbers));
  }

  private addRow(numbers: number[], [hash, revision, position]: Row): void {
    if (numbers.length === 0) this.fences.push(hash, revision);
    numbers.push(hash, revision, position);
    this.bloom.add(hash);
    this.events += 1;
  }

  private listSegment(): SegmentRecord {
    const { id, level, streams, lastPosition, replaces } = this.plan;
    const pages = this.written + this.pending.length;
    const fences = bytesOf(this.fences);
    const record = { id, level, events: this.events, streams, pages, lastPosition, fences, bloom: this.bloom.bytes };
    for (const replaced of replaces) this.pages.unlist(replaced.id);
    this.pages.list(record);
    return record;
  }
}

/** Deletes the pages of a segment that nobody looks into any more. */
export class SegmentDrop implements Upkeep {
  constructor(
    private readonly pages: IndexPages,
    private readonly id: number,
    private readonly done: () => void,
  ) {}

  step(pagesMax: number): () => void {
    const isLast = this.pages.drop(this.id, pagesMax);
    return () => {
      if (isLast) this.done();
    };
  }
}
