/**
 * What a process is after all that it has been told, as a value: a living one is asked once where each thing that it may
 * be told takes it, and the answer is kept. So what millions of ways have in common is run once.
 */
import { createHash } from 'node:crypto';
import { LivingProcess, type Outcome, type ProcessWorld, type Told, type Wish } from './living-process.js';
import { type Call, inWords, type Numbered, Numbers, type StoreStates } from './store-states.js';

/** What it waits for: a call of the store, or that time passes. */
export interface Request {
  readonly asked: number;
  readonly call?: Numbered<Call>;
  readonly isWrite: boolean;
  /** Another write of the same append stands. */
  readonly isBegun: boolean;
}

export interface ProcessState {
  readonly id: number;
  /** The same for the same history in every walk. */
  readonly key: string;
  readonly name: string;
  readonly generation: number;
  /** What it is about, one bit each. */
  readonly open: number;
  readonly requests: readonly Request[];
  /** What it has just answered. */
  readonly outcomes: readonly Numbered<Outcome>[];
  readonly after: Map<string, ProcessState>;
  /** The one like it that stands for all that are idle and know the same. */
  readonly idle?: ProcessState;
  readonly from?: { readonly state: ProcessState; readonly told: Told; readonly nowMs: number };
}

const hash = (text: string): string => createHash('sha1').update(text).digest('base64');

export class ProcessStates {
  private count = 0;
  private readonly roots = new Map<string, ProcessState>();
  private readonly idle = new Map<string, ProcessState>();
  private readonly outcomes = new Numbers<Outcome>();
  /** The last ones that were asked stand where they are; the others are told everything again. */
  private readonly living = new WeakMap<ProcessState, LivingProcess>();

  constructor(private readonly world: ProcessWorld & { readonly calls: StoreStates['calls'] }) {}

  /** A process that was told nothing yet, at a place where so many have died. */
  fresh(place: number, generation: number): ProcessState {
    const name = `process ${place}.${generation}`;
    const known = this.roots.get(name);
    if (known !== undefined) return known;
    const root = this.numbered({ key: name, name, generation, open: 0, requests: [], outcomes: [] });
    this.roots.set(name, root);
    return root;
  }

  /** Not known yet: asks a living process. */
  async learn(state: ProcessState, key: string, told: Told, nowMs: number): Promise<ProcessState> {
    const process = await this.revive(state);
    await process.tell(told, nowMs);
    const outcomes = process.outcomes.splice(0);
    const begun = 'begin' in told ? 1 << told.begin : 0;
    const { name } = state;
    const idleKey = process.isIdle ? hash(`${name} ${process.memory}`) : undefined;
    const idle = idleKey === undefined ? undefined : this.idle.get(idleKey);
    const next = this.numbered({
      key: idleKey ?? hash(`${state.key}\n${inWords(told)} ${nowMs}`),
      name,
      generation: state.generation,
      open: outcomes.reduce((left, { begin }) => left & ~(1 << begin), state.open | begun),
      requests: [...process.waiting].map(([asked, { wish }]) => this.request(asked, wish)),
      outcomes: outcomes.map((outcome) => this.outcomes.of(inWords([outcome, outcome.error?.message]), outcome)),
      from: { state, told, nowMs },
      ...(idle && { idle }),
    });
    if (idleKey !== undefined && idle === undefined) this.idle.set(idleKey, next);
    this.living.set(next, process);
    state.after.set(key, next);
    return next;
  }

  private numbered(state: Omit<ProcessState, 'id' | 'after'>): ProcessState {
    this.count += 1;
    return { id: this.count, after: new Map(), ...state };
  }

  private request(asked: number, wish: Wish): Request {
    if (wish === 'wait') return { asked, isWrite: false, isBegun: false };
    const { call, isBegun } = wish;
    return { asked, call: this.world.calls.of(inWords(call), call), isWrite: call.do !== 'read', isBegun };
  }

  private async revive(state: ProcessState): Promise<LivingProcess> {
    const known = this.living.get(state);
    this.living.delete(state);
    if (known !== undefined) return known;
    const process = new LivingProcess(this.world, state.name);
    const history: { told: Told; nowMs: number }[] = [];
    for (let at = state.from; at !== undefined; at = at.state.from) history.unshift(at);
    for (const { told, nowMs } of history) await process.tell(told, nowMs);
    process.outcomes.length = 0;
    const waitsFor = [...process.waiting].map(([asked, { wish }]) => inWords(this.request(asked, wish)));
    if (waitsFor.join() !== state.requests.map(inWords).join()) throw new Error('A process is no function of what it is told.');
    return process;
  }
}
