/**
 * Windows in the memory of one process, a bounded number for each limit: right for traffic, whose count may die with it.
 * When there is no room for a key it fails rather than forgets a window, since forgetting would grant too much.
 */
import { Unavailable } from '../../application/ports/failures.js';
import type { Grant, Limit, RateLimiter } from '../../application/ports/rate-limiter.js';
import type { Instant } from '../../domain/kernel/instant.js';
import { checkedSecret } from '../crypto/keyed-hash.js';
import { hashOfRateKey, type RateWindow, takeFrom } from '../crypto/rate-window.js';

/** Name of the limit to hash of the key, in hex, to window; the windows of a limit stand in the order of their ends. */
export type RateWindows = Map<string, Map<string, RateWindow>>;

export interface InMemoryRateLimiterOptions {
  /** How many windows of one limit are kept at a time: about 200 bytes each. */
  readonly windowsMax?: number;
  /** Two limiters over the same windows are one store. */
  readonly windows?: RateWindows;
}

const WINDOWS_MAX = 100_000;
const FORGOTTEN_PER_TAKE = 16;

export class InMemoryRateLimiter implements RateLimiter {
  private readonly secret: Buffer;
  private readonly windowsMax: number;
  private readonly windows: RateWindows;

  constructor(secret: Buffer, { windowsMax = WINDOWS_MAX, windows = new Map() }: InMemoryRateLimiterOptions = {}) {
    this.secret = checkedSecret(secret);
    this.windowsMax = windowsMax;
    this.windows = windows;
  }

  async take(limit: Limit, key: string, at: Instant): Promise<Grant> {
    const ofLimit = this.windows.get(limit.name) ?? new Map<string, RateWindow>();
    this.windows.set(limit.name, ofLimit);
    const hash = hashOfRateKey(this.secret, limit, key).toString('hex');
    const { grant, next } = takeFrom(ofLimit.get(hash), limit, at);
    if (!next) return grant;
    if (next.endsAt !== ofLimit.get(hash)?.endsAt) ofLimit.delete(hash);
    forgetEnded(ofLimit, at);
    if (!ofLimit.has(hash) && ofLimit.size >= this.windowsMax) {
      throw new Unavailable(`Taking from limit ${limit.name}: no room for another of ${this.windowsMax} windows.`);
    }
    ofLimit.set(hash, next);
    return grant;
  }
}

function forgetEnded(ofLimit: Map<string, RateWindow>, at: Instant): void {
  let left = FORGOTTEN_PER_TAKE;
  for (const [hash, window] of ofLimit) {
    if (left === 0 || at < window.endsAt) return;
    left -= 1;
    ofLimit.delete(hash);
  }
}
