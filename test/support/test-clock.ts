/** A clock that stands still until a test moves it. `wait` resolves when the clock was moved past its end. */
import type { Clock } from '../../src/application/ports/clock.js';
import { type Instant, instant, later } from '../../src/domain/kernel/instant.js';

interface Waiter {
  readonly dueMs: number;
  readonly wake: () => void;
}

export class TestClock implements Clock {
  private elapsedMs = 0;
  private waiters: Waiter[] = [];

  constructor(private timeOfDay: Instant = instant(Date.UTC(2031, 4, 6, 7, 8, 9))) {}

  now(): Instant {
    return this.timeOfDay;
  }

  monotonicMs(): number {
    return this.elapsedMs;
  }

  wait(spanMs: number, signal?: AbortSignal): Promise<void> {
    if (spanMs <= 0 || signal?.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const onAbort = () => {
        this.waiters = this.waiters.filter((other) => other !== waiter);
        resolve();
      };
      const wake = () => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      };
      const waiter: Waiter = { dueMs: this.elapsedMs + spanMs, wake };
      signal?.addEventListener('abort', onAbort, { once: true });
      this.waiters.push(waiter);
    });
  }

  /** Moves both the time of day and the monotonic clock, and wakes whoever is due, the earliest first. */
  advance(ms: number): void {
    if (!(ms >= 0)) throw new Error(`A clock does not go back: ${ms} ms.`);
    this.elapsedMs += ms;
    this.timeOfDay = later(this.timeOfDay, ms);
    const due = this.waiters.filter((waiter) => waiter.dueMs <= this.elapsedMs).sort((one, other) => one.dueMs - other.dueMs);
    this.waiters = this.waiters.filter((waiter) => waiter.dueMs > this.elapsedMs);
    for (const waiter of due) waiter.wake();
  }

  /** The time of day jumps, as when an operator sets it; the monotonic clock does not notice. */
  jumpTo(timeOfDay: Instant): void {
    this.timeOfDay = timeOfDay;
  }

  /** How many waits have not ended, so that a test can wait for a waiter before it moves the clock. */
  get waiting(): number {
    return this.waiters.length;
  }
}
