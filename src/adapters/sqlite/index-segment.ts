/** One immutable segment of the stream index: the rows of one stretch of positions, sorted by stream, found by binary search. */
import { BloomFilter } from './bloom-filter.js';
import { type IndexPages, NUMBERS_PER_ROW, numbersOf, type Row, type SegmentRecord } from './index-pages.js';

export class IndexSegment {
  readonly id: number;
  readonly level: number;
  readonly streams: number;
  /** The segment covers the positions behind those of the segment before it, up to here. */
  readonly lastPosition: number;
  private readonly pageCount: number;
  private readonly bloom: BloomFilter;
  /** Hash and revision of the first row of each page. */
  private readonly fences: Float64Array;

  constructor(
    private readonly pages: IndexPages,
    record: SegmentRecord,
  ) {
    this.id = record.id;
    this.level = record.level;
    this.streams = record.streams;
    this.pageCount = record.pages;
    this.lastPosition = record.lastPosition;
    this.bloom = BloomFilter.fromBytes(record.bloom);
    this.fences = numbersOf(record.fences);
  }

  mayHave(hash: number): boolean {
    return this.bloom.mayHave(hash);
  }

  *rows(): Generator<Row> {
    for (let page = 0; page < this.pageCount; page += 1) yield* rowsOf(this.pages.read(this.id, page));
  }

  /** The rows of a hash from a revision on, in order. */
  *rowsFrom(hash: number, revision: number): Generator<Row> {
    for (let page = Math.max(this.pageOf(hash, revision), 0); page < this.pageCount; page += 1) {
      for (const row of rowsOf(this.pages.read(this.id, page))) {
        if (row[0] > hash) return;
        if (row[0] === hash && row[1] >= revision) yield row;
      }
    }
  }

  /** The rows of a hash, the newest first. */
  *rowsBackward(hash: number): Generator<Row> {
    for (let page = this.pageOf(hash, Number.POSITIVE_INFINITY); page >= 0; page -= 1) {
      for (const row of [...rowsOf(this.pages.read(this.id, page))].reverse()) {
        if (row[0] < hash) return;
        if (row[0] === hash) yield row;
      }
    }
  }

  /** The last page that begins before the place, or -1; equal places may reach back into the page before. */
  private pageOf(hash: number, revision: number): number {
    let low = 0;
    let high = this.pageCount;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const first = this.fences[2 * middle]! - hash || this.fences[2 * middle + 1]! - revision;
      if (first < 0) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}

function* rowsOf(numbers: Float64Array): Generator<Row> {
  for (let at = 0; at < numbers.length; at += NUMBERS_PER_ROW) yield [numbers[at]!, numbers[at + 1]!, numbers[at + 2]!];
}
