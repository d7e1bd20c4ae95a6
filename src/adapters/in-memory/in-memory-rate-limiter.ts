/**
 * Windows in the memory of one process, counted by rate-limiter-flexible over a store of ours, whose time is the caller's
 * (ADR 0024): right for traffic, whose count may die with the process. A bounded number for each limit: when there is no
 * room for a key it fails rather than forgets a window, since forgetting would grant too much.
 */
import { RateLimiterRes } from 'rate-limiter-flexible';
import { Unavailable } from '../../application/ports/failures.js';
import type { Grant, Limit, RateLimiter } from '../../application/ports/rate-limiter.js';
import type { Instant } from '../../domain/kernel/instant.js';
import { checkedSecret } from '../crypto/keyed-hash.js';
import { memoryHashOfRateKey, type RateWindow, windowAt } from '../crypto/rate-window.js';
import { RateLimiterStore } from './rate-limiter-store.js';

type WindowsOfLimit = Map<string, RateWindow>;

/** Name of the limit to hash of the key to window; the windows of a limit stand in the order of their ends. */
export type RateWindows = Map<string, WindowsOfLimit>;

export interface InMemoryRateLimiterOptions {
  /** How many windows of one limit are kept at a time: about 200 bytes each. */
  readonly windowsMax?: number;
  /** Two limiters over the same windows are one store. */
  readonly windows?: RateWindows;
}

/** What the engine hands to its store with a key, and what it is answered. */
interface Asked {
  readonly at: Instant;
}
interface Counted extends Asked {
  /** With this one; more than the limit when it is refused. */
  readonly taken: number;
  readonly endsAt: Instant;
}

const WINDOWS_MAX = 100_000;
const FORGOTTEN_PER_TAKE = 16;
const ONE = 1;
const MS_PER_SECOND = 1_000;

export class InMemoryRateLimiter implements RateLimiter {
  private readonly secretInHex: string;
  private readonly windowsMax: number;
  private readonly windows: RateWindows;
  private readonly engines = new Map<string, LimitEngine>();

  constructor(secret: Buffer, { windowsMax = WINDOWS_MAX, windows = new Map() }: InMemoryRateLimiterOptions = {}) {
    this.secretInHex = checkedSecret(secret).toString('hex');
    this.windowsMax = windowsMax;
    this.windows = windows;
  }

  async take(limit: Limit, key: string, at: Instant): Promise<Grant> {
    const keyHash = memoryHashOfRateKey(this.secretInHex, limit, key);
    try {
      return grantOf(await this.engineOf(limit).consume(keyHash, ONE, { at }), true);
    } catch (refused) {
      if (refused instanceof RateLimiterRes) return grantOf(refused, false);
      throw refused;
    }
  }

  private engineOf(limit: Limit): LimitEngine {
    const known = this.engines.get(limit.name);
    if (known !== undefined && known.limit.max === limit.max && known.limit.windowMs === limit.windowMs) return known;
    const windows: WindowsOfLimit = this.windows.get(limit.name) ?? new Map();
    this.windows.set(limit.name, windows);
    const engine = new LimitEngine(limit, windows, this.windowsMax);
    this.engines.set(limit.name, engine);
    return engine;
  }
}

const grantOf = ({ remainingPoints, msBeforeNext }: RateLimiterRes, allowed: boolean): Grant => ({
  allowed,
  remaining: remainingPoints,
  resetAfterMs: msBeforeNext,
});

/** The engine for one limit. It asks for no time of its own: that comes with each key, and no timer is set. */
class LimitEngine extends RateLimiterStore<Asked, Counted> {
  constructor(
    readonly limit: Limit,
    private readonly windows: WindowsOfLimit,
    private readonly windowsMax: number,
  ) {
    super({ points: limit.max, duration: limit.windowMs / MS_PER_SECOND, keyPrefix: '' });
  }

  override async _upsert(keyHash: string, points: number, _ms: number, _force: boolean, { at }: Asked): Promise<Counted> {
    const kept = this.windows.get(keyHash);
    const { endsAt, taken } = windowAt(kept, this.limit, at);
    const isFull = taken >= this.limit.max;
    if (!isFull || endsAt !== kept?.endsAt) this.put(keyHash, { endsAt, taken: isFull ? taken : taken + points }, at);
    return { taken: taken + points, endsAt, at };
  }

  override _getRateLimiterRes(_keyHash: string, _points: number, { taken, endsAt, at }: Counted): RateLimiterRes {
    return new RateLimiterRes(Math.max(0, this.limit.max - taken), endsAt - at, taken);
  }

  private put(keyHash: string, window: RateWindow, at: Instant): void {
    if (window.endsAt !== this.windows.get(keyHash)?.endsAt) this.windows.delete(keyHash);
    this.forgetEnded(at);
    if (!this.windows.has(keyHash) && this.windows.size >= this.windowsMax) {
      throw new Unavailable(`Taking from limit ${this.limit.name}: no room for another of ${this.windowsMax} windows.`);
    }
    this.windows.set(keyHash, window);
  }

  private forgetEnded(at: Instant): void {
    let left = FORGOTTEN_PER_TAKE;
    for (const [keyHash, { endsAt }] of this.windows) {
      if (left === 0 || at < endsAt) return;
      left -= 1;
      this.windows.delete(keyHash);
    }
  }
}
