import type { ConversationId, MemberId } from '../../domain/kernel/ids.js';
import type { Conditional } from '../../domain/kernel/version.js';
import type { UseCase } from '../use-case.js';
import type { Changed, MembershipDeps, MembershipRejection } from './people.js';
import { actingIn, decideIn } from './people.js';

export interface RemoveMember extends Conditional {
  readonly conversationId: ConversationId;
  readonly memberId: MemberId;
}

export function removeMember(deps: MembershipDeps): UseCase<RemoveMember, Changed, MembershipRejection> {
  return async ({ conversationId, memberId, ifVersion }, context) => {
    const actor = await actingIn(deps, conversationId, context);
    if (!actor.ok) return actor;
    const command = { type: 'RemoveMember', by: actor.value.memberId, memberId, ifVersion, at: deps.clock.now() } as const;
    return decideIn(deps, conversationId, command, context);
  };
}
