/** The end of all sockets of a process that stops: each is closed once its commands are answered. */
import type { Clock } from '../../application/ports/clock.js';
import { closeCodes } from './frames.js';
import type { SessionHub } from './session-hub.js';

const LOOK_AGAIN_MS = 10;

/** Whoever still has a command under way after the span is closed all the same: it repeats the command elsewhere. */
export async function drainSockets(hub: SessionHub, clock: Clock, withinMs: number): Promise<void> {
  const untilMs = clock.monotonicMs() + withinMs;
  while (hub.size > 0) {
    const isLate = clock.monotonicMs() >= untilMs;
    for (const session of [...hub.all()]) {
      if (session.inFlight > 0 && !isLate) continue;
      session.close(closeCodes.restart, 'the server is stopping');
      hub.remove(session);
    }
    await clock.wait(LOOK_AGAIN_MS);
  }
}
