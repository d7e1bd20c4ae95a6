import type { AccountRejection } from '../../domain/account/account.js';
import { account } from '../../domain/account/account.js';
import { ok } from '../../domain/kernel/decider.js';
import { aggregates } from '../aggregates.js';
import type { HandleDeps } from '../handle.js';
import { handle } from '../handle.js';
import type { AccountErased, Contended, UseCase, Written } from '../use-case.js';

export interface ChangeProfile {
  readonly displayName: string;
}

export function changeProfile(
  deps: HandleDeps,
): UseCase<ChangeProfile, Partial<Written>, AccountRejection | AccountErased | Contended> {
  return async ({ displayName }, context) => {
    const { accountId } = context.principal;
    const handled = await handle(
      deps,
      account,
      { stream: aggregates.account.stream(accountId), known: { state: account.initial, revision: -1 } },
      { type: 'ChangeProfile', accountId, displayName, at: deps.clock.now() },
      context,
    );
    if (!handled.ok) return handled;
    return ok(handled.value.position === undefined ? {} : { position: handled.value.position });
  };
}
