/**
 * Arithmetic of places in a history: `seq` is dense, so a page is known before it is read, and what is then missing is
 * a place that must be answered as withheld.
 */

/** Both ends included. */
export interface SeqRange {
  readonly from: number;
  readonly to: number;
}

export const sizeOf = (ranges: readonly SeqRange[]): number => ranges.reduce((sum, { from, to }) => sum + to - from + 1, 0);

/** Ascending, apart from each other, none empty. */
export function merged(ranges: readonly SeqRange[]): readonly SeqRange[] {
  const result: SeqRange[] = [];
  for (const range of [...ranges].sort((one, other) => one.from - other.from)) {
    const last = result.at(-1);
    if (range.to < range.from) continue;
    if (last !== undefined && range.from <= last.to + 1) {
      result[result.length - 1] = { from: last.from, to: Math.max(last.to, range.to) };
    } else result.push(range);
  }
  return result;
}

export const within = (ranges: readonly SeqRange[], { from, to }: SeqRange): readonly SeqRange[] =>
  merged(ranges.map((range) => ({ from: Math.max(range.from, from), to: Math.min(range.to, to) })));

export function first(ranges: readonly SeqRange[], count: number): readonly SeqRange[] {
  const result: SeqRange[] = [];
  let left = count;
  for (const { from, to } of ranges) {
    if (left <= 0) break;
    const end = Math.min(to, from + left - 1);
    result.push({ from, to: end });
    left -= end - from + 1;
  }
  return result;
}

export function last(ranges: readonly SeqRange[], count: number): readonly SeqRange[] {
  const result: SeqRange[] = [];
  let left = count;
  for (const { from, to } of [...ranges].reverse()) {
    if (left <= 0) break;
    const start = Math.max(from, to - left + 1);
    result.unshift({ from: start, to });
    left -= to - start + 1;
  }
  return result;
}

/** As many before a place as after it; what one side lacks the other makes up. */
export function around(ranges: readonly SeqRange[], seq: number, count: number): readonly SeqRange[] {
  const before = within(ranges, { from: 1, to: seq - 1 });
  const after = within(ranges, { from: seq, to: Number.MAX_SAFE_INTEGER });
  const beforeCount = Math.min(sizeOf(before), Math.max(Math.floor(count / 2), count - sizeOf(after)));
  return merged([...last(before, beforeCount), ...first(after, count - beforeCount)]);
}
