/** At the end faults are over, and everybody tells everything again, at the first process: all is judged when that is answered. */
import type { Answer } from '../support/send-claims.js';
import { AGE_MS, type State } from './moves.js';
import type { ProcessState } from './process-states.js';
import type { WalkedWorld } from './small-world.js';
import type { StoreState } from './store-states.js';

/** Who goes on beyond it goes round in a circle. */
const STEPS_MAX = 2_000;

export class Rest {
  /** What is wrong with each end that was judged. */
  private readonly judged = new Map<string, Error | undefined>();

  constructor(private readonly world: WalkedWorld) {}

  async wrongWith(state: State): Promise<Error | undefined> {
    const { store, processes, acks, hasAged, jumps } = state;
    const key = `${store.id} ${processes[0]!.id} ${acks.id} ${hasAged} ${jumps}`;
    if (!this.judged.has(key)) this.judged.set(key, await this.comeToRest(state));
    return this.judged.get(key);
  }

  private async comeToRest({ store: first, processes: [begun], acks: given, hasAged, jumps }: State): Promise<Error | undefined> {
    const { world } = this;
    const { claims, tasks, judge } = world;
    const nowMs = hasAged ? AGE_MS : 0;
    let [store, process, acks] = [first, begun!, given];
    for (const [at, claim] of claims.entries()) {
      const index = tasks.length + at;
      for (let isAnswered = false; !isAnswered; ) {
        const before = judge.before(claim, store, jumps);
        process = await this.told(process, { begin: index, work: claim }, `b${index}`, nowMs);
        [store, process] = await this.goOn(store, process, nowMs);
        const outcome = process.outcomes.find(({ value }) => value.begin === index)!;
        if (outcome.value.error !== undefined) return outcome.value.error;
        const verdict = judge.judge(claim, outcome, before, { store, acks, jumps });
        if (verdict.wrong !== undefined) return verdict.wrong;
        acks = verdict.acks;
        const answer = outcome.value.value as Answer;
        isAnswered = answer.ok || answer.rejection.type !== 'Contended';
      }
    }
    return judge.atRest(store);
  }

  /** The first that can happen happens, until nothing is open. */
  private async goOn(first: StoreState, begun: ProcessState, nowMs: number): Promise<[StoreState, ProcessState]> {
    let [store, process] = [first, begun];
    for (let step = 0; process.open !== 0; step += 1) {
      const [request] = process.requests;
      if (request === undefined || step > STEPS_MAX) throw new Error(`At rest, after ${step} steps, a send is not answered`);
      const { asked, call } = request;
      if (call === undefined) process = await this.told(process, { answer: asked, value: undefined }, `${asked}:`, nowMs);
      else {
        const { result, next } = store.after.get(call.id) ?? (await this.world.stores.learn(store, call));
        store = next;
        process = await this.told(process, { answer: asked, value: result.value }, `${asked}:${result.id}`, nowMs);
      }
    }
    return [store, process];
  }

  private async told(process: ProcessState, told: Parameters<typeof this.world.processes.learn>[2], key: string, nowMs: number) {
    const whole = nowMs > 0 ? `${key} aged` : key;
    return process.after.get(whole) ?? this.world.processes.learn(process, whole, told, nowMs);
  }
}
