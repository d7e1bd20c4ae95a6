/**
 * What every clock promises. Goal: whoever waits is woken neither early nor never, whatever the span.
 * Method: `pass` lets time go by, on the real clock by letting it, on a test's clock by moving it.
 */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Clock } from '../../src/application/ports/clock.js';
import { until } from '../support/until.js';

export interface ClockUnderTest {
  readonly clock: Clock;
  /** At least so much time goes by. */
  pass(ms: number): Promise<void>;
  close(): Promise<void>;
}

const MONTHS_MS = 60 * 24 * 60 * 60 * 1_000;

export function clockContract(name: string, open: () => Promise<ClockUnderTest>): void {
  describe(`Clock: ${name}`, () => {
    let under: ClockUnderTest;
    let clock: Clock;

    beforeEach(async () => {
      under = await open();
      clock = under.clock;
    });
    afterEach(() => under.close());

    /** Whether a wait is over, once everything that is due has run. */
    const watched = (wait: Promise<void>): { readonly isOver: () => boolean; readonly overAtMs: () => number | undefined } => {
      let overAtMs: number | undefined;
      void wait.then(() => {
        overAtMs = clock.monotonicMs();
      });
      return { isOver: () => overAtMs !== undefined, overAtMs: () => overAtMs };
    };

    it('Time from one source, so that a test can own it: what passes here passes for `now`, `monotonicMs` and `wait` alike.', async () => {
      const [timeOfDay, monotonic] = [clock.now(), clock.monotonicMs()];
      const wait = watched(clock.wait(20));
      await under.pass(25);
      expect(clock.monotonicMs() - monotonic).toBeGreaterThanOrEqual(25);
      expect(clock.now() - timeOfDay).toBeGreaterThanOrEqual(24);
      await until('the wait is over', wait.isOver);
    });

    it('The time of day, in whole milliseconds; it may jump.', async () => {
      for (let reading = 0; reading < 20; reading += 1) {
        expect(Number.isSafeInteger(clock.now())).toBe(true);
        await under.pass(1);
      }
      const year = new Date(clock.now()).getUTCFullYear();
      expect(year).toBeGreaterThanOrEqual(2024);
      expect(year).toBeLessThan(2200);
    });

    it('Milliseconds from an arbitrary start, which never go back.', async () => {
      let before = clock.monotonicMs();
      for (let reading = 0; reading < 20; reading += 1) {
        await under.pass(1);
        expect(clock.monotonicMs()).toBeGreaterThanOrEqual(before + 1);
        before = clock.monotonicMs();
      }
    });

    it('Resolves after the span, be it months, and never before.', async () => {
      for (const spanMs of [1, 2, 7, 15]) {
        const startedMs = clock.monotonicMs();
        const wait = watched(clock.wait(spanMs));
        await until('the wait is over', wait.isOver, () => under.pass(1));
        expect(wait.overAtMs()! - startedMs).toBeGreaterThanOrEqual(spanMs);
      }
      const aborter = new AbortController();
      const long = watched(clock.wait(MONTHS_MS, aborter.signal));
      await under.pass(20);
      expect(long.isOver()).toBe(false);
      aborter.abort();
      await until('the long wait is over', long.isOver);
    });

    it('Resolves at once when the signal is aborted, before or during the wait.', async () => {
      await clock.wait(MONTHS_MS, AbortSignal.abort());
      const aborter = new AbortController();
      const waits = [clock.wait(MONTHS_MS, aborter.signal), clock.wait(MONTHS_MS, aborter.signal)];
      const other = watched(clock.wait(15));
      aborter.abort();
      await Promise.all(waits);
      expect(other.isOver()).toBe(false);
      await until('a wait that was not aborted goes on', other.isOver, () => under.pass(1));
    });

    it('A span of zero or less is over at once.', async () => {
      const startedMs = clock.monotonicMs();
      await Promise.all([clock.wait(0), clock.wait(-1), clock.wait(-MONTHS_MS)]);
      expect(clock.monotonicMs() - startedMs).toBeLessThan(5_000);
    });
  });
}
