/**
 * Where messages were posted, as the conversation timeline knows it: a view that lags behind the log, and may be built
 * anew at this moment. What it does not hold is `unknown`, never a no.
 */
import type { PostedIndex, PostedPlace } from '../../application/ports/posted-index.js';
import type { MessageId } from '../../domain/kernel/ids.js';
import { conversationTimeline } from '../../projections/conversation-timeline.js';
import type { Views } from '../../projections/kernel/views.js';

export class SqlitePostedIndex implements PostedIndex {
  constructor(private readonly views: Pick<Views, 'page'>) {}

  async find(messageId: MessageId): Promise<PostedPlace | 'unknown'> {
    // A message's removals stand in the same conversation, later and without a place of their own: the post comes first.
    const [entry] = await this.views.page(conversationTimeline.collection, {
      index: 'byMessage',
      equal: { messageId },
      limit: 1,
    });
    if (entry?.seq === undefined) return 'unknown';
    const { conversationId, revision, seq } = entry;
    return { conversationId, revision, seq };
  }
}
