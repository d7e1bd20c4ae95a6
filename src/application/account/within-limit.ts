import type { Result } from '../../domain/kernel/decider.js';
import { ok, rejected } from '../../domain/kernel/decider.js';
import type { Instant } from '../../domain/kernel/instant.js';
import type { Grant, Limit } from '../ports/rate-limiter.js';
import type { Deps } from '../use-case.js';

export type TooMany = { readonly type: 'TooMany'; readonly limit: string; readonly retryAfterMs: number };

/** Fails closed: a limiter that cannot answer throws, and who guards sign-in lets nobody pass. */
export async function withinLimit(
  deps: Pick<Deps, 'rateLimiter'>,
  limit: Limit,
  key: string,
  at: Instant,
): Promise<Result<Grant, TooMany>> {
  const grant = await deps.rateLimiter.take(limit, key, at);
  if (grant.allowed) return ok(grant);
  return rejected({ type: 'TooMany', limit: limit.name, retryAfterMs: grant.resetAfterMs });
}
