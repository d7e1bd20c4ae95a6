/**
 * The class that rate-limiter-flexible has its stores extend: its documentation names these methods, its types leave them out.
 * The version is exact in package.json, and the contract of the port runs over what is built on it (ADR 0024).
 */
import type { RateLimiterRes } from 'rate-limiter-flexible';
// @ts-expect-error: the package declares no types for its single files.
import Untyped from 'rate-limiter-flexible/lib/RateLimiterStoreAbstract.js';

declare abstract class Store<Asked, Counted> {
  constructor(options: { readonly points: number; readonly duration: number; readonly keyPrefix: string });

  /** Rejects with a `RateLimiterRes` when it is refused, and with the store's error when that fails. */
  consume(key: string, points: number, asked: Asked): Promise<RateLimiterRes>;

  /** Adds to what the key has taken, and answers what `_getRateLimiterRes` is to read. */
  abstract _upsert(key: string, points: number, durationMs: number, force: boolean, asked: Asked): Promise<Counted>;

  abstract _getRateLimiterRes(key: string, points: number, counted: Counted): RateLimiterRes;
}

export const RateLimiterStore = Untyped as typeof Store;
