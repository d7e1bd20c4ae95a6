/** One world from its first sign-in to the last question: the same plan gives the same history, byte for byte. */
import { createHash } from 'node:crypto';
import { Audit } from './audit.js';
import type { Counters } from './counters.js';
import type { Recorded } from './history.js';
import { countMet } from './met.js';
import type { Plan } from './plan.js';
import { Script } from './script.js';
import { World } from './world.js';

export interface Run {
  readonly records: readonly Recorded[];
  readonly counters: Counters;
  readonly simulatedMs: number;
  readonly turns: number;
  readonly causes: readonly string[];
}

const MOVED_IN_WITHIN_MS = 600_000;
const AFTER_LAST_MS = 2_000;

export async function simulate(plan: Plan): Promise<Run> {
  const world = new World(plan);
  await world.startAll();
  const script = new Script(world);
  let isIn = false;
  let failure: unknown;
  script.moveIn().then(
    () => {
      isIn = true;
    },
    (error: unknown) => {
      failure = error;
    },
  );
  await world.schedule.until(() => isIn || failure !== undefined, MOVED_IN_WITHIN_MS);
  if (!isIn) throw failure ?? new Error('The people of a world did not get in.');
  const startsMs = world.schedule.nowMs;
  for (const item of plan.items) {
    // A leap of time is no reason to skip what was to happen before it.
    await world.schedule.until(() => false, startsMs + item.atMs + world.schedule.leaptMs);
    script.perform(item);
  }
  await world.schedule.until(() => false, world.schedule.nowMs + AFTER_LAST_MS);
  await new Audit(world, script).run();
  const { history, counters, schedule, causes } = world;
  countMet(history.records, counters);
  return { records: history.records, counters, simulatedMs: schedule.nowMs - schedule.leaptMs, turns: schedule.turns, causes };
}

/** What two runs of one plan must have in common. */
export function hashOf({ records }: Pick<Run, 'records'>): string {
  const hash = createHash('sha256');
  for (const record of records) hash.update(JSON.stringify(record));
  return hash.digest('hex');
}
