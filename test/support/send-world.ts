/**
 * The world that sends are tried in: one store, several processes that each have their own caches and lanes, people in
 * two groups, and faults between any two writes. Everything that the processes have in common goes through one schedule.
 */
import { InMemoryEventStore } from '../../src/adapters/in-memory/in-memory-event-store.js';
import { InMemoryRootKeys } from '../../src/adapters/in-memory/in-memory-root-keys.js';
import { InMemorySubjectKeys } from '../../src/adapters/in-memory/in-memory-subject-keys.js';
import type { EventStore } from '../../src/application/ports/event-store.js';
import type { PostedPlace } from '../../src/application/ports/posted-index.js';
import type { SubjectKeys } from '../../src/application/ports/subject-keys.js';
import type { Deps, SignedContext } from '../../src/application/use-case.js';
import type { AccountId, ConversationId, CorrelationId, DeviceId, MessageId } from '../../src/domain/kernel/ids.js';
import { CountingIdSource } from './counting-id-source.js';
import { type Faults, FaultyEventStore, NO_FAULTS } from './faulty-event-store.js';
import { asWritten, type SendModules } from './send-modules.js';
import { type Schedule, type Stepper, StepSchedule } from './step-schedule.js';
import { StoreMirror } from './store-mirror.js';
import { TestClock } from './test-clock.js';

export type StoreKind = 'atomic' | 'sequential' | 'eventstoredb';

export interface WorldOptions {
  readonly seed: number | string;
  readonly kind: StoreKind;
  readonly modules?: SendModules;
  /** Instead of one in memory. */
  readonly store?: EventStore;
  /** How often the index knows a post that is there. */
  readonly indexRate?: number;
  readonly keys?: SubjectKeys;
  /** Instead of one that draws from the seed. */
  readonly schedule?: Schedule;
}

export interface Process {
  isAlive: boolean;
  skewMs: number;
  /** It dies as soon as one write of an append stands. */
  isCutShort: boolean;
  readonly deps: Deps;
  readonly sendMessage: ReturnType<SendModules['sendMessage']>;
  /** Ends the waiting of whoever called this process. */
  readonly onCrash: Set<() => void>;
}

const fixed = new CountingIdSource('send-world');
export const people = Array.from({ length: 3 }, () => fixed.uuid() as AccountId);
export const devices = people.map(() => fixed.uuid() as DeviceId);
export const groups = Array.from({ length: 2 }, () => fixed.uuid() as ConversationId);
export const messageIds = Array.from({ length: 6 }, () => fixed.uuid() as MessageId);

export const as = (person: number): SignedContext => ({
  correlationId: fixed.uuid() as CorrelationId,
  principal: { accountId: people[person]!, deviceId: devices[person]! },
});

/** Rings are slow to make and the same people live in every world. */
let livingKeys: Promise<SubjectKeys> | undefined;

export async function freshKeys(): Promise<SubjectKeys> {
  const keys = await InMemorySubjectKeys.open(new InMemoryRootKeys(), new TestClock());
  for (const account of people) await keys.register(account);
  return keys;
}

function inMemory(kind: StoreKind): EventStore {
  if (kind === 'atomic') return new InMemoryEventStore();
  return new InMemoryEventStore({ sequential: true, eventIds: kind === 'eventstoredb' ? 'eventstoredb' : 'plain' });
}

export class SendWorld {
  readonly schedule: Schedule;
  readonly mirror: StoreMirror;
  readonly modules: SendModules;
  readonly processes: Process[] = [];
  faults: Faults = NO_FAULTS;
  private generation = 0;

  private constructor(
    readonly options: WorldOptions,
    readonly store: EventStore,
    readonly keys: SubjectKeys,
  ) {
    this.schedule = options.schedule ?? new StepSchedule(options.seed);
    this.mirror = new StoreMirror(store);
    this.modules = options.modules ?? asWritten;
  }

  /** Two groups of everybody, made by the real use case. */
  static async open(options: WorldOptions, processes = 2): Promise<SendWorld> {
    livingKeys ??= freshKeys();
    const world = new SendWorld(options, options.store ?? inMemory(options.kind), options.keys ?? (await livingKeys));
    for (let index = 0; index < processes; index += 1) world.processes.push(world.start());
    const create = world.modules.createGroup(world.processes[0]!.deps);
    for (const conversationId of groups) {
      const made = create({ conversationId, title: 'Rowers', accountIds: people }, as(0));
      const { ok } = await world.schedule.finish('a group is made', made);
      if (!ok) throw new Error('The group was refused.');
    }
    world.crash(0);
    return world;
  }

  placeOf(wanted: Stepper): number {
    return this.processes.findIndex((process: Stepper) => process === wanted);
  }

  /** The process dies with its caches and lanes, its callers hear nothing, and another takes its place. */
  crash(index: number): void {
    const process = this.processes[index]!;
    this.schedule.end(process);
    for (const tell of process.onCrash) tell();
    this.processes[index] = this.start();
  }

  private start(): Process {
    this.generation += 1;
    const { EventCodec, ConversationStates, sendMessage } = this.modules;
    const process = { isAlive: true, skewMs: 0, isCutShort: false, onCrash: new Set<() => void>() };
    const eventStore = new FaultyEventStore(this, process);
    const clock = this.schedule.clockOf(process);
    const codec = new EventCodec(this.keys);
    const deps = {
      eventStore,
      codec,
      clock,
      keys: this.keys,
      ids: new CountingIdSource(`${this.options.seed}:${this.generation}`),
      conversations: new ConversationStates({ eventStore, codec, clock }),
      postedIndex: { find: (id: MessageId) => this.schedule.turn(process, 'read', () => this.postedPlace(id)) },
    } as unknown as Deps;
    return Object.assign(process, { deps, sendMessage: sendMessage(deps) });
  }

  private postedPlace(messageId: MessageId): PostedPlace | 'unknown' {
    const [post] = this.mirror.postsOf(messageId);
    if (post === undefined || this.schedule.chance() >= (this.options.indexRate ?? 1)) return 'unknown';
    return { conversationId: post.data.conversationId, revision: post.revision, seq: post.data.seq };
  }
}
