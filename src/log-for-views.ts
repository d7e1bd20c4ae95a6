/** The log as views are made of it, whoever makes them: stretches of it, and what is joined to its events. */
import { aggregates } from './application/aggregates.js';
import type { EventCodec } from './application/event-codec.js';
import type { EventStore } from './application/ports/event-store.js';
import type { SubjectKeys } from './application/ports/subject-keys.js';
import type { AccountId, Handle } from './domain/kernel/ids.js';
import { isErased } from './domain/kernel/personal.js';
import type { EnrichSources } from './projections/kernel/pairing.js';
import type { Batch } from './projections/kernel/runner.js';

const BATCH_EVENTS_MAX = 1_000;
const COMPOSES_MAX = 1_000;

export interface LogForViews {
  readonly eventStore: Pick<EventStore, 'readAll' | 'readStream'>;
  readonly codec: Pick<EventCodec, 'decode' | 'decodeFeed'>;
  readonly keys: Pick<SubjectKeys, 'open' | 'name'>;
}

interface Stretch {
  readonly after: number;
  readonly upTo: number;
  readonly isWanted: (type: string) => boolean;
}

/** A stretch of the log, of which the rest is not even decoded. */
export async function* stretchOf(
  { eventStore, codec }: Pick<LogForViews, 'eventStore' | 'codec'>,
  { after, upTo, isWanted }: Stretch,
): AsyncGenerator<Batch> {
  for (let reached = after; reached < upTo; ) {
    const stored = await eventStore.readAll(reached, BATCH_EVENTS_MAX);
    const wanted = stored.filter(({ position, type }) => position <= upTo && isWanted(type));
    reached = Math.min(upTo, stored.at(-1)?.position ?? upTo);
    yield { events: wanted.map((event) => codec.decodeFeed(event)), upTo: reached };
  }
}

/** What joining needs of the write side: composed content, and people's handles. */
export function joinSources({ eventStore, codec, keys }: LogForViews): EnrichSources {
  return {
    open: (sealed) => keys.open(sealed),
    bodies: (wanted) =>
      Promise.all(
        wanted.map(async ({ messageId, composeId }) => {
          const slice = await eventStore.readStream(aggregates.message.stream(messageId), 0, COMPOSES_MAX);
          const events = slice.status === 'found' ? slice.events.map((stored) => codec.decode(stored)) : [];
          const found = events.find((event) => event.type === 'MessageComposed' && event.data.composeId === composeId);
          return found?.type === 'MessageComposed' ? found.data : 'absent';
        }),
      ),
    handles: async (accounts: readonly AccountId[]) => {
      const requests = accounts.map((accountId) => ({ subject: accountId, purpose: 'handle', context: accountId }) as const);
      return (await keys.name(requests)).map((name) => (isErased(name) ? undefined : (name as Handle)));
    },
  };
}
