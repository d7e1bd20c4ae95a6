/**
 * What every source of chance promises. Goal: nothing can be read out of an id or a code.
 * Method: counting. The bounds lie eight standard deviations out, so that an honest source never meets them.
 */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { IdSource } from '../../src/application/ports/id-source.js';
import { isUuid } from '../../src/domain/kernel/ids.js';

export interface IdSourceUnderTest {
  readonly ids: IdSource;
  close(): Promise<void>;
}

/** How often something of this probability may happen in so many tries. */
function boundsOf(tries: number, probability: number): { readonly min: number; readonly max: number } {
  const mean = tries * probability;
  const spread = 8 * Math.sqrt(mean * (1 - probability));
  return { min: mean - spread, max: mean + spread };
}

function expectWithin(count: number, bounds: { readonly min: number; readonly max: number }): void {
  expect(count).toBeGreaterThan(bounds.min);
  expect(count).toBeLessThan(bounds.max);
}

export function idSourceContract(name: string, open: () => Promise<IdSourceUnderTest>): void {
  describe(`IdSource: ${name}`, () => {
    let under: IdSourceUnderTest;
    let ids: IdSource;

    beforeEach(async () => {
      under = await open();
      ids = under.ids;
    });
    afterEach(() => under.close());

    it('Chance from one source, so that a test can own it: no two ids of a source are equal.', () => {
      const count = 10_000;
      expect(new Set(Array.from({ length: count }, () => ids.uuid())).size).toBe(count);
    });

    it('A random UUID (version 4), lower case.', () => {
      const count = 2_000;
      const ones = new Array<number>(128).fill(0);
      for (let made = 0; made < count; made += 1) {
        const uuid = ids.uuid();
        if (!isUuid(uuid)) throw new Error(`${uuid} is no UUID.`);
        const bits = BigInt(`0x${uuid.replaceAll('-', '')}`);
        for (let bit = 0; bit < 128; bit += 1) if ((bits >> BigInt(127 - bit)) & 1n) ones[bit]! += 1;
      }
      expect(ones.slice(48, 52)).toEqual([0, count, 0, 0]);
      expect(ones.slice(64, 66)).toEqual([count, 0]);
      const random = ones.filter((_count, bit) => !(bit >= 48 && bit < 52) && !(bit >= 64 && bit < 66));
      expect(random).toHaveLength(122);
      for (const set of random) expectWithin(set, boundsOf(count, 1 / 2));
    });

    it('So many decimal digits, each equally likely.', () => {
      for (const length of [0, 1, 6, 40]) expect(ids.digits(length)).toMatch(new RegExp(`^[0-9]{${length}}$`));
      const count = 4_000;
      const seen = Array.from({ length: 6 }, () => new Array<number>(10).fill(0));
      for (let made = 0; made < count; made += 1) {
        const digits = [...ids.digits(6)].map(Number);
        for (const [place, digit] of digits.entries()) seen[place]![digit]! += 1;
      }
      for (const place of seen) for (const times of place) expectWithin(times, boundsOf(count, 1 / 10));
    });

    it('A number from 0 up to, not including, 1.', () => {
      const count = 10_000;
      const tenths = new Array<number>(10).fill(0);
      const seen = new Set<number>();
      for (let made = 0; made < count; made += 1) {
        const fraction = ids.fraction();
        if (!(fraction >= 0 && fraction < 1)) throw new Error(`${fraction} is out of bounds.`);
        tenths[Math.floor(fraction * 10)]! += 1;
        seen.add(fraction);
      }
      for (const times of tenths) expectWithin(times, boundsOf(count, 1 / 10));
      expect(seen.size).toBe(count);
    });
  });
}
