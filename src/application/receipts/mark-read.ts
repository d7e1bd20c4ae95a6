import { rejected } from '../../domain/kernel/decider.js';
import type { ConversationId } from '../../domain/kernel/ids.js';
import { actingIn } from '../conversation/people.js';
import type { AccountErased, Contended, Deps, UseCase, Written } from '../use-case.js';

/** Decided on a conversation state that may be this old: a mark does not appear in the conversation's own stream. */
export const STATE_AGE_MS_MAX = 2_000;

export interface MarkRead {
  readonly conversationId: ConversationId;
  /** Everything up to here has been read. */
  readonly seq: number;
}

export type MarkReadRejection =
  | { readonly type: 'NotAMember' }
  | { readonly type: 'SeqNotFound'; readonly seqMax: number }
  | AccountErased
  | Contended;

export function markRead(
  deps: Pick<Deps, 'keys' | 'conversations' | 'receiptMarks'>,
): UseCase<MarkRead, Partial<Written>, MarkReadRejection> {
  return async ({ conversationId, seq }, context) => {
    const actor = await actingIn(deps, conversationId, context);
    if (!actor.ok) return actor;
    const { memberId } = actor.value;
    let { state } = await deps.conversations.within(conversationId, STATE_AGE_MS_MAX);
    if (state.status === 'absent' || !state.members.has(memberId) || seq > state.seq) {
      ({ state } = await deps.conversations.head(conversationId));
    }
    if (state.status === 'absent' || !state.members.has(memberId)) return rejected({ type: 'NotAMember' });
    if (seq > state.seq) return rejected({ type: 'SeqNotFound', seqMax: state.seq });
    return deps.receiptMarks.mark({ kind: 'MarkRead', conversationId, memberId, seq }, context);
  };
}
