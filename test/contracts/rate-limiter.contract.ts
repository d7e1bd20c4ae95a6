/**
 * What every rate limiter promises. Goal: no schedule, and no clock, gets more out of it than the limit (invariant I12).
 * Method: generated schedules against a count of grants that knows nothing of windows but their length.
 */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Unavailable } from '../../src/application/ports/failures.js';
import type { Limit, RateLimiter } from '../../src/application/ports/rate-limiter.js';
import { type Instant, instant, later } from '../../src/domain/kernel/instant.js';
import { tracesOf } from '../support/dump.js';

export interface RateLimiterUnderTest {
  readonly limiter: RateLimiter;
  /** Another one over the same store. */
  again(): Promise<RateLimiter>;
  /** All that is stored, as text. */
  dump(): Promise<string>;
  close(): Promise<void>;
}

const START = instant(Date.UTC(2031, 4, 6, 7, 8, 9));
const LIMIT: Limit = { name: 'codes-per-number', max: 3, windowMs: 1_000 };

/** One taking of a generated schedule: how far the clock moves before it, and which key it is for. */
interface Step {
  readonly pauseMs: number;
  readonly key: 'one' | 'other';
}

const schedules = (pauses: fc.Arbitrary<number>): fc.Arbitrary<Step[]> =>
  fc.array(fc.record({ pauseMs: pauses, key: fc.constantFrom('one' as const, 'other' as const) }), { maxLength: 30 });

/** Windows as the promise has them: the first grant opens one, and those before its end belong to it. */
function mostInAWindow(grantedAt: readonly number[], windowMs: number): number {
  let most = 0;
  let opened = Number.NEGATIVE_INFINITY;
  let inWindow = 0;
  for (const at of grantedAt) {
    if (at >= opened + windowMs) [opened, inWindow] = [at, 0];
    inWindow += 1;
    most = Math.max(most, inWindow);
  }
  return most;
}

/** Any span as long as a window touches two windows at most. */
const mostInASpan = (grantedAt: readonly number[], spanMs: number): number =>
  Math.max(0, ...grantedAt.map((from) => grantedAt.filter((at) => at >= from && at < from + spanMs).length));

export function rateLimiterContract(name: string, open: (windowsMax: number) => Promise<RateLimiterUnderTest>): void {
  describe(`RateLimiter: ${name}`, () => {
    let under: RateLimiterUnderTest;
    let limiter: RateLimiter;

    beforeEach(async () => {
      under = await open(100_000);
      limiter = under.limiter;
    });
    afterEach(() => under.close());

    const takeMany = async (limit: Limit, key: string, times: number, at: Instant): Promise<number> => {
      const grants = await Promise.all(Array.from({ length: times }, () => limiter.take(limit, key, at)));
      return grants.filter(({ allowed }) => allowed).length;
    };

    /** Runs a schedule under a name of its own; answers when each key was granted, by a clock that only counts forward moves. */
    let runs = 0;
    async function grantsOf(steps: readonly Step[], limit: Limit): Promise<ReadonlyMap<string, readonly number[]>> {
      runs += 1;
      const other = await under.again();
      const granted = new Map<string, number[]>();
      let at = START;
      let forwardMs = 0;
      for (const [index, { pauseMs, key }] of steps.entries()) {
        at = later(at, pauseMs);
        forwardMs += Math.max(0, pauseMs);
        const { allowed } = await (index % 3 === 0 ? other : limiter).take(limit, `${key} ${runs}`, at);
        if (allowed) granted.set(key, [...(granted.get(key) ?? []), forwardMs]);
      }
      return granted;
    }

    it('How often something may happen: never more than the limit in a window, whatever the schedule.', async () => {
      const pauses = fc.oneof(fc.integer({ min: 0, max: 400 }), fc.constantFrom(0, 1, 999, 1_000, 1_001));
      const property = fc.asyncProperty(schedules(pauses), fc.integer({ min: 1, max: 4 }), async (steps, max) => {
        const granted = await grantsOf(steps, { ...LIMIT, max });
        for (const times of granted.values()) expect(mostInAWindow(times, LIMIT.windowMs)).toBeLessThanOrEqual(max);
        for (const key of new Set(steps.map((step) => step.key))) expect(granted.get(key)).toBeDefined();
      });
      await fc.assert(property, { numRuns: 100 });
    });

    it('A limiter that fails throws `Unavailable`, so that whoever guards sign-in refuses and whoever guards traffic lets pass.', async () => {
      const small = await open(1);
      await small.limiter.take(LIMIT, 'one', START);
      const refusal: unknown = await small.limiter.take(LIMIT, '+4915112345678', START).catch((error: unknown) => error);
      expect(refusal).toBeInstanceOf(Unavailable);
      expect(String(refusal)).not.toContain('4915112345678');
      await small.close();
    });

    it("Takes one from the key's window, which begins with the first taking and ends after `windowMs`.", async () => {
      const take = (ms: number) => limiter.take(LIMIT, 'key', later(START, ms));
      expect(await take(0)).toEqual({ allowed: true, remaining: 2, resetAfterMs: 1_000 });
      expect(await take(400)).toEqual({ allowed: true, remaining: 1, resetAfterMs: 600 });
      expect(await take(999)).toEqual({ allowed: true, remaining: 0, resetAfterMs: 1 });
      expect(await take(1_000)).toEqual({ allowed: true, remaining: 2, resetAfterMs: 1_000 });
      expect(await take(5_700)).toEqual({ allowed: true, remaining: 2, resetAfterMs: 1_000 });
    });

    it('Refused when the window is used up; a refusal takes nothing and prolongs nothing.', async () => {
      expect(await takeMany(LIMIT, 'key', 10, START)).toBe(3);
      for (const ms of [1, 500, 999]) {
        const refused = { allowed: false, remaining: 0, resetAfterMs: 1_000 - ms };
        expect(await limiter.take(LIMIT, 'key', later(START, ms))).toEqual(refused);
      }
      expect(await takeMany(LIMIT, 'key', 10, later(START, 1_000))).toBe(3);
    });

    it('A clock that is set back neither ends a window nor leaves more than `windowMs` of it.', async () => {
      const hourMs = 60 * 60 * 1_000;
      expect(await takeMany(LIMIT, 'key', 5, later(START, hourMs))).toBe(3);
      expect(await limiter.take(LIMIT, 'key', START)).toEqual({ allowed: false, remaining: 0, resetAfterMs: 1_000 });
      expect(await takeMany(LIMIT, 'key', 5, later(START, 999))).toBe(0);
      expect(await takeMany(LIMIT, 'key', 5, later(START, 1_000))).toBe(3);

      const pauses = fc.oneof(fc.integer({ min: -900, max: 900 }), fc.constantFrom(-100_000, 0, 999, 1_000));
      const property = fc.asyncProperty(schedules(pauses), async (steps) => {
        const granted = await grantsOf(steps, LIMIT);
        for (const times of granted.values()) expect(mostInASpan(times, LIMIT.windowMs)).toBeLessThanOrEqual(2 * LIMIT.max);
      });
      await fc.assert(property, { numRuns: 50 });
    });

    it('What was taken counts for every limiter over the same store.', async () => {
      const other = await under.again();
      await limiter.take(LIMIT, 'key', START);
      expect(await other.take(LIMIT, 'key', START)).toMatchObject({ allowed: true, remaining: 1 });
      const racing = await Promise.all([limiter, other, limiter, other].map((each) => each.take(LIMIT, 'key', START)));
      expect(racing.filter(({ allowed }) => allowed)).toHaveLength(1);
      expect(await (await under.again()).take(LIMIT, 'key', START)).toMatchObject({ allowed: false });
    });

    it('Keys are kept as keyed hashes only.', async () => {
      const key = '+4915112345678';
      await limiter.take(LIMIT, key, START);
      const stored = await under.dump();
      expect(stored).toContain(LIMIT.name);
      for (const form of [key, `${LIMIT.name}${key}`, `${LIMIT.name}:${key}`]) {
        for (const trace of tracesOf(form)) expect(stored).not.toContain(trace);
      }
    });

    it('Windows of different limits and of different keys do not touch each other.', async () => {
      const otherLimit: Limit = { name: 'codes-per-prefix', max: 5, windowMs: 400 };
      expect(await takeMany(LIMIT, 'key', 4, START)).toBe(3);
      expect(await takeMany(LIMIT, 'other', 4, START)).toBe(3);
      expect(await takeMany(otherLimit, 'key', 6, START)).toBe(5);
      expect(await takeMany({ ...LIMIT, name: 'codes' }, '-per-numberkey', 4, START)).toBe(3);
      expect(await takeMany(otherLimit, 'key', 6, later(START, 400))).toBe(5);
      expect(await takeMany(LIMIT, 'key', 4, later(START, 400))).toBe(0);
    });

    it("The windows of one limit are bounded: a key that finds no room throws `Unavailable` until another's window has ended.", async () => {
      const small = await open(20);
      const takeKey = (key: number, ms: number, limit = LIMIT) => small.limiter.take(limit, `key ${key}`, later(START, ms));
      for (let key = 0; key < 20; key += 1) await takeKey(key, key);
      for (let key = 20; key < 60; key += 1) await expect(takeKey(key, 500)).rejects.toBeInstanceOf(Unavailable);
      expect(await takeKey(7, 500)).toMatchObject({ allowed: true, remaining: 1 });
      expect(await takeKey(60, 500, { ...LIMIT, name: 'another-limit' })).toMatchObject({ allowed: true });
      await expect(takeKey(20, 999)).rejects.toBeInstanceOf(Unavailable);
      expect(await takeKey(20, 1_000)).toMatchObject({ allowed: true });
      await expect(takeKey(21, 1_000)).rejects.toBeInstanceOf(Unavailable);
      const brief: Limit = { name: 'brief', max: 1, windowMs: 100 };
      for (let key = 0; key < 20; key += 1) await takeKey(key, 0, brief);
      await takeKey(18, 100, brief);
      for (let key = 20; key < 39; key += 1) expect(await takeKey(key, 100, brief)).toMatchObject({ allowed: true });
      for (let key = 100; key < 400; key += 1) await takeKey(key, key * 1_000);
      expect((await small.dump()).split(LIMIT.name).length - 1).toBeLessThanOrEqual(20);
      await small.close();
    });
  });
}
