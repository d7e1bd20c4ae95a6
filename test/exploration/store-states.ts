/**
 * What a store holds, as a value: the real store is asked once what each call makes of each state, and the answer is kept.
 * Positions order what has no order between streams; here an event's position is its place in its own stream.
 */
import { EventLog, InMemoryEventStore } from '../../src/adapters/in-memory/in-memory-event-store.js';
import type { RemovalMeta, StoredEvent, Write } from '../../src/application/ports/event-store.js';
import { isSealed } from '../../src/domain/kernel/personal.js';
import type { StoreKind } from '../support/send-world.js';
import { StoreMirror } from '../support/store-mirror.js';

/** A call of what processes have in common. */
export type Call =
  | { readonly do: 'append'; readonly writes: readonly Write[] }
  | { readonly do: 'remove'; readonly stream: string; readonly expectedRevision: number; readonly meta: RemovalMeta }
  | { readonly do: 'read'; readonly stream: string; readonly from: number; readonly max: number };

/** Equal ones are one object: its number stands for it. */
export interface Numbered<T> {
  readonly id: number;
  readonly key: string;
  readonly value: T;
}

export interface StoreState {
  readonly id: number;
  readonly key: string;
  readonly mirror: StoreMirror;
  readonly log: EventLog;
  /** All that was ever stored, also what was removed since. */
  readonly ever: readonly StoredEvent[];
  readonly after: Map<number, Effect>;
}

export interface Effect {
  readonly result: Numbered<unknown>;
  readonly next: StoreState;
}

export class Numbers<T> {
  private readonly known = new Map<string, Numbered<T>>();

  of(key: string, value: T): Numbered<T> {
    const known = this.known.get(key) ?? { id: this.known.size, key, value };
    this.known.set(key, known);
    return known;
  }
}

export class StoreStates {
  readonly calls = new Numbers<Call>();
  readonly results = new Numbers<unknown>();
  private readonly states = new Map<string, StoreState>();

  constructor(private readonly kind: StoreKind) {}

  open(log: EventLog): InMemoryEventStore {
    if (this.kind === 'atomic') return new InMemoryEventStore({}, log);
    return new InMemoryEventStore({ sequential: true, eventIds: this.kind === 'eventstoredb' ? 'eventstoredb' : 'plain' }, log);
  }

  async stateOf(log: EventLog, earlier: readonly StoredEvent[] = []): Promise<StoreState> {
    const now = log.byPosition.filter((event) => event !== undefined).map(placed);
    const ever = [...new Map([...earlier, ...now].map((event) => [`${event.stream} ${event.revision}`, event])).values()];
    ever.sort((a, b) => (a.stream === b.stream ? a.revision - b.revision : a.stream < b.stream ? -1 : 1));
    const key = ever.map(inWords).join('\n');
    const known = this.states.get(key);
    if (known !== undefined) return known;
    const mirror = new StoreMirror({ readAll: async () => ever });
    await mirror.catchUp();
    const state = { id: this.states.size, key, mirror, log, ever, after: new Map() };
    this.states.set(key, state);
    return state;
  }

  /** Not known yet: asks the real store. */
  async learn(state: StoreState, { id, value }: Numbered<Call>): Promise<Effect> {
    const log = copyOf(state.log);
    const result = placedIn(await ask(this.open(log), value));
    const isChanged = log.byPosition.length > state.log.byPosition.length;
    const next = isChanged ? await this.stateOf(log, state.ever) : state;
    const effect = { result: this.results.of(inWords(result), result), next };
    state.after.set(id, effect);
    return effect;
  }
}

function ask(store: InMemoryEventStore, call: Call): Promise<unknown> {
  switch (call.do) {
    case 'append':
      return store.append(call.writes);
    case 'remove':
      return store.remove(call.stream, call.expectedRevision, call.meta);
    case 'read':
      return store.readStream(call.stream, call.from, call.max);
  }
}

function copyOf(log: EventLog): EventLog {
  const copy = new EventLog();
  copy.byPosition.push(...log.byPosition.slice(1));
  for (const [name, stream] of log.streams) copy.streams.set(name, { ...stream, events: [...stream.events] });
  return copy;
}

const placed = (event: StoredEvent): StoredEvent => ({ ...event, position: event.revision + 1 });

/** The same with positions that depend on nothing but the stream. */
function placedIn(result: unknown): unknown {
  return JSON.parse(JSON.stringify(result), (_, value) =>
    value !== null && typeof value === 'object' && 'position' in value && 'revision' in value ? placed(value) : value,
  );
}

/** What differs from run to run though nothing differs: what was sealed, whose bytes are random, and names for tracing. */
const BESIDE_THE_POINT: ReadonlySet<string> = new Set(['correlationId', 'causationId', 'feedKey']);

const plain = (key: string, value: unknown): unknown => {
  if (BESIDE_THE_POINT.has(key)) return undefined;
  if (isSealed(value)) return 'sealed';
  return key === 'data' && typeof value === 'string' ? JSON.parse(value) : value;
};

export const inWords = (value: unknown): string => JSON.stringify(value, plain) ?? 'nothing';
