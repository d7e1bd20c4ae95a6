/** The rule of a fixed window, and the hashes under which its key is kept. */
import { hash } from 'node:crypto';
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

/**
 * For windows that stay in memory, where every frame pays for it: an HMAC costs several times as much. The secret of fixed
 * length comes first and the digest leaves the process by no door, so nobody holds one to lengthen.
 */
export const memoryHashOfRateKey = (secretInHex: string, { name }: Limit, key: string): string =>
  hash('sha256', `${secretInHex}${name.length}:${name}${key}`, 'base64url');

/** Without the minimum, a clock that was once far ahead would shut a key out until that day. */
const endOf = (kept: RateWindow, limit: Limit, at: Instant): Instant => {
  const endsAtMost = later(at, limit.windowMs);
  return kept.endsAt < endsAtMost ? kept.endsAt : endsAtMost;
};

/** What the window holds now: what was kept of it, or a new one when that has ended. */
export const windowAt = (kept: RateWindow | undefined, limit: Limit, at: Instant): RateWindow =>
  kept !== undefined && at < kept.endsAt
    ? { endsAt: endOf(kept, limit, at), taken: kept.taken }
    : { endsAt: later(at, limit.windowMs), taken: 0 };

export function takeFrom(kept: RateWindow | undefined, limit: Limit, at: Instant): TakeDecision {
  const { endsAt, taken: before } = windowAt(kept, limit, at);
  const allowed = before < limit.max;
  const taken = allowed ? before + 1 : before;
  const grant = { allowed, remaining: Math.max(0, limit.max - taken), resetAfterMs: endsAt - at };
  const changed = allowed || (kept !== undefined && at < kept.endsAt && endsAt !== kept.endsAt);
  return changed ? { grant, next: { endsAt, taken } } : { grant };
}
