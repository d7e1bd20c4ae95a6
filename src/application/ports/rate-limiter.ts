/**
 * How often something may happen: never more than the limit in a window, whatever the schedule.
 * A limiter that fails throws `Unavailable`, so that whoever guards sign-in refuses and whoever guards traffic lets pass.
 */
import type { Instant } from '../../domain/kernel/instant.js';

export interface Limit {
  /** A stored name, kebab-case. */
  readonly name: string;
  readonly max: number;
  readonly windowMs: number;
}

export interface Grant {
  readonly allowed: boolean;
  readonly remaining: number;
  /** Until the window ends. */
  readonly resetAfterMs: number;
}

export interface RateLimiter {
  /**
   * Takes one from the key's window, which begins with the first taking and ends after `windowMs`.
   * Refused when the window is used up; a refusal takes nothing and prolongs nothing.
   * A clock that is set back neither ends a window nor leaves more than `windowMs` of it.
   * What was taken counts for every limiter over the same store.
   * Keys are kept as keyed hashes only.
   * Windows of different limits and of different keys do not touch each other.
   * The windows of one limit are bounded: a key that finds no room throws `Unavailable` until another's window has ended.
   */
  take(limit: Limit, key: string, at: Instant): Promise<Grant>;
}
