/**
 * Where messages were posted, as far as the log of a store tells: read on from where it left off whenever it is asked.
 * It remembers every message of the process, as everything in memory does.
 */
import type { EventStore } from '../../application/ports/event-store.js';
import type { PostedIndex, PostedPlace } from '../../application/ports/posted-index.js';
import type { ConversationId, MessageId } from '../../domain/kernel/ids.js';

const BATCH_EVENTS = 500;

export class InMemoryPostedIndex implements PostedIndex {
  private readonly places = new Map<MessageId, PostedPlace>();
  private upTo = 0;

  constructor(private readonly store: Pick<EventStore, 'readAll'>) {}

  async find(messageId: MessageId): Promise<PostedPlace | 'unknown'> {
    await this.readOn();
    return this.places.get(messageId) ?? 'unknown';
  }

  private async readOn(): Promise<void> {
    for (;;) {
      const events = await this.store.readAll(this.upTo, BATCH_EVENTS);
      for (const { type, data, revision, position } of events) {
        this.upTo = Math.max(this.upTo, position);
        if (type !== 'MessagePosted') continue;
        const posted = JSON.parse(data) as { conversationId: ConversationId; messageId: MessageId; seq: number };
        this.places.set(posted.messageId, { conversationId: posted.conversationId, revision, seq: posted.seq });
      }
      if (events.length < BATCH_EVENTS) return;
    }
  }
}
