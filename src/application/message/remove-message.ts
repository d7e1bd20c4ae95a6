import type { ConversationRejection } from '../../domain/conversation/conversation.js';
import { conversation } from '../../domain/conversation/conversation.js';
import { ok, rejected } from '../../domain/kernel/decider.js';
import type { ConversationId, MemberId, MessageId } from '../../domain/kernel/ids.js';
import { isErased } from '../../domain/kernel/personal.js';
import { baseRevisionMin } from '../../domain/message/message.js';
import { aggregates } from '../aggregates.js';
import { handle } from '../handle.js';
import type { AccountErased, Contended, Deps, UseCase, Written } from '../use-case.js';
import type { Posted } from './posted.js';
import { byIndex, findPosted, readMessage } from './posted.js';

export interface RemoveMessage {
  readonly conversationId: ConversationId;
  readonly messageId: MessageId;
}

export type RemoveRejection = ConversationRejection | { readonly type: 'MessageNotFound' } | AccountErased | Contended;

type RemoveDeps = Pick<Deps, 'eventStore' | 'codec' | 'conversations' | 'keys' | 'clock' | 'ids' | 'postedIndex'>;

/**
 * The removal is in the conversation before any byte goes; the reaction `purge-removed-messages` takes the bytes.
 * Removing a removed message changes nothing that a reader sees.
 */
export function removeMessage(deps: RemoveDeps): UseCase<RemoveMessage, Partial<Written>, RemoveRejection> {
  return async ({ conversationId, messageId }, context) => {
    const { accountId } = context.principal;
    const [by] = await deps.keys.name([{ subject: accountId, purpose: 'member', context: conversationId }]);
    if (by === undefined || isErased(by)) return rejected({ type: 'AccountErased' });
    const head = await deps.conversations.head(conversationId);
    if (head.state.status === 'absent' || !head.state.members.has(by as MemberId)) return rejected({ type: 'NotAMember' });
    const posted = await find(deps, conversationId, messageId, head.revision);
    if (posted === 'gone') return ok({});
    if (posted === undefined || posted.data.conversationId !== conversationId) return rejected({ type: 'MessageNotFound' });
    const handled = await handle(
      deps,
      conversation,
      {
        stream: aggregates.conversation.stream(conversationId),
        known: head,
        appended: (base, events) => void deps.conversations.advance(conversationId, base, events),
      },
      { type: 'RemoveMessage', by: by as MemberId, posted: posted.data, at: deps.clock.now() },
      context,
    );
    if (!handled.ok) return handled;
    return ok(handled.value.position === undefined ? {} : { position: handled.value.position });
  };
}

/** By the index, or by a scan from where its first attempt began; `gone` when its content has been removed already. */
async function find(
  deps: RemoveDeps,
  conversationId: ConversationId,
  messageId: MessageId,
  head: number,
): Promise<Posted | 'gone' | undefined> {
  const indexed = await byIndex(deps, messageId);
  const loaded = await readMessage(deps, messageId);
  if (loaded === 'removed') {
    // An index that lags knows nothing of it; a removal that is repeated must not be told that there was no message.
    const posted = indexed ?? (await findPosted(deps, messageId, conversationId, -1, head));
    return posted?.data.conversationId === conversationId ? 'gone' : undefined;
  }
  if (indexed !== undefined) return indexed;
  if (loaded.state.status === 'absent') return undefined;
  return findPosted(deps, messageId, conversationId, baseRevisionMin(loaded.state), head);
}
