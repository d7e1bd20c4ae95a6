import { rejected } from '../../domain/kernel/decider.js';
import type { AccountId } from '../../domain/kernel/ids.js';
import { isErased } from '../../domain/kernel/personal.js';
import type { UseCase } from '../use-case.js';
import type { Changed, MembershipDeps, MembershipRejection } from './people.js';
import { decideIn, erasedIsNotFound, peopleIn } from './people.js';

export interface CreateDirect {
  readonly accountId: AccountId;
}

/** Two people who open the same chat at once race for one stream: both get the same conversation. */
export function createDirect(deps: MembershipDeps): UseCase<CreateDirect, Changed, MembershipRejection> {
  return async ({ accountId: other }, context) => {
    const { accountId } = context.principal;
    if (other === accountId) return rejected({ type: 'AccountNotFound' });
    const conversationId = await deps.keys.pair(accountId, other);
    if (isErased(conversationId)) return rejected({ type: 'AccountNotFound' });
    const people = await peopleIn(deps, conversationId, [accountId, other]);
    if (!people.ok) return people;
    const [creator, peer] = people.value;
    const command = { type: 'CreateDirect', conversationId, creator: creator!, other: peer!, at: deps.clock.now() } as const;
    return erasedIsNotFound(await decideIn(deps, conversationId, command, context));
  };
}
