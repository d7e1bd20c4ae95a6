import type { AccountRejection } from '../../domain/account/account.js';
import { account } from '../../domain/account/account.js';
import { ok } from '../../domain/kernel/decider.js';
import type { Conditional } from '../../domain/kernel/version.js';
import { aggregates } from '../aggregates.js';
import type { HandleDeps } from '../handle.js';
import { handle } from '../handle.js';
import type { AccountErased, Contended, UseCase, Versioned } from '../use-case.js';

export interface ChangeProfile extends Conditional {
  readonly displayName: string;
}

export function changeProfile(deps: HandleDeps): UseCase<ChangeProfile, Versioned, AccountRejection | AccountErased | Contended> {
  return async ({ displayName, ifVersion }, context) => {
    const { accountId } = context.principal;
    const handled = await handle(
      deps,
      account,
      { stream: aggregates.account.stream(accountId), known: { state: account.initial, revision: -1 } },
      { type: 'ChangeProfile', accountId, displayName, ifVersion, at: deps.clock.now() },
      context,
    );
    if (!handled.ok) return handled;
    const { revision, position } = handled.value;
    return ok({ version: revision + 1, ...(position === undefined ? {} : { position }) });
  };
}
