/** The end of all sockets of a process that stops: each is closed once its commands are answered. */
import type { Clock } from '../../application/ports/clock.js';
import type { IdSource } from '../../application/ports/id-source.js';
import { closeCodes } from './frames.js';
import type { SessionHub } from './session-hub.js';

const LOOK_AGAIN_MS = 10;

/** The reason of each close is a span in milliseconds, by chance: told so, clients do not all come back at once. */
const SPREAD_MS = 5_000;

export interface DrainDeps {
  readonly hub: SessionHub;
  readonly clock: Clock;
  readonly ids: Pick<IdSource, 'fraction'>;
}

/** Whoever still has a command under way after the span is closed all the same: it repeats the command elsewhere. */
export async function drainSockets({ hub, clock, ids }: DrainDeps, withinMs: number): Promise<void> {
  const untilMs = clock.monotonicMs() + withinMs;
  while (hub.size > 0) {
    const isLate = clock.monotonicMs() >= untilMs;
    for (const session of [...hub.all()]) {
      if (session.inFlight > 0 && !isLate) continue;
      session.close(closeCodes.restart, String(Math.floor(SPREAD_MS * ids.fraction())));
      hub.remove(session);
    }
    await clock.wait(LOOK_AGAIN_MS);
  }
}
