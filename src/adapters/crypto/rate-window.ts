/** The rule of a fixed window, and the hash under which its key is kept. */
import type { Grant, Limit } from '../../application/ports/rate-limiter.js';
import { type Instant, later } from '../../domain/kernel/instant.js';
import { keyedHash } from './keyed-hash.js';

export interface RateWindow {
  readonly endsAt: Instant;
  readonly taken: number;
}

export interface TakeDecision {
  readonly grant: Grant;
  /** The window as it is from now on; absent when nothing changed. */
  readonly next?: RateWindow;
}

export const hashOfRateKey = (secret: Buffer, limit: Limit, key: string): Buffer =>
  keyedHash(secret, 'rate-window', limit.name, key);

/** Without the minimum, a clock that was once far ahead would shut a key out until that day. */
const endOf = (kept: RateWindow, limit: Limit, at: Instant): Instant => {
  const endsAtMost = later(at, limit.windowMs);
  return kept.endsAt < endsAtMost ? kept.endsAt : endsAtMost;
};

export function takeFrom(kept: RateWindow | undefined, limit: Limit, at: Instant): TakeDecision {
  const isOpen = kept !== undefined && at < kept.endsAt;
  const endsAt = isOpen ? endOf(kept, limit, at) : later(at, limit.windowMs);
  const before = isOpen ? kept.taken : 0;
  const allowed = before < limit.max;
  const taken = allowed ? before + 1 : before;
  const grant = { allowed, remaining: Math.max(0, limit.max - taken), resetAfterMs: endsAt - at };
  const changed = allowed || (isOpen && endsAt !== kept.endsAt);
  return changed ? { grant, next: { endsAt, taken } } : { grant };
}
