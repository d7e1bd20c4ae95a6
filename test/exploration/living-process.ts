/**
 * One process with the real use cases, its caches and its lanes, in nobody's company: what it asks of others is kept until
 * somebody answers. It is a function of what it is told.
 */
import { inspect } from 'node:util';
import type { EventStore, Write, WriteOutcome } from '../../src/application/ports/event-store.js';
import type { Deps } from '../../src/application/use-case.js';
import { instant } from '../../src/domain/kernel/instant.js';
import { limits } from '../../src/domain/kernel/limits.js';
import { CountingIdSource } from '../support/counting-id-source.js';
import { bodyOf, type Claim } from '../support/send-claims.js';
import type { SendModules } from '../support/send-modules.js';
import { type Errand, runErrand } from '../support/send-scenario.js';
import { as, groups, messageIds, type SendWorld, type StoreKind } from '../support/send-world.js';
import { StoreMirror } from '../support/store-mirror.js';
import type { Call } from './store-states.js';

/** A wait ends whenever it is chosen. */
export type Wish = { readonly call: Call; readonly isBegun: boolean } | 'wait';

export type Errors = 'unavailable' | 'unknown';

/** What a process is told: to begin with something, or what came of what it asked for. */
export type Told =
  | { readonly begin: number; readonly work: Claim | Errand }
  | { readonly answer: number; readonly value: unknown }
  | { readonly answer: number; readonly fails: Errors }
  /** A wait that ends when it is too late. */
  | { readonly answer: number; readonly isLate: true };

/** How one thing that it was told to do came out. */
export interface Outcome {
  readonly begin: number;
  readonly value?: unknown;
  readonly error?: Error;
}

export interface ProcessWorld {
  readonly modules: SendModules;
  readonly kind: StoreKind;
  readonly keys: SendWorld['keys'];
}

interface Waiting {
  readonly wish: Wish;
  readonly resolve: (value: never) => void;
  readonly reject: (error: Error) => void;
}

const STARTED_AT = Date.UTC(2031, 4, 7, 8, 9, 10);

export class LivingProcess {
  readonly waiting = new Map<number, Waiting>();
  outcomes: Outcome[] = [];
  private asked = 0;
  private begun = 0;
  private open = 0;
  private ids: CountingIdSource;
  private nowMs = 0;
  private lateMs = 0;
  private readonly modules: SendModules;
  private readonly kind: StoreKind;
  private readonly deps: Deps;
  private readonly sendMessage: ReturnType<SendModules['sendMessage']>;

  constructor(
    { modules, kind, keys }: ProcessWorld,
    private readonly name: string,
  ) {
    this.modules = modules;
    this.kind = kind;
    const codec = new modules.EventCodec(keys);
    const clock = {
      now: () => instant(STARTED_AT + this.nowMs + this.lateMs),
      monotonicMs: () => this.nowMs + this.lateMs,
      wait: async (spanMs: number) => (spanMs > 0 ? this.ask<void>('wait') : undefined),
    };
    const eventStore = this.store();
    this.ids = new CountingIdSource(name);
    this.deps = {
      ...{ eventStore, codec, clock, keys },
      ids: { uuid: () => this.ids.uuid(), fraction: () => this.ids.fraction() },
      conversations: new modules.ConversationStates({ eventStore, codec, clock }),
      postedIndex: { find: async () => 'unknown' },
    } as unknown as Deps;
    this.sendMessage = modules.sendMessage(this.deps);
  }

  /** Goes on until it waits for others. */
  async tell(told: Told, nowMs: number): Promise<void> {
    this.nowMs = nowMs;
    if ('begin' in told) this.begin(told.begin, told.work);
    else this.answer(told);
    await new Promise((resolve) => setImmediate(resolve));
    if (this.isIdle) this.ids = new CountingIdSource(`${this.name} after ${this.begun}`);
  }

  get isIdle(): boolean {
    return this.open === 0 && this.waiting.size === 0;
  }

  /**
   * All that an idle process takes with it: what it knows of conversations, its clock, and where its ids begin, which is the
   * same however many it took for what it has done.
   */
  get memory(): string {
    const { entries } = this.deps.conversations as unknown as { entries: unknown };
    return `${this.begun} ${this.lateMs} ${inspect(entries, { depth: null, maxArrayLength: null, compact: true, breakLength: Infinity })}`;
  }

  private begin(begin: number, work: Claim | Errand): void {
    this.begun += 1;
    this.open += 1;
    const done = (outcome: Outcome): void => {
      this.open -= 1;
      this.outcomes.push(outcome);
    };
    this.work(work).then(
      (value) => done({ begin, value }),
      (error: Error) => done({ begin, error }),
    );
  }

  private answer(told: Exclude<Told, { begin: number }>): void {
    const { resolve, reject } = this.waiting.get(told.answer)!;
    this.waiting.delete(told.answer);
    if ('isLate' in told) this.lateMs += limits.sendDeadlineMs;
    if ('fails' in told) {
      const { OutcomeUnknown, Unavailable } = this.modules;
      reject(told.fails === 'unknown' ? new OutcomeUnknown('The answer was lost.') : new Unavailable('It was not begun.'));
    } else resolve(('value' in told ? told.value : undefined) as never);
  }

  private async work(work: Claim | Errand): Promise<unknown> {
    if (!('do' in work)) {
      const [conversationId, messageId] = [groups[work.group]!, messageIds[work.slot]!];
      return this.sendMessage({ conversationId, messageId, body: bodyOf(work) }, as(work.person));
    }
    const stream = `conversation-${groups[0]}`;
    const read = async () => {
      const slice = await this.deps.eventStore.readStream(stream, 0, 1_000);
      return slice.status === 'found' ? slice.events : [];
    };
    const mirror = new StoreMirror({ readAll: work.do === 'purge' ? read : async () => [] });
    await mirror.catchUp();
    return runErrand({ modules: this.modules, mirror }, { deps: this.deps }, work);
  }

  private store(): EventStore {
    const call = <T>(wanted: Call, isBegun = false): Promise<T> => this.ask<T>({ call: wanted, isBegun });
    return {
      append: (writes) => this.append(writes),
      remove: (stream, expectedRevision, meta) => call({ do: 'remove', stream, expectedRevision, meta }),
      readStream: (stream, from, max) => call({ do: 'read', stream, from, max }),
    } as EventStore;
  }

  /**
   * Unless the store is atomic, the process may die between two writes. To die when a write has landed, before it is told, is
   * to die with that write under way.
   */
  private async append(writes: readonly Write[]): Promise<readonly WriteOutcome[]> {
    const pieces = this.kind === 'atomic' ? [writes] : writes.map((write) => [write]);
    const outcomes: WriteOutcome[] = [];
    for (const piece of pieces) {
      const isBegun = outcomes.length > 0;
      outcomes.push(...(await this.ask<WriteOutcome[]>({ call: { do: 'append', writes: piece }, isBegun })));
      if (outcomes.at(-1)?.outcome !== 'appended') break;
    }
    return outcomes;
  }

  private ask<T>(wish: Wish): Promise<T> {
    this.asked += 1;
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    this.waiting.set(this.asked, { wish, resolve, reject });
    return promise;
  }
}
