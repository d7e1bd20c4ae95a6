import type { ConversationId, MemberId } from '../../domain/kernel/ids.js';
import type { UseCase } from '../use-case.js';
import type { Changed, MembershipDeps, MembershipRejection } from './people.js';
import { actingIn, decideIn } from './people.js';

export interface RemoveMember {
  readonly conversationId: ConversationId;
  readonly memberId: MemberId;
}

export function removeMember(deps: MembershipDeps): UseCase<RemoveMember, Changed, MembershipRejection> {
  return async ({ conversationId, memberId }, context) => {
    const actor = await actingIn(deps, conversationId, context);
    if (!actor.ok) return actor;
    const command = { type: 'RemoveMember', by: actor.value.memberId, memberId, at: deps.clock.now() } as const;
    return decideIn(deps, conversationId, command, context);
  };
}
