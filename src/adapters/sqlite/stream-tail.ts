/**
 * The newest events of all streams, in memory, each with a link to the one before it in its stream. They are columns of
 * numbers, and no objects: tens of thousands of small objects that live for some seconds are what a collector pauses for.
 */
import { inOrder, type Row } from './index-pages.js';

export interface Head {
  readonly hash: number;
  /** -1 when there is no stream. */
  readonly revision: number;
  readonly isRemoved: boolean;
}

/** As much of a hash as a number holds exactly: 13 hexadecimal digits. */
export const HASH_BITS = 52;
const BUCKETS = 256;
const HASHES_PER_BUCKET = 2 ** HASH_BITS / BUCKETS;
const NONE = -1;

export class StreamTail {
  /** The place, in the columns, of a stream's newest event. */
  private readonly newest = new Map<string, number>();
  private readonly removed = new Set<string>();
  private readonly hashes: number[] = [];
  private readonly revisions: number[] = [];
  private readonly positions: number[] = [];
  private readonly earlier: number[] = [];

  get events(): number {
    return this.positions.length;
  }

  get streams(): number {
    return this.newest.size;
  }

  head(stream: string): Head | undefined {
    const at = this.newest.get(stream);
    if (at === undefined) return undefined;
    return { hash: this.hashes[at]!, revision: this.revisions[at]!, isRemoved: this.removed.has(stream) };
  }

  add(stream: string, hash: number, revision: number, position: number, isRemoval: boolean): void {
    this.earlier.push(this.newest.get(stream) ?? NONE);
    this.newest.set(stream, this.positions.length);
    this.hashes.push(hash);
    this.revisions.push(revision);
    this.positions.push(position);
    if (isRemoval) this.removed.add(stream);
  }

  removals(): readonly string[] {
    return [...this.removed];
  }

  /** Takes back the last `add`, which was for this stream. */
  undo(stream: string): void {
    const earlier = this.earlier.pop()!;
    if (earlier === NONE) this.newest.delete(stream);
    else this.newest.set(stream, earlier);
    for (const column of [this.hashes, this.revisions, this.positions]) column.pop();
    this.removed.delete(stream);
  }

  /** The positions of a stream's revisions in [from, below), in order, as far as they are here. */
  range(stream: string, from: number, below: number): number[] {
    const found: number[] = [];
    for (let at = this.newest.get(stream) ?? NONE; at !== NONE && this.revisions[at]! >= from; at = this.earlier[at]!) {
      if (this.revisions[at]! < below) found.push(this.positions[at]!);
    }
    return found.reverse();
  }

  /** All rows in the order of the index, sorted a bucket at a time: nobody waits for the sorting of all. */
  *rows(): Generator<Row> {
    const buckets: number[][] = Array.from({ length: BUCKETS }, () => []);
    for (const [at, hash] of this.hashes.entries()) buckets[Math.floor(hash / HASHES_PER_BUCKET)]!.push(at);
    for (const bucket of buckets) {
      yield* bucket.map((at): Row => [this.hashes[at]!, this.revisions[at]!, this.positions[at]!]).sort(inOrder);
    }
  }
}
