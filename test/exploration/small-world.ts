/**
 * A world small enough to be walked whole: two processes, a few attempts at sending that each begin at any moment, and one
 * or two faults that strike anywhere. It is judged as the large ones are: every answer when it comes, and the store at rest.
 */
import { limits } from '../../src/domain/kernel/limits.js';
import { type Fault, NO_FAULTS } from '../support/faulty-event-store.js';
import { type Claim, Claims, Crashed, orCrash, WrongSending } from '../support/send-claims.js';
import type { SendModules } from '../support/send-modules.js';
import { type Errand, runErrand } from '../support/send-scenario.js';
import { SendWorld, type StoreKind } from '../support/send-world.js';
import type { Choices } from './choices.js';
import { ChosenSchedule, SeenBefore } from './chosen-schedule.js';

const DAY_MS = 24 * 60 * 60 * 1_000;
const WRITE_FAULTS: readonly Fault[] = ['unavailable', 'never-arrived', 'answer-lost', 'late'];

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

export interface Play {
  readonly kind: StoreKind;
  readonly choices: Choices;
  readonly seen: Set<string>;
  readonly modules?: SendModules;
}

/** How one way through the world ended. */
export type Ending =
  | { readonly end: 'rest' }
  | { readonly end: 'seen before' }
  | { readonly end: 'wrong'; readonly error: Error; readonly story: readonly string[] };

export async function play(small: SmallWorld, { kind, choices, seen, modules }: Play): Promise<Ending> {
  const schedule = new ChosenSchedule();
  const world = await SendWorld.open({ kind, schedule, seed: 'small', indexRate: 0, ...(modules && { modules }) });
  const claims = new Claims(world);
  let faultsLeft = small.faults;
  const failed = (): void => {
    faultsLeft -= 1;
  };
  const underWay = new Set<number>(small.happenings.keys());
  for (const [index, process] of world.processes.entries()) schedule.name(process, `process ${index}`);
  schedule.told.length = 0;
  schedule.explore({
    ...{ choices, seen, failed },
    common: async () => `${faultsLeft} ${await contents(world)}`,
    mayFail: () => faultsLeft > 0,
    mortal: (only) =>
      [...world.processes.entries()]
        .filter(([, process]) => only === undefined || process === only)
        .map(([index]) => () => {
          world.crash(index);
          schedule.name(world.processes[index]!, `process ${index} anew after ${faultsLeft}`);
        }),
  });
  world.faults = { ...NO_FAULTS, write: () => chosenFault(schedule, faultsLeft, failed) };
  try {
    for (const [index, one] of small.happenings.entries())
      void happen(world, schedule, claims, one, index).finally(() => underWay.delete(index));
    await schedule.until('all has happened', () => underWay.size === 0 || claims.failure !== undefined);
    if (claims.failure !== undefined) throw claims.failure;
    await comeToRest(world, schedule, claims);
    return { end: 'rest' };
  } catch (error) {
    if (error instanceof SeenBefore) return { end: 'seen before' };
    return { end: 'wrong', error: error as Error, story: schedule.told };
  }
}

function chosenFault(schedule: ChosenSchedule, left: number, failed: () => void): Fault | undefined {
  const chosen = left > 0 ? schedule.choose(WRITE_FAULTS.length + 1) : 0;
  if (chosen > 0) failed();
  return WRITE_FAULTS[chosen - 1];
}

/** Begins when it is chosen; an attempt that gets no answer is not told again before the end. */
async function happen(world: SendWorld, schedule: ChosenSchedule, claims: Claims, one: Happening, index: number): Promise<void> {
  const script = { isAlive: true };
  schedule.name(script, `happening ${index}`);
  await schedule.turn<unknown>(script, 'read', () =>
    one.do === 'age' ? schedule.jump((limits.draftLifeDays + 1) * DAY_MS) : 'begins',
  );
  if (one.do === 'age') return;
  try {
    const process = world.processes[one.at]!;
    schedule.note(process, `takes ${JSON.stringify(one)}`);
    if (one.do !== 'send') await orCrash(process, runErrand(world, process, one));
    else {
      const answer = await claims.once(claimOf(one), process);
      schedule.note(script, `gets ${answer.ok ? `seq ${answer.value.seq}` : answer.rejection.type}`);
    }
  } catch (error) {
    schedule.note(script, `gets no answer: ${(error as Error).message}`);
    claims.noAnswer(error);
  }
}

function claimOf({ slot, text }: Extract<Happening, { do: 'send' }>): Claim {
  return { slot, person: slot === 0 ? 0 : 1, group: 0, text: text ?? `Message ${slot}` };
}

/** Faults are over, what was late arrives, and everybody tells everything again. */
async function comeToRest(world: SendWorld, schedule: ChosenSchedule, claims: Claims): Promise<void> {
  schedule.rest();
  world.faults = NO_FAULTS;
  await schedule.jump(0);
  for (const { claim } of [...claims.all.values()]) {
    await schedule.finish('everything is told again', claims.send(claim, 0));
    if (claims.failure !== undefined) throw claims.failure;
  }
  await claims.checkAtRest();
}

/** What the store holds: which attempt's event stands where. Positions order what has no order, and are left out. */
async function contents(world: SendWorld): Promise<string> {
  const stored = await world.store.readAll(0, Number.MAX_SAFE_INTEGER);
  return stored
    .map(({ stream, revision, id, type }) => `${stream} ${revision} ${type} ${id}`)
    .sort()
    .join('\n');
}

/** Whether it was the outcome that was wrong, and not the world that broke. */
export const isWrongOutcome = (error: Error): boolean => error instanceof WrongSending && !(error instanceof Crashed);
