import { conversation } from '../../domain/conversation/conversation.js';
import { rejected } from '../../domain/kernel/decider.js';
import type { AccountId, ConversationId } from '../../domain/kernel/ids.js';
import { isErased } from '../../domain/kernel/personal.js';
import { aggregates } from '../aggregates.js';
import type { UseCase } from '../use-case.js';
import type { Changed, MembershipDeps, MembershipRejection } from './people.js';
import { actingIn, decideIn, erasedIsNotFound, peopleIn } from './people.js';

export interface CreateGroup {
  readonly conversationId: ConversationId;
  readonly title: string;
  /** Without the creator, who is always a member. */
  readonly accountIds: readonly AccountId[];
}

/** The client chooses the id: the same request again changes nothing, another one under the same id is refused. */
export function createGroup(deps: MembershipDeps): UseCase<CreateGroup, Changed, MembershipRejection> {
  return async ({ conversationId, title, accountIds }, context) => {
    const { accountId } = context.principal;
    const others = [...new Set(accountIds)].filter((id) => id !== accountId);
    const actor = await actingIn(deps, conversationId, context);
    if (!actor.ok) return actor;
    const people = await peopleIn(deps, conversationId, others);
    if (!people.ok) return people;
    const members = people.value;
    // Over member ids: over account ids, the creator's key would be a test for who was in the group, after their erasure too.
    const data = JSON.stringify([title, members.map(({ memberId }) => memberId).sort()]);
    const [bodyMac] = await deps.keys.mac([{ subject: accountId, context: conversationId, data }]);
    if (bodyMac === undefined || isErased(bodyMac)) return rejected({ type: 'AccountErased' });
    const at = deps.clock.now();
    const command = { type: 'CreateGroup', conversationId, title, bodyMac, creator: actor.value, others: members, at } as const;
    // Keys are made for a group that is to be: what is refused, or is there already, needs none.
    const decided = conversation.decide(command, (await deps.conversations.cached(conversationId)).state);
    const isToBe = decided.ok && decided.value.length > 0;
    if (isToBe && !(await ownKeysAreMade(deps, conversationId))) return rejected({ type: 'ConversationIdReused' });
    return erasedIsNotFound(await decideIn(deps, conversationId, command, context));
  };
}

/**
 * The conversation's own keys seal its title, are durable before the first event that needs them, and are destroyed when
 * it is empty. So its id must be nobody's account: those keys are that person's.
 */
async function ownKeysAreMade(
  deps: Pick<MembershipDeps, 'eventStore' | 'keys'>,
  conversationId: ConversationId,
): Promise<boolean> {
  const stream = aggregates.account.stream(conversationId as string as AccountId);
  const account = await deps.eventStore.readStream(stream, 0, 1);
  return account.status === 'absent' && (await deps.keys.register(conversationId)) !== 'destroyed';
}
