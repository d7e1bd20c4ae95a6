/** Time from one source, so that a test can own it: what passes here passes for `now`, `monotonicMs` and `wait` alike. */
import type { Instant } from '../../domain/kernel/instant.js';

export interface Clock {
  /** The time of day, in whole milliseconds; it may jump. */
  now(): Instant;

  /** Milliseconds from an arbitrary start, which never go back. */
  monotonicMs(): number;

  /**
   * Resolves after the span, be it months, and never before.
   * Resolves at once when the signal is aborted, before or during the wait.
   * A span of zero or less is over at once.
   */
  wait(spanMs: number, signal?: AbortSignal): Promise<void>;
}
