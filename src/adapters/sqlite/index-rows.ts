/** Makes one sorted sequence of index rows out of what is unsorted, or sorted in parts, a little at a time: nobody waits for all of it. */
import type { Row } from './index-pages.js';

/** The events of one stream, dense from the revision `first` on. */
export interface Stretch {
  readonly hash: number;
  readonly first: number;
  readonly positions: readonly number[];
}

/** As much of a hash as a number holds exactly: 13 hexadecimal digits. */
export const HASH_BITS = 52;
const BUCKETS = 256;
const HASHES_PER_BUCKET = 2 ** HASH_BITS / BUCKETS;

const inOrder = (one: Row, other: Row): number => one[0] - other[0] || one[1] - other[1] || one[2] - other[2];

export function* sorted(stretches: Iterable<Stretch>): Generator<Row> {
  const buckets: Stretch[][] = Array.from({ length: BUCKETS }, () => []);
  for (const stretch of stretches) buckets[Math.floor(stretch.hash / HASHES_PER_BUCKET)]!.push(stretch);
  for (const bucket of buckets) {
    yield* bucket
      .flatMap(({ hash, first, positions }) => positions.map((position, at): Row => [hash, first + at, position]))
      .sort(inOrder);
  }
}

export function* merged(inputs: readonly Iterator<Row>[]): Generator<Row> {
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
