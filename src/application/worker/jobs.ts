/**
 * TABLE of the worker's jobs: a name, how often, and a turn. The names are stored: never rename. Every turn is bounded and
 * bears being cut off at any step, being done twice, and being done by two processes at once; so there is no lease.
 */
import type { Instant } from '../../domain/kernel/instant.js';
import { reactions } from '../reactions.js';
import type { Deps } from '../use-case.js';
import { applyRetention } from './apply-retention.js';
import { collectDrafts } from './collect-drafts.js';
import type { Job, Turn } from './worker.js';

const MINUTE_MS = 60_000;

/** Forgets rows that have ended by themselves, a bounded number of them, and answers how many. */
export type ForgetEnded = (at: Instant) => Promise<number>;

export interface WorkerStores {
  /** By a name for the log: stores of short-lived rows. */
  readonly expiring: Readonly<Record<string, ForgetEnded>>;
  /** Up to where all views are built, as far as that is on disk. */
  readonly viewsReach: () => Promise<number>;
  /** Takes away a part of what rebuilt views left behind. */
  readonly sweepViews: () => Promise<'more' | 'done'>;
}

const SNAPSHOTS_PER_TURN = 20;
const SWEEPS_PER_TURN = 4;

type JobOf = (deps: Deps, stores: WorkerStores, name: string) => Omit<Job, 'name'>;

const table: Readonly<Record<string, JobOf>> = {
  'collect-drafts': (deps, _, name) => ({ everyMs: 10 * MINUTE_MS, turn: collectDrafts(deps, name) }),
  'forget-ended': ({ clock }, { expiring }) => ({ everyMs: MINUTE_MS, turn: () => forgetEnded(expiring, clock.now()) }),
  'keep-snapshots': ({ conversations }) => ({
    everyMs: 1_000,
    turn: async () => {
      const count = (await conversations.snapshots?.write(SNAPSHOTS_PER_TURN)) ?? 0;
      return { count, more: count === SNAPSHOTS_PER_TURN };
    },
  }),
  'apply-retention': (deps, stores) => ({
    everyMs: 10 * MINUTE_MS,
    turn: applyRetention(deps, { passed: () => passedByAll(deps, stores) }),
  }),
  'sweep-views': (_, { sweepViews }) => ({ everyMs: MINUTE_MS, turn: () => sweep(sweepViews) }),
};

export const workerJobNames: readonly string[] = Object.keys(table);

export const workerJobs = (deps: Deps, stores: WorkerStores): readonly Job[] =>
  Object.entries(table).map(([name, jobOf]) => ({ name, ...jobOf(deps, stores, name) }));

/** Up to where everybody who follows the log is done with it. */
async function passedByAll({ eventFeed }: Pick<Deps, 'eventFeed'>, { viewsReach }: WorkerStores): Promise<number> {
  const reached = await Promise.all(Object.keys(reactions).map((name) => eventFeed.committed(name)));
  return Math.min(await viewsReach(), ...reached);
}

async function forgetEnded(expiring: WorkerStores['expiring'], at: Instant): Promise<Turn> {
  let [count, more] = [0, false];
  for (const forget of Object.values(expiring)) {
    const forgotten = await forget(at);
    count += forgotten;
    more ||= forgotten > 0;
  }
  return { count, more };
}

async function sweep(step: WorkerStores['sweepViews']): Promise<Turn> {
  for (let steps = 1; steps <= SWEEPS_PER_TURN; steps += 1) {
    if ((await step()) === 'done') return { count: steps - 1, more: false };
  }
  return { count: SWEEPS_PER_TURN, more: true };
}
