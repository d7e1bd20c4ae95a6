/** Goal: pages are right by arithmetic. Method: every answer is compared with the same choice among listed places. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { around, first, last, merged, type SeqRange, sizeOf, within } from '../../src/projections/seq-ranges.js';

const placesOf = (ranges: readonly SeqRange[]): number[] =>
  ranges.flatMap(({ from, to }) => Array.from({ length: Math.max(0, to - from + 1) }, (_, offset) => from + offset));

const anyRanges = fc.array(fc.record({ from: fc.integer({ min: 1, max: 30 }), to: fc.integer({ min: 0, max: 30 }) }), {
  maxLength: 4,
});
const anyCount = fc.nat(12);
const anyPlace = fc.integer({ min: 1, max: 32 });

const check = (ranges: readonly SeqRange[], expected: readonly number[]): void => {
  expect(placesOf(ranges)).toEqual(expected);
  expect(sizeOf(ranges)).toBe(expected.length);
};

describe('ranges of places', () => {
  it('merge to the places that any of them holds, once and in order', () => {
    fc.assert(
      fc.property(anyRanges, (ranges) => {
        check(
          merged(ranges),
          [...new Set(placesOf(ranges))].sort((one, other) => one - other),
        );
      }),
    );
  });

  it('are cut to what lies within', () => {
    fc.assert(
      fc.property(anyRanges, anyPlace, anyPlace, (ranges, from, to) => {
        const expected = placesOf(merged(ranges)).filter((place) => from <= place && place <= to);
        check(within(merged(ranges), { from, to }), expected);
      }),
    );
  });

  it('give the first, the last', () => {
    fc.assert(
      fc.property(anyRanges, anyCount, (ranges, count) => {
        const places = placesOf(merged(ranges));
        check(first(merged(ranges), count), places.slice(0, count));
        check(last(merged(ranges), count), count === 0 ? [] : places.slice(-count));
      }),
    );
  });

  it('give what lies around a place, with the place itself, and as much as there is', () => {
    fc.assert(
      fc.property(anyRanges, anyPlace, anyCount, (ranges, place, count) => {
        const places = placesOf(merged(ranges));
        const page = placesOf(around(merged(ranges), place, count));
        expect(page).toHaveLength(Math.min(count, places.length));
        const start = places.indexOf(page[0] ?? 0);
        if (page.length > 0) expect(page).toEqual(places.slice(start, start + page.length));
        if (count > 0 && places.includes(place)) expect(page).toContain(place);
      }),
    );
  });

  it('put as many before the place as after it, when there are as many', () => {
    expect(placesOf(around([{ from: 1, to: 100 }], 50, 5))).toEqual([48, 49, 50, 51, 52]);
    expect(placesOf(around([{ from: 1, to: 100 }], 99, 6))).toEqual([95, 96, 97, 98, 99, 100]);
    expect(placesOf(around([{ from: 1, to: 100 }], 2, 6))).toEqual([1, 2, 3, 4, 5, 6]);
  });
});
