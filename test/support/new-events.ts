/** Events, writes and streams that mean nothing, for tests of what keeps them. */
import type { ExpectedRevision, NewEvent, RemovalMeta, Write } from '../../src/application/ports/event-store.js';
import { OutcomeUnknown } from '../../src/application/ports/failures.js';
import type { CorrelationId, EventId } from '../../src/domain/kernel/ids.js';
import { instant } from '../../src/domain/kernel/instant.js';
import { CountingIdSource } from './counting-id-source.js';

const ids = new CountingIdSource('new-events');

export const newStream = (): string => `conversation-${ids.uuid()}`;

export function newEvent(fields: Partial<NewEvent> = {}): NewEvent {
  return {
    id: ids.uuid() as EventId,
    type: 'SomethingHappened',
    schemaVersion: 1,
    recordedAt: instant(1_790_000_000_000),
    feedKey: 'a-feed-key',
    correlationId: ids.uuid() as CorrelationId,
    data: JSON.stringify({ of: ids.uuid() }),
    ...fields,
  };
}

export const newEvents = (count: number): NewEvent[] => Array.from({ length: count }, () => newEvent());

export const write = (stream: string, expected: ExpectedRevision, events: readonly NewEvent[] = newEvents(1)): Write => ({
  stream,
  expected,
  events,
});

export function removalMeta(fields: Partial<RemovalMeta> = {}): RemovalMeta {
  const { id, recordedAt, feedKey, correlationId } = newEvent();
  return { id, recordedAt, feedKey, correlationId, ...fields };
}

/** What a caller does who was not told the outcome: the identical call, until it is told. */
export async function untilKnown<Outcome>(call: () => Promise<Outcome>): Promise<Outcome> {
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof OutcomeUnknown)) throw error;
    }
  }
}
