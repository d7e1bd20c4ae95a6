/**
 * The one loop that does what nobody waits for. A turn of a job is short and bears being cut off or done twice; between two
 * turns others get their time, and jobs begin at moments of chance, so that several servers do not work in step. A store
 * that is away is tried again at the next turn; a defect ends the loop, and with it the process (ADR 0027).
 */
import type { Instant } from '../../domain/kernel/instant.js';
import type { Clock } from '../ports/clock.js';
import { OutcomeUnknown, Unavailable } from '../ports/failures.js';
import type { IdSource } from '../ports/id-source.js';

export interface Turn {
  /** How many things were done. */
  readonly count: number;
  /** Whether there is more to do at once. */
  readonly more: boolean;
}

export interface Job {
  /** A stored name: the checkpoint of the job that collects drafts is kept under it. */
  readonly name: string;
  /** From the end of what there was to do to the next looking. */
  readonly everyMs: number;
  readonly turn: () => Promise<Turn>;
}

/** When a turn ended, and how long it took. */
export interface TurnTaken {
  readonly at: Instant;
  readonly durationMs: number;
}

/** Is told of every turn, also of one that found nothing to do. */
export interface WorkerReport {
  readonly done: (job: string, count: number, taken: TurnTaken) => void;
  readonly failed: (job: string, error: unknown, taken: TurnTaken) => void;
}

interface WorkerDeps {
  readonly clock: Clock;
  readonly ids: IdSource;
}

/** Between two turns of a job that has more to do. */
const TURN_PAUSE_MS = 20;

export async function runWorker(
  jobs: readonly Job[],
  { clock, ids }: WorkerDeps,
  report: WorkerReport,
  signal: AbortSignal,
): Promise<void> {
  const dueMs = new Map(jobs.map((job) => [job, clock.monotonicMs() + job.everyMs * ids.fraction()]));
  while (!signal.aborted) {
    const [next] = [...dueMs].sort(([, one], [, other]) => one - other);
    if (next === undefined) return;
    const [job, at] = next;
    await clock.wait(Math.max(at - clock.monotonicMs(), TURN_PAUSE_MS), signal);
    if (signal.aborted) return;
    const { more } = await take(job, clock, report);
    dueMs.set(job, clock.monotonicMs() + (more ? 0 : job.everyMs * (0.75 + ids.fraction() / 2)));
  }
}

async function take(job: Job, clock: Clock, report: WorkerReport): Promise<Turn> {
  const startedMs = clock.monotonicMs();
  const taken = (): TurnTaken => ({ at: clock.now(), durationMs: clock.monotonicMs() - startedMs });
  try {
    const turn = await job.turn();
    report.done(job.name, turn.count, taken());
    return turn;
  } catch (error) {
    if (!(error instanceof Unavailable || error instanceof OutcomeUnknown)) throw error;
    report.failed(job.name, error, taken());
    return { count: 0, more: false };
  }
}
