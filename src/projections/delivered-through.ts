/**
 * What a device that has stored everything up to a position has received: for each conversation whose delivered mark is
 * behind, the highest place at or below that position. What the view does not know yet is answered the next time.
 */
import type { ConversationId, Handle, MemberId } from '../domain/kernel/ids.js';
import { type Seen, seenConversations } from './conversation-list.js';
import type { Views } from './kernel/views.js';
import { marksOf, receipts } from './receipts.js';
import { firstRevisionAfter, seqIn } from './timeline-search.js';

export interface Delivered {
  readonly conversationId: ConversationId;
  readonly memberId: MemberId;
  readonly seq: number;
}

export async function deliveredThrough(views: Views, handle: Handle, position: number): Promise<readonly Delivered[]> {
  const seen = (await seenConversations(views, handle)).filter(({ membership }) => membership.state === 'active');
  const marks = await views.get(
    receipts.collection,
    seen.map(({ membership }) => membership),
  );
  const delivered = await Promise.all(
    seen.map(async (conversation, index) => {
      const marked = marks[index];
      const known = marked === undefined ? 0 : marksOf(marked).deliveredSeq;
      // A device whose cursor lies before the joining was told nothing, not even of a creation that it was part of.
      if (conversation.lastSeq <= known || position < conversation.interval.joining.position) return [];
      const seq = (await lastSeqThrough(views, conversation, position)) ?? 0;
      const { conversationId, membership, interval } = conversation;
      return seq > known && seq >= interval.fromSeq ? [{ conversationId, memberId: membership.memberId, seq }] : [];
    }),
  );
  return delivered.flat();
}

async function lastSeqThrough(views: Views, seen: Seen, position: number): Promise<number | undefined> {
  const { conversationId, lastPosition, lastRevision, interval } = seen;
  const range = { low: interval.fromRevision, high: lastRevision };
  const after = lastPosition <= position ? lastRevision + 1 : await firstRevisionAfter(views, conversationId, range, position);
  return seqIn(views, conversationId, { low: range.low, high: after - 1 }, 'last');
}
