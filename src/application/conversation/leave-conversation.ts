import type { ConversationId } from '../../domain/kernel/ids.js';
import type { UseCase } from '../use-case.js';
import type { Changed, MembershipDeps, MembershipRejection } from './people.js';
import { actingIn, decideIn } from './people.js';

export interface LeaveConversation {
  readonly conversationId: ConversationId;
}

/** An owner who leaves hands over in the same write, to the longest-standing member. */
export function leaveConversation(deps: MembershipDeps): UseCase<LeaveConversation, Changed, MembershipRejection> {
  return async ({ conversationId }, context) => {
    const actor = await actingIn(deps, conversationId, context);
    if (!actor.ok) return actor;
    return decideIn(deps, conversationId, { type: 'Leave', memberId: actor.value.memberId, at: deps.clock.now() }, context);
  };
}
