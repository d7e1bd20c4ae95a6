/**
 * A world small enough to be walked whole: two processes, a few attempts at sending that each begin at any moment, and one
 * or two faults that strike anywhere. It is judged as the large ones are: every answer when it comes, and the store at rest.
 */
import { EventLog } from '../../src/adapters/in-memory/in-memory-event-store.js';
import { type Claim, Crashed, WrongSending } from '../support/send-claims.js';
import { asWritten, type SendModules } from '../support/send-modules.js';
import type { Errand } from '../support/send-scenario.js';
import { SendWorld, type StoreKind } from '../support/send-world.js';
import { Judge } from './judge.js';
import { ProcessStates } from './process-states.js';
import { type StoreState, StoreStates } from './store-states.js';

/** An attempt to send, told once; or something else that happens in between. */
export type Happening =
  | { readonly do: 'send'; readonly slot: number; readonly at: number; readonly text?: string }
  | Errand
  /** What is under way reaches the store, then a draft's life passes. */
  | { readonly do: 'age' };

export interface SmallWorld {
  readonly name: string;
  readonly happenings: readonly Happening[];
  readonly faults: number;
}

/** One happening as a process is told of it. */
export interface Task {
  readonly index: number;
  readonly happening: Happening;
  /** Undefined for what happens to nobody: time. */
  readonly place: number | undefined;
  readonly claim: Claim | undefined;
}

/** Everything that a walk through one small world asks. */
export interface WalkedWorld {
  readonly small: SmallWorld;
  readonly tasks: readonly Task[];
  readonly claims: readonly Claim[];
  readonly stores: StoreStates;
  readonly processes: ProcessStates;
  readonly judge: Judge;
  readonly beginning: StoreState;
}

export const PLACES = 2;

export async function openWorld(small: SmallWorld, kind: StoreKind, modules: SendModules = asWritten): Promise<WalkedWorld> {
  const stores = new StoreStates(kind);
  const log = new EventLog();
  const { keys } = await SendWorld.open({ kind, seed: 'small', modules, store: stores.open(log) }, PLACES);
  const beginning = await stores.stateOf(log);
  const claims = new Map<string, Claim>();
  const tasks = small.happenings.map((happening, index): Task => {
    if (happening.do !== 'send')
      return { index, happening, place: happening.do === 'age' ? undefined : happening.at, claim: undefined };
    const key = JSON.stringify(claimOf(happening));
    const claim = claims.get(key) ?? claimOf(happening);
    claims.set(key, claim);
    return { index, happening, place: happening.at, claim };
  });
  const processes = new ProcessStates({ modules, kind, keys, calls: stores.calls });
  const judge = await Judge.open({ modules, keys }, [...claims.values()], beginning);
  return { small, tasks, claims: [...claims.values()], stores, processes, judge, beginning };
}

function claimOf({ slot, text }: Extract<Happening, { do: 'send' }>): Claim {
  return { slot, person: slot === 0 ? 0 : 1, group: 0, text: text ?? `Message ${slot}` };
}

/** Whether it was the outcome that was wrong, and not the world that broke. */
export const isWrongOutcome = (error: Error): boolean => error instanceof WrongSending && !(error instanceof Crashed);
