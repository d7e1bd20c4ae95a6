/**
 * The event store of a process that keeps nothing: for tests, simulations and a server that is thrown away.
 * It can be as unhelpful as a real one: other appends come between the writes of one append, and event ids count as
 * EventStoreDB counts them. An atomic store would hide what a use case does wrong.
 */
import {
  type EventStore,
  type NewEvent,
  type RemovalMeta,
  type RemoveOutcome,
  STREAM_REMOVED,
  type StoredEvent,
  type StreamSlice,
  type TruncateOutcome,
  type Write,
  type WriteOutcome,
} from '../../application/ports/event-store.js';
import { Unavailable } from '../../application/ports/failures.js';

export interface InMemoryEventStoreOptions {
  /** Gives others a turn between the writes of one append. */
  readonly sequential?: boolean;
  /** `eventstoredb`: a write that expects no stream stands already if its first event does, whatever the others are. */
  readonly eventIds?: 'plain' | 'eventstoredb';
}

interface Stream {
  readonly events: StoredEvent[];
  /** The revision of the first event that is left. */
  first: number;
  isRemoved: boolean;
}

/** What a restart leaves: the log by position, with holes where streams were removed or truncated. */
export class EventLog {
  readonly byPosition: (StoredEvent | undefined)[] = [undefined];
  readonly streams = new Map<string, Stream>();
  of = (name: string): Stream => this.streams.get(name) ?? { events: [], first: 0, isRemoved: false };
}

export class InMemoryEventStore implements EventStore {
  private readonly followers = new Set<(woken: unknown) => void>();
  private isClosed = false;

  /** A second store over the same log is the first one after a restart. */
  constructor(
    private readonly options: InMemoryEventStoreOptions = {},
    private readonly log = new EventLog(),
  ) {}

  async append(writes: readonly Write[]): Promise<readonly WriteOutcome[]> {
    this.assertOpen();
    if (writes.some(({ events }) => events.length === 0)) throw new Error('A write has at least one event.');
    const outcomes: WriteOutcome[] = [];
    for (const write of writes) {
      if (this.options.sequential && outcomes.length > 0) await Promise.resolve();
      const outcome = this.apply(write);
      outcomes.push(outcome);
      if (outcome.outcome !== 'appended') break;
    }
    return outcomes;
  }

  async remove(name: string, expectedRevision: number, meta: RemovalMeta): Promise<RemoveOutcome> {
    this.assertOpen();
    const stream = this.log.of(name);
    if (stream.isRemoved) return { outcome: 'removed' };
    const head = headOf(stream);
    if (head < 0 || head !== expectedRevision) return { outcome: 'wrong-expected-revision', head };
    for (const { position } of stream.events) this.log.byPosition[position] = undefined;
    this.store(name, stream, { ...meta, schemaVersion: 1, type: STREAM_REMOVED, data: JSON.stringify({ stream: name }) });
    stream.events.length = 0;
    stream.isRemoved = true;
    return { outcome: 'removed' };
  }

  async truncate(name: string, before: number): Promise<TruncateOutcome> {
    this.assertOpen();
    const stream = this.log.of(name);
    if (stream.isRemoved) return { outcome: 'removed' };
    const head = headOf(stream);
    if (head < 0) return { outcome: 'absent' };
    const gone = stream.events.splice(0, Math.max(0, Math.min(before, head) - stream.first));
    for (const { position } of gone) this.log.byPosition[position] = undefined;
    stream.first += gone.length;
    return { outcome: 'truncated', first: stream.first };
  }

  async readStream(name: string, from: number, max: number): Promise<StreamSlice> {
    this.assertOpen();
    const stream = this.log.of(name);
    if (stream.isRemoved) return { status: 'removed' };
    const head = headOf(stream);
    if (head < 0) return { status: 'absent' };
    const at = Math.max(0, from - stream.first);
    return { status: 'found', events: stream.events.slice(at, at + max), head };
  }

  async readAll(after: number, max: number): Promise<readonly StoredEvent[]> {
    this.assertOpen();
    const found: StoredEvent[] = [];
    for (let at = after + 1; at < this.log.byPosition.length && found.length < max; at += 1) {
      const event = this.log.byPosition[at];
      if (event !== undefined) found.push(event);
    }
    return found;
  }

  async headPosition(): Promise<number> {
    return this.log.byPosition.length - 1;
  }

  async appendedAfter(position: number, signal: AbortSignal): Promise<void> {
    while (this.log.byPosition.length - 1 <= position && !signal.aborted) {
      this.assertOpen();
      const { promise, resolve } = Promise.withResolvers<unknown>();
      this.followers.add(resolve);
      signal.addEventListener('abort', resolve);
      await promise;
      this.followers.delete(resolve);
      signal.removeEventListener('abort', resolve);
    }
  }

  /** Ends every wait. A second time changes nothing. */
  close(): void {
    this.isClosed = true;
    this.wakeAll();
  }

  private apply(write: Write): WriteOutcome {
    const stream = this.log.of(write.stream);
    if (stream.isRemoved) return { outcome: 'removed' };
    const head = headOf(stream);
    const wanted = write.expected === 'any' ? head : write.expected === 'no-stream' ? -1 : write.expected;
    if (wanted !== head) return this.standing(write, stream, wanted) ?? { outcome: 'wrong-expected-revision', head };
    this.log.streams.set(write.stream, stream);
    for (const event of write.events) this.store(write.stream, stream, event);
    return appended(stream.events.at(-1)!);
  }

  private standing({ expected, events }: Write, stream: Stream, wanted: number): WriteOutcome | undefined {
    const at = wanted + 1 - stream.first;
    if (at < 0) return undefined;
    const found = stream.events.slice(at, at + events.length);
    const compared = expected === 'no-stream' && this.options.eventIds === 'eventstoredb' ? events.slice(0, 1) : events;
    return compared.every(({ id }, at) => found[at]?.id === id) ? appended(found.at(-1)!) : undefined;
  }

  private store(name: string, stream: Stream, event: NewEvent): void {
    const place = { stream: name, revision: headOf(stream) + 1, position: this.log.byPosition.length };
    const stored = Object.freeze({ ...event, ...place });
    stream.events.push(stored);
    this.log.byPosition.push(stored);
    this.wakeAll();
  }

  private wakeAll(): void {
    for (const wake of this.followers) wake(undefined);
  }

  private assertOpen(): void {
    if (this.isClosed) throw new Unavailable('The event store is closed.');
  }
}

const headOf = ({ first, events }: Stream): number => first + events.length - 1;
const appended = ({ revision, position }: StoredEvent): WriteOutcome => ({ outcome: 'appended', revision, position });
