/**
 * What may happen next in a state of a small world: who is told what, whose write is lost or late, who dies, what begins.
 * Of orders that differ only in what one process does by itself one is walked.
 */
import { limits } from '../../src/domain/kernel/limits.js';
import type { Before } from '../support/send-claims.js';
import type { Acks } from './judge.js';
import type { Told } from './living-process.js';
import type { ProcessState, Request } from './process-states.js';
import { PLACES, type WalkedWorld } from './small-world.js';
import type { Call, Effect, Numbered, StoreState } from './store-states.js';

const DAY_MS = 24 * 60 * 60 * 1_000;
export const AGE_MS = (limits.draftLifeDays + 1) * DAY_MS;

export interface State {
  readonly store: StoreState;
  readonly processes: readonly ProcessState[];
  /** Of processes that died or wait no longer: they reach the store when they like. In the order of their numbers. */
  readonly adrift: readonly Numbered<Call>[];
  /** One bit for each thing that has begun. */
  readonly begun: number;
  readonly befores: readonly (Numbered<Before> | undefined)[];
  readonly acks: Numbered<Acks>;
  readonly faultsLeft: number;
  readonly hasAged: boolean;
  readonly jumps: number;
  /** The one that has begun with something, and goes on first. */
  readonly goesOn: number | undefined;
}

export interface Move {
  readonly tell: () => string;
  readonly state: State;
  readonly wrong?: Error;
}

export type Reduction = 'reduced' | 'every order';

/**
 * Each reduction is sound because such a move neither changes what others meet nor depends on what they do:
 * - a process's own affair is not put off, if it is all that the process does and nothing may yet be begun there;
 * - it begins with something when it goes on with it: what comes in between from others may as well come before, and an
 *   answer is then held against the shortest time;
 * - it dies right after something that it did: until it does the next thing, or another is begun at its place, nobody can
 *   tell the dead from the slow. Each write that is under way then reaches the store at any time, or does not;
 * - one that has nothing left to do, and is not asked again at rest, is as good as gone.
 * Only the passing of time, which everybody sees, is put in every order with all of these.
 */
export class Moves {
  constructor(
    private readonly world: WalkedWorld,
    private readonly reduction: Reduction = 'reduced',
  ) {}

  first(): State {
    const { beginning, judge, small, tasks, processes } = this.world;
    return {
      store: beginning,
      processes: Array.from({ length: PLACES }, (_, place) => processes.fresh(place, 0)),
      adrift: [],
      begun: 0,
      befores: tasks.map(() => undefined),
      acks: judge.noAcks,
      faultsLeft: small.faults,
      hasAged: false,
      jumps: 0,
      goesOn: undefined,
    };
  }

  isDone({ begun, processes, adrift }: State): boolean {
    return begun === (1 << this.world.tasks.length) - 1 && adrift.length === 0 && processes.every(isIdle);
  }

  async of(state: State): Promise<Move[]> {
    const moves: Move[] = [];
    const isReduced = this.reduction === 'reduced';
    const own = isReduced ? state.processes.findIndex((process, place) => this.isByItself(state, process, place)) : -1;
    const only = own >= 0 ? own : isReduced ? state.goesOn : undefined;
    for (const [place, process] of state.processes.entries()) {
      if (only !== undefined && only !== place) continue;
      for (const request of process.requests) await this.answer(moves, state, place, request);
      if (!isReduced) this.deaths(moves, state, place);
    }
    for (const { index, place } of this.world.tasks) {
      if (state.begun & (1 << index)) continue;
      if (place === undefined) this.age(moves, state, index);
      else if (only === undefined || only === place) await this.begin(moves, state, index, place);
    }
    if (only === undefined) for (const call of new Set(state.adrift)) await this.arrive(moves, state, call);
    return moves;
  }

  private async begin(moves: Move[], state: State, index: number, place: number): Promise<void> {
    const { claim, happening } = this.world.tasks[index]!;
    const { judge } = this.world;
    const begun = state.begun | (1 << index);
    const before = claim && judge.before(claim, state.store, state.jumps);
    const befores = state.befores.map((known, at) => (at === index ? before : known));
    const told = { begin: index, work: claim ?? happening } as Told;
    const next = { ...state, begun, befores, goesOn: place };
    await this.tellProcess(moves, next, place, told, `b${index}`, () => `process ${place} takes ${JSON.stringify(happening)}`);
  }

  /** Nobody's write is under way any more: it has reached the store, or never will. */
  private age(moves: Move[], state: State, index: number): void {
    const isUnderWay = state.adrift.length > 0 || state.processes.some(({ requests }) => requests.some(({ isWrite }) => isWrite));
    if (isUnderWay) return;
    const next = { ...state, begun: state.begun | (1 << index), hasAged: true, jumps: state.jumps + 1, goesOn: undefined };
    moves.push({ tell: () => `${AGE_MS} ms pass`, state: next });
  }

  private async arrive(moves: Move[], state: State, call: Numbered<Call>): Promise<void> {
    const { next } = await this.effect(state.store, call);
    const at = state.adrift.indexOf(call);
    const adrift = state.adrift.filter((_, other) => other !== at);
    moves.push({ tell: () => `what was under way arrives: ${call.key}`, state: { ...state, store: next, adrift } });
  }

  private async answer(moves: Move[], state: State, place: number, request: Request): Promise<void> {
    const { asked, call } = request;
    const { faultsLeft } = state;
    const went = { ...state, goesOn: undefined };
    if (call === undefined) {
      await this.tellProcess(
        moves,
        went,
        place,
        { answer: asked, value: undefined },
        `${asked}:`,
        () => `process ${place} goes on`,
      );
      if (faultsLeft === 0) return;
      const late = { ...went, faultsLeft: faultsLeft - 1, jumps: state.jumps + 1 };
      await this.tellProcess(
        moves,
        late,
        place,
        { answer: asked, isLate: true },
        `${asked}l`,
        () => `process ${place} wakes too late`,
      );
      return;
    }
    const { result, next } = await this.effect(state.store, call);
    const tell = () => `process ${place}: ${call.key} = ${result.key}`;
    await this.tellProcess(
      moves,
      { ...went, store: next },
      place,
      { answer: asked, value: result.value },
      `${asked}:${result.id}`,
      tell,
    );
    if (!request.isWrite || faultsLeft === 0) return;
    const failed = { ...went, faultsLeft: faultsLeft - 1 };
    const unknown: Told = { answer: asked, fails: 'unknown' };
    const fail = (what: string, then: State, told = unknown): Promise<void> =>
      this.tellProcess(
        moves,
        then,
        place,
        told,
        'fails' in told ? `${asked}${told.fails}` : '',
        () => `process ${place}: ${call.key}: ${what}`,
      );
    if (!request.isBegun) await fail('it was not begun', failed, { answer: asked, fails: 'unavailable' });
    await fail('it never arrived', failed);
    await fail('the answer was lost', { ...failed, store: next });
    await fail('it is late', { ...failed, adrift: withCall(state.adrift, call) });
  }

  /** The process goes on until it waits for others, and what it answers is judged; or it dies then. */
  private async tellProcess(
    moves: Move[],
    state: State,
    place: number,
    told: Told,
    key: string,
    tell: () => string,
  ): Promise<void> {
    const { processes, judge, tasks } = this.world;
    const known = state.processes[place]!;
    const whole = state.hasAged ? `${key} aged` : key;
    const process = known.after.get(whole) ?? (await processes.learn(known, whole, told, state.hasAged ? AGE_MS : 0));
    let { acks } = state;
    const befores = process.outcomes.length > 0 ? [...state.befores] : state.befores;
    let wrong: Error | undefined;
    for (const outcome of process.outcomes) {
      const { begin, error } = outcome.value;
      const claim = tasks[begin]?.claim;
      if (error !== undefined) wrong ??= judge.noAnswer(error, state.store);
      else if (claim !== undefined) {
        const verdict = judge.judge(claim, outcome, state.befores[begin]!, { ...state, acks });
        acks = verdict.acks;
        wrong ??= verdict.wrong;
      }
      (befores as (Numbered<Before> | undefined)[])[begin] = undefined;
    }
    const goesOn = process.requests.length > 0 ? state.goesOn : undefined;
    const next = { ...state, processes: state.processes.with(place, process.idle ?? process), befores, acks, goesOn };
    moves.push({ tell, state: this.tidied(next), ...(wrong && { wrong }) });
    this.deaths(moves, next, place, tell);
  }

  private deaths(moves: Move[], state: State, place: number, tell?: () => string): void {
    const process = state.processes[place]!;
    if (state.faultsLeft === 0 || process.from === undefined) return;
    const fresh = this.world.processes.fresh(place, process.generation + 1);
    const writes = process.requests.flatMap(({ call, isWrite }) => (isWrite && call ? [call] : []));
    const befores = state.befores.map((before, at) => (process.open & (1 << at) ? undefined : before));
    const next = {
      ...state,
      processes: state.processes.with(place, fresh),
      befores,
      faultsLeft: state.faultsLeft - 1,
      goesOn: undefined,
    };
    for (let survive = 0; survive < 1 << writes.length; survive += 1) {
      const adrift = writes.filter((_, at) => survive & (1 << at)).reduce(withCall, state.adrift);
      const story = () => `${tell ? `${tell()}; ` : ''}process ${place} dies, ${adrift.length} writes go on`;
      moves.push({ tell: story, state: this.tidied({ ...next, adrift }) });
    }
  }

  /** Process 0 is the one that is asked again at rest. */
  private tidied(state: State): State {
    if (this.reduction !== 'reduced') return state;
    const [, other] = state.processes;
    if (other === undefined || !isIdle(other)) return state;
    return this.isAskedMore(state, 1)
      ? state
      : { ...state, processes: state.processes.with(1, this.world.processes.fresh(1, 0)) };
  }

  /** Nothing else that it does, now or when more is begun there, could come in between. */
  private isByItself(state: State, { requests }: ProcessState, place: number): boolean {
    return requests.length > 0 && requests.every(isOwn) && !this.isAskedMore(state, place);
  }

  private isAskedMore({ begun }: State, at: number): boolean {
    return this.world.tasks.some(({ index, place }) => place === at && !(begun & (1 << index)));
  }

  async effect(store: StoreState, call: Numbered<Call>): Promise<Effect> {
    return store.after.get(call.id) ?? this.world.stores.learn(store, call);
  }
}

const isIdle = ({ open, requests }: ProcessState): boolean => open === 0 && requests.length === 0;

const isOwn = ({ call }: Request): boolean => call === undefined;

const withCall = (calls: readonly Numbered<Call>[], call: Numbered<Call>): readonly Numbered<Call>[] =>
  [...calls, call].sort((one, other) => one.id - other.id);
