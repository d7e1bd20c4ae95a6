import { ok } from '../../domain/kernel/decider.js';
import type { AccountId, ConversationId, MemberId } from '../../domain/kernel/ids.js';
import type { Conditional } from '../../domain/kernel/version.js';
import type { UseCase } from '../use-case.js';
import type { Changed, MembershipDeps, MembershipRejection } from './people.js';
import { actingIn, decideIn, erasedIsNotFound, peopleIn } from './people.js';

export interface AddMember extends Conditional {
  readonly conversationId: ConversationId;
  readonly accountId: AccountId;
}

export interface Added extends Changed {
  readonly memberId: MemberId;
}

export function addMember(deps: MembershipDeps): UseCase<AddMember, Added, MembershipRejection> {
  return async ({ conversationId, accountId, ifVersion }, context) => {
    const actor = await actingIn(deps, conversationId, context);
    if (!actor.ok) return actor;
    const people = await peopleIn(deps, conversationId, [accountId]);
    if (!people.ok) return people;
    const person = people.value[0]!;
    const command = { type: 'AddMember', by: actor.value.memberId, person, ifVersion, at: deps.clock.now() } as const;
    const changed = erasedIsNotFound(await decideIn(deps, conversationId, command, context));
    return changed.ok ? ok({ ...changed.value, memberId: person.memberId }) : changed;
  };
}
