import type { ConversationId } from '../../domain/kernel/ids.js';
import type { Conditional } from '../../domain/kernel/version.js';
import type { UseCase } from '../use-case.js';
import type { Changed, MembershipDeps, MembershipRejection } from './people.js';
import { actingIn, decideIn } from './people.js';

export interface LeaveConversation extends Conditional {
  readonly conversationId: ConversationId;
}

/** An owner who leaves hands over in the same write, to the longest-standing member. */
export function leaveConversation(deps: MembershipDeps): UseCase<LeaveConversation, Changed, MembershipRejection> {
  return async ({ conversationId, ifVersion }, context) => {
    const actor = await actingIn(deps, conversationId, context);
    if (!actor.ok) return actor;
    const command = { type: 'Leave', memberId: actor.value.memberId, ifVersion, at: deps.clock.now() } as const;
    return decideIn(deps, conversationId, command, context);
  };
}
