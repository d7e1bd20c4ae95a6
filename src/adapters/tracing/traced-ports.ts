/**
 * The store and the feed with their work told as spans: an append belongs to every command in its batch, and what a
 * consumer does with an event to the command that the event came from.
 */
import type { EventFeed } from '../../application/ports/event-feed.js';
import type { EventStore } from '../../application/ports/event-store.js';
import type { Ports } from '../../application/ports/ports.js';
import type { CorrelationId } from '../../domain/kernel/ids.js';
import type { Spans } from './spans.js';

interface Correlated {
  readonly correlationId: CorrelationId;
}

export function tracedPorts(ports: Ports, spans: Spans): Ports {
  return { ...ports, eventStore: tracedStore(ports.eventStore, spans), eventFeed: tracedFeed(ports.eventFeed, spans) };
}

const commandsOf = (events: readonly Correlated[]): ReadonlySet<CorrelationId> =>
  new Set(events.map(({ correlationId }) => correlationId));

function tellAll(spans: Spans, name: string, startedMs: number, events: readonly Correlated[], hasFailed: boolean): void {
  const durationMs = performance.now() - startedMs;
  const commands = commandsOf(events);
  const attributes = { 'sottovoce.events': events.length, 'sottovoce.commands': commands.size };
  for (const correlationId of commands) {
    spans.tell({ name, correlationId, place: 'below', startedMs, durationMs, attributes, hasFailed });
  }
}

function tracedStore(store: EventStore, spans: Spans): EventStore {
  return {
    append: async (writes) => {
      const startedMs = performance.now();
      let hasFailed = true;
      try {
        const outcomes = await store.append(writes);
        hasFailed = outcomes.some(({ outcome }) => outcome !== 'appended');
        return outcomes;
      } finally {
        const events = writes.flatMap((write) => write.events);
        tellAll(spans, 'append', startedMs, events, hasFailed);
      }
    },
    remove: (...parameters) => store.remove(...parameters),
    truncate: (...parameters) => store.truncate(...parameters),
    readStream: (...parameters) => store.readStream(...parameters),
    readAll: (...parameters) => store.readAll(...parameters),
    headPosition: () => store.headPosition(),
    appendedAfter: (...parameters) => store.appendedAfter(...parameters),
  };
}

function tracedFeed(feed: EventFeed, spans: Spans): EventFeed {
  return {
    /** A consumer is done with a batch when it asks for the next one. */
    async *follow(consumer, options) {
      for await (const batch of feed.follow(consumer, options)) {
        const startedMs = performance.now();
        yield batch;
        tellAll(spans, `consume ${consumer}`, startedMs, batch.events, false);
      }
    },
    commit: (...parameters) => feed.commit(...parameters),
    committed: (consumer) => feed.committed(consumer),
  };
}
