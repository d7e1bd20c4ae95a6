/** A log that holds what a test says, at the revisions that it says, for readers of the whole log. */
import type { StoredEvent } from '../../src/application/ports/event-store.js';
import { STREAM_REMOVED } from '../../src/application/ports/event-store.js';
import type { ConversationEvent } from '../../src/domain/conversation/events.js';
import type { CorrelationId, EventId, MessageId } from '../../src/domain/kernel/ids.js';
import { instant } from '../../src/domain/kernel/instant.js';
import { exampleId } from './example-ids.js';

export class LogOfPosts {
  readonly events: StoredEvent[] = [];

  append(events: readonly { readonly revision: number; readonly event: ConversationEvent }[]): void {
    for (const { revision, event } of events) {
      this.put(`conversation-${event.data.conversationId}`, revision, event.data.conversationId, event.type, event.data);
    }
  }

  removeContent(messageId: MessageId): void {
    const stream = `message-${messageId}`;
    this.put(stream, 1, messageId, STREAM_REMOVED, { stream });
  }

  async readAll(after: number, max: number): Promise<readonly StoredEvent[]> {
    return this.events.filter(({ position }) => position > after).slice(0, max);
  }

  /** Positions have gaps. */
  private put(stream: string, revision: number, feedKey: string, type: string, data: object): void {
    const position = this.events.length * 3 + 1;
    this.events.push({
      id: exampleId<EventId>(0x9000 + position),
      type,
      schemaVersion: 1,
      recordedAt: instant(1_700_000_000_000),
      feedKey,
      correlationId: exampleId<CorrelationId>(0x8000),
      data: JSON.stringify(data),
      stream,
      revision,
      position,
    });
  }
}
