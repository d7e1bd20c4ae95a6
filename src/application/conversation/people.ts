import type { ConversationCommand, ConversationRejection, Person } from '../../domain/conversation/conversation.js';
import { conversation } from '../../domain/conversation/conversation.js';
import type { ConversationEvent } from '../../domain/conversation/events.js';
import type { Result } from '../../domain/kernel/decider.js';
import { ok, rejected } from '../../domain/kernel/decider.js';
import type { AccountId, ConversationId, MemberId } from '../../domain/kernel/ids.js';
import { isErased } from '../../domain/kernel/personal.js';
import { aggregates } from '../aggregates.js';
import type { LoadedConversation } from '../conversation-states.js';
import { handle } from '../handle.js';
import type { AccountErased, Contended, Deps, SignedContext, Written } from '../use-case.js';

export type AccountNotFound = { readonly type: 'AccountNotFound' };

export type MembershipDeps = Pick<Deps, 'eventStore' | 'codec' | 'conversations' | 'keys' | 'clock' | 'ids'>;

export type MembershipRejection = ConversationRejection | AccountErased | AccountNotFound | Contended;

export interface Changed extends Partial<Written> {
  readonly conversationId: ConversationId;
  /** False when there was nothing to do: it was so already. */
  readonly isNew: boolean;
}

/** People as members of a conversation. An account without keys does not exist. */
export async function peopleIn(
  deps: Pick<Deps, 'keys'>,
  conversationId: ConversationId,
  accounts: readonly AccountId[],
): Promise<Result<readonly Person[], AccountNotFound>> {
  const names = await deps.keys.name(accounts.map((subject) => ({ subject, purpose: 'member', context: conversationId })));
  const people: Person[] = [];
  for (const [index, account] of accounts.entries()) {
    const memberId = names[index];
    if (memberId === undefined || isErased(memberId)) return rejected({ type: 'AccountNotFound' });
    people.push({ memberId: memberId as MemberId, account });
  }
  return ok(people);
}

/** The acting member; a person whose keys are gone acts no more. */
export async function actingIn(
  deps: Pick<Deps, 'keys'>,
  conversationId: ConversationId,
  context: SignedContext,
): Promise<Result<Person, AccountErased>> {
  const people = await peopleIn(deps, conversationId, [context.principal.accountId]);
  return people.ok ? ok(people.value[0]!) : rejected({ type: 'AccountErased' });
}

/** Decides a command on the conversation, from the state in hand if there is one, and keeps the cache in step. */
export async function decideIn(
  deps: MembershipDeps,
  conversationId: ConversationId,
  command: ConversationCommand,
  context: SignedContext,
): Promise<Result<Changed, ConversationRejection | AccountErased | Contended>> {
  const handled = await handle(
    deps,
    conversation,
    {
      stream: aggregates.conversation.stream(conversationId),
      known: await deps.conversations.cached(conversationId),
      appended: (base: LoadedConversation, events: readonly ConversationEvent[]) =>
        void deps.conversations.advance(conversationId, base, events),
    },
    command,
    context,
  );
  if (!handled.ok) return handled;
  const { events, position } = handled.value;
  return ok({ conversationId, isNew: events.length > 0, ...(position === undefined ? {} : { position }) });
}

/** Where a write seals who joins: somebody whose keys are on the way out does not exist, and the actor is not told to be. */
export const erasedIsNotFound = <Value, Rejection extends { readonly type: string }>(
  result: Result<Value, Rejection>,
): Result<Value, Rejection | AccountNotFound> =>
  !result.ok && result.rejection.type === 'AccountErased' ? rejected({ type: 'AccountNotFound' }) : result;
