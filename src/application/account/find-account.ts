import type { Result } from '../../domain/kernel/decider.js';
import { ok } from '../../domain/kernel/decider.js';
import type { AccountId } from '../../domain/kernel/ids.js';
import type { Identifier } from '../ports/directory.js';
import type { Deps, UseCase } from '../use-case.js';
import type { TooMany } from './within-limit.js';
import { withinLimit } from './within-limit.js';

const MINUTE_MS = 60_000;

export interface FindAccount {
  readonly identifier: Identifier;
}

export interface Found {
  /** One account or none. */
  readonly accountIds: readonly AccountId[];
}

/** By the exact number or address only. Hits and misses cost the same, look alike, and count against the same limit. */
export function findAccount(
  deps: Pick<Deps, 'directory' | 'rateLimiter' | 'clock' | 'settings'>,
): UseCase<FindAccount, Found, TooMany> {
  return async ({ identifier }, context): Promise<Result<Found, TooMany>> => {
    const limit = { name: 'account-lookup', max: deps.settings.lookupsPerAccountMinuteMax, windowMs: MINUTE_MS };
    const allowed = await withinLimit(deps, limit, context.principal.accountId, deps.clock.now());
    if (!allowed.ok) return allowed;
    const accountId = await deps.directory.find(identifier);
    return ok({ accountIds: accountId === undefined ? [] : [accountId] });
  };
}
