import { type Decider, type DomainEvent, fold } from '../domain/kernel/decider.js';
import type { StoredDomainEvent } from './event-catalogue.js';
import type { EventCodec } from './event-codec.js';
import type { EventStore } from './ports/event-store.js';

/** Large enough that a long conversation is few reads, small enough to be held. */
const SLICE_EVENTS_MAX = 1_000;

export interface Loaded<State> {
  readonly state: State;
  /** The stream's head; -1 when there is no stream. */
  readonly revision: number;
}

/** Folds a stream from where `known` left it up to its head. */
export async function loadStream<Event extends StoredDomainEvent & DomainEvent, State>(
  deps: { readonly eventStore: Pick<EventStore, 'readStream'>; readonly codec: EventCodec },
  decider: Pick<Decider<never, Event, State, unknown>, 'evolve' | 'evolveAll'>,
  stream: string,
  known: Loaded<State>,
): Promise<Loaded<State> | 'removed'> {
  let { state, revision } = known;
  for (;;) {
    const slice = await deps.eventStore.readStream(stream, revision + 1, SLICE_EVENTS_MAX);
    if (slice.status === 'removed') return 'removed';
    if (slice.status === 'absent') return { state, revision };
    state = fold(
      decider,
      state,
      slice.events.map((stored) => deps.codec.decode(stored) as unknown as Event),
    );
    revision = slice.events.at(-1)?.revision ?? revision;
    if (revision >= slice.head) return { state, revision };
  }
}
