import { limits } from '../domain/kernel/limits.js';
import type { Write, WriteOutcome } from './ports/event-store.js';
import { OutcomeUnknown, Unavailable } from './ports/failures.js';
import type { Deps } from './use-case.js';

const RESEND_PAUSE_MS_MIN = 5;
const RESEND_PAUSE_MS_MAX = 200;

/** When the attempt began that the writes belong to, and until when its outcome is waited for. */
export interface AttemptSpan {
  readonly startedMs: number;
  readonly deadlineMs: number;
}

/**
 * Appends, and resends identically while the outcome is unknown, up to the deadline. An attempt is never re-formed, and
 * nothing of it is sent once it is an hour old: whatever may still be under way then has been decided by the store.
 */
export async function appendSurely(
  deps: Pick<Deps, 'eventStore' | 'clock' | 'ids'>,
  writes: readonly Write[],
  { startedMs, deadlineMs }: AttemptSpan,
): Promise<readonly WriteOutcome[]> {
  let unknown: OutcomeUnknown | undefined;
  for (let pauseMs = RESEND_PAUSE_MS_MIN; ; pauseMs = Math.min(pauseMs * 2, RESEND_PAUSE_MS_MAX)) {
    if (deps.clock.monotonicMs() - startedMs >= limits.attemptLifeMs) {
      throw unknown ?? new Unavailable('An append was not begun: its attempt is an hour old.');
    }
    try {
      return await deps.eventStore.append(writes);
    } catch (error) {
      // After an unknown outcome "nothing was written" speaks for the resend alone.
      if (error instanceof OutcomeUnknown) unknown = error;
      else if (unknown === undefined || !(error instanceof Unavailable)) throw error;
    }
    await deps.clock.wait(pauseMs * (0.5 + deps.ids.fraction()));
    if (deps.clock.monotonicMs() >= deadlineMs) throw unknown;
  }
}
