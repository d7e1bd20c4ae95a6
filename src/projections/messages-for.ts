/**
 * The history of a conversation as far as one person may see it: every place in it is answered as content, as a stub or
 * as withheld, so that there are no holes. Who has left may read on in what they saw.
 */
import type { ConversationId, Handle, MessageId } from '../domain/kernel/ids.js';
import { intervalsOf, membershipOf } from './conversation-members.js';
import { conversationTimeline, type TimelineEntry } from './conversation-timeline.js';
import type { Views } from './kernel/views.js';
import type { Withheld } from './message.js';
import { around, first, last, merged, type SeqRange, within } from './seq-ranges.js';

export interface MessagesQuery {
  readonly limit: number;
  /** Both ends included. With `fromSeq` alone a page begins there; otherwise it ends at `toSeq`, or at the newest place. */
  readonly fromSeq?: number;
  readonly toSeq?: number;
  /** The page that has this place in its middle. */
  readonly aroundSeq?: number;
  /** From the page before: go on with what is older, or newer, than this. */
  readonly olderThan?: number;
  readonly newerThan?: number;
}

export type HistoryItem = TimelineEntry | Withheld;

export interface HistoryPage {
  /** In ascending order of `seq`. */
  readonly items: readonly HistoryItem[];
  /** What to ask for next: `olderThan`, when there is something older, and `newerThan`, when there is something newer. */
  readonly older?: number;
  readonly newer?: number;
}

export async function messagesFor(
  views: Views,
  handle: Handle,
  conversationId: ConversationId,
  query: MessagesQuery,
): Promise<HistoryPage | 'hidden'> {
  // Views move on while they are read. The head comes first: of a later one the asker may have seen nothing any more.
  const head = await lastSeqOf(views, conversationId);
  const asker = await membershipOf(views, handle, conversationId);
  if (asker === undefined) return 'hidden';
  const visible = merged(intervalsOf(asker).map(({ fromSeq, toSeq }) => ({ from: fromSeq, to: Math.min(toSeq ?? head, head) })));
  const asked = within(visible, { from: query.fromSeq ?? 1, to: query.toSeq ?? head });
  const page = chosen(asked, query);
  const items = (await Promise.all(page.map((range) => readRange(views, conversationId, range)))).flat();
  const [oldest, newest] = [page[0]?.from, page.at(-1)?.to];
  const [start, end] = [asked[0]?.from, asked.at(-1)?.to];
  return {
    items,
    ...(oldest !== undefined && start !== undefined && start < oldest && { older: oldest }),
    ...(newest !== undefined && end !== undefined && end > newest && { newer: newest }),
  };
}

function chosen(asked: readonly SeqRange[], query: MessagesQuery): readonly SeqRange[] {
  const { limit, fromSeq, aroundSeq, olderThan, newerThan } = query;
  if (newerThan !== undefined) return first(within(asked, { from: newerThan + 1, to: Number.MAX_SAFE_INTEGER }), limit);
  if (olderThan !== undefined) return last(within(asked, { from: 1, to: olderThan - 1 }), limit);
  if (aroundSeq !== undefined) return around(asked, aroundSeq, limit);
  return fromSeq === undefined ? last(asked, limit) : first(asked, limit);
}

async function lastSeqOf(views: Views, conversationId: ConversationId): Promise<number> {
  const query = { index: 'bySeq', equal: { conversationId }, order: 'descending', limit: 1 } as const;
  const [newest] = await views.page(conversationTimeline.collection, query);
  return newest?.seq ?? 0;
}

async function readRange(views: Views, conversationId: ConversationId, { from, to }: SeqRange): Promise<readonly HistoryItem[]> {
  const bounds = { above: from - 1, below: to + 1, limit: to - from + 1 };
  const found = await views.page(conversationTimeline.collection, { index: 'bySeq', equal: { conversationId }, ...bounds });
  const bySeq = new Map(found.map((entry) => [entry.seq, entry]));
  return Array.from({ length: to - from + 1 }, (_, offset) => {
    const seq = from + offset;
    return bySeq.get(seq) ?? { withheld: true, conversationId, seq };
  });
}

/** One message; `hidden` when it is not there, or lies where the asker may not see. */
export async function messageFor(
  views: Views,
  handle: Handle,
  conversationId: ConversationId,
  messageId: MessageId,
): Promise<TimelineEntry | 'hidden'> {
  // The post comes before its removals, which name it too; and before the membership, as above.
  const [post] = await views.page(conversationTimeline.collection, { index: 'byMessage', equal: { messageId }, limit: 1 });
  const asker = await membershipOf(views, handle, conversationId);
  if (asker === undefined) return 'hidden';
  if (post?.seq === undefined || post.conversationId !== conversationId) return 'hidden';
  const { seq } = post;
  const isVisible = intervalsOf(asker).some(({ fromSeq, toSeq = seq }) => fromSeq <= seq && seq <= toSeq);
  return isVisible ? post : 'hidden';
}
