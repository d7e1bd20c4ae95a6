/**
 * REACTION `purge-removed-messages`: takes the bytes of a message that its conversation has removed.
 * The second run finds the stream removed and changes nothing.
 */
import type { Envelope } from '../../domain/kernel/envelope.js';
import type { CorrelationId, EventId } from '../../domain/kernel/ids.js';
import { aggregates } from '../aggregates.js';
import type { StoredDomainEvent } from '../event-catalogue.js';
import type { Deps } from '../use-case.js';

export function purgeRemovedMessages(deps: Pick<Deps, 'eventStore' | 'clock' | 'ids'>) {
  return async (event: Envelope<StoredDomainEvent>): Promise<void> => {
    if (event.type !== 'MessageRemoved') return;
    const stream = aggregates.message.stream(event.data.messageId);
    for (;;) {
      const slice = await deps.eventStore.readStream(stream, 0, 1);
      if (slice.status !== 'found') return;
      const removed = await deps.eventStore.remove(stream, slice.head, {
        id: deps.ids.uuid() as EventId,
        recordedAt: deps.clock.now(),
        feedKey: event.data.conversationId,
        correlationId: deps.ids.uuid() as CorrelationId,
        causationId: event.meta.id,
      });
      if (removed.outcome === 'removed') return;
    }
  };
}
