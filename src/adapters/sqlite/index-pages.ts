/**
 * The pages of the stream index as rows of a table. A page holds many index rows in one value of 4 KiB, which is what
 * SQLite writes for a single row as well: a row each would cost more than the event that it points to.
 */
import { assertChecksum, DamagedRow, rowChecksum } from './row-checksum.js';
import type { Connection } from './sqlite-database.js';

/** Where one event of a stream lies. */
export type Row = readonly [hash: number, revision: number, position: number];

export const inOrder = (one: Row, other: Row): number => one[0] - other[0] || one[1] - other[1] || one[2] - other[2];

/** As many rows as fill one page of the database file, which is 4,096 bytes with some bytes of its own. */
export const ROWS_PER_PAGE = 168;
export const NUMBERS_PER_ROW = 3;
export const NUMBERS_PER_PAGE = ROWS_PER_PAGE * NUMBERS_PER_ROW;

export interface SegmentRecord {
  readonly id: number;
  readonly level: number;
  readonly events: number;
  readonly streams: number;
  readonly pages: number;
  readonly lastPosition: number;
  readonly fences: Uint8Array;
  readonly bloom: Uint8Array;
}

/** A page's key is the segment's id, then the number of the page in it. */
const PAGES_PER_SEGMENT_MAX = 2 ** 22;

const keyOf = (segment: number, page: number): number => segment * PAGES_PER_SEGMENT_MAX + page;

/** Numbers as they lie in memory: little-endian 64-bit floating point on every platform that this runs on. */
export const bytesOf = (numbers: readonly number[]): Uint8Array => new Uint8Array(Float64Array.from(numbers).buffer);
export const numbersOf = (bytes: Uint8Array): Float64Array => new Float64Array(Uint8Array.from(bytes).buffer);

interface PageRow {
  readonly page: number;
  readonly entries: Uint8Array;
  readonly checksum: number;
}

const PAGES = 'index_pages';
const SEGMENTS = 'index_segments';

const valuesOf = ({ id, level, events, streams, pages, lastPosition, fences, bloom }: SegmentRecord) => [
  ...[id, level, events, streams, pages, lastPosition],
  ...[fences, bloom],
];

export class IndexPages {
  private readonly insertPage;
  private readonly selectPage;
  private readonly selectFirst;
  private readonly deletePages;
  private readonly insertSegment;
  private readonly deleteSegment;
  private readonly selectSegments;

  constructor(connection: Connection) {
    this.insertPage = connection.prepare('INSERT INTO index_pages (page, entries, checksum) VALUES (?, ?, ?)');
    this.selectPage = connection.prepare<[number], PageRow>('SELECT page, entries, checksum FROM index_pages WHERE page = ?');
    this.selectFirst = connection.prepare<[number], number | null>('SELECT min(page) FROM index_pages WHERE page >= ?').pluck();
    this.deletePages = connection.prepare('DELETE FROM index_pages WHERE page >= ? AND page < ?');
    this.insertSegment = connection.prepare(
      `INSERT INTO index_segments (segment, level, events, streams, pages, last_position, fences, bloom, checksum)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.deleteSegment = connection.prepare('DELETE FROM index_segments WHERE segment = ?');
    this.selectSegments = connection.prepare<[], SegmentRecord & { readonly checksum: number }>(
      `SELECT segment AS id, level, events, streams, pages, last_position AS lastPosition, fences, bloom, checksum
        FROM index_segments ORDER BY last_position`,
    );
  }

  read(segment: number, page: number): Float64Array {
    const row = this.selectPage.get(keyOf(segment, page));
    if (row === undefined) throw new DamagedRow(PAGES);
    assertChecksum(PAGES, row.checksum, [row.page, row.entries]);
    return numbersOf(row.entries);
  }

  write(segment: number, page: number, entries: Uint8Array): void {
    const values = [keyOf(segment, page), entries];
    this.insertPage.run(...values, rowChecksum(values));
  }

  /** Deletes the next pages of a segment, at most `max`, and says whether none are left. */
  drop(segment: number, max: number): boolean {
    const end = keyOf(segment + 1, 0);
    const first = this.selectFirst.get(keyOf(segment, 0)) ?? end;
    if (first < end) this.deletePages.run(first, Math.min(first + max, end));
    return first + max >= end || (this.selectFirst.get(first) ?? end) >= end;
  }

  list(segment: SegmentRecord): void {
    const values = valuesOf(segment);
    this.insertSegment.run(...values, rowChecksum(values));
  }

  unlist(segment: number): void {
    this.deleteSegment.run(segment);
  }

  listed(): readonly SegmentRecord[] {
    return this.selectSegments.all().map(({ checksum, ...segment }) => {
      assertChecksum(SEGMENTS, checksum, valuesOf(segment));
      return segment;
    });
  }

  /** The ids of all segments that have pages, listed or not: an id is used once. */
  written(): readonly number[] {
    const ids: number[] = [];
    let page = this.selectFirst.get(0);
    while (page !== undefined && page !== null) {
      const id = Math.floor(page / PAGES_PER_SEGMENT_MAX);
      ids.push(id);
      page = this.selectFirst.get(keyOf(id + 1, 0));
    }
    return ids;
  }
}
