/**
 * The one place where a client's command is let in, before anything is done for it. Over the limit it is refused; a
 * client that goes on all the same is not read from until half of what it has under way is done.
 */
import type { Clock } from '../../application/ports/clock.js';
import type { IdSource } from '../../application/ports/id-source.js';
import { ProblemError } from '../nest/problems.js';
import { closeCodes, socketLimits } from './frames.js';
import type { SocketSession } from './session.js';

const RETRY_AFTER_MS = 100;

export class FrameGate {
  /** Commands that were refused for being too many at once. */
  refused = 0;

  constructor(
    private readonly clock: Pick<Clock, 'now'>,
    private readonly ids: Pick<IdSource, 'fraction'>,
  ) {}

  /** `false` for a session that is over; throws what a refused command is answered. Each call is followed by `leave`. */
  enter(session: SocketSession): boolean {
    session.inFlight += 1;
    // To the millisecond, not at the heartbeat's next turn: an access token vouches for nothing after its end.
    if (this.clock.now() >= session.expiresAt) {
      session.close(closeCodes.tokenExpired, 'the access token has expired');
      return false;
    }
    if (session.inFlight <= socketLimits.inFlightMax) return true;
    this.refused += 1;
    session.refused += 1;
    if (session.refused >= socketLimits.refusedMax) session.setFlooding(true);
    const retryAfterMs = RETRY_AFTER_MS + Math.floor(RETRY_AFTER_MS * this.ids.fraction());
    throw new ProblemError('too-many-requests', { limit: 'socket-in-flight', retryAfterMs });
  }

  leave(session: SocketSession): void {
    session.inFlight -= 1;
    if (session.refused === 0 || session.inFlight > socketLimits.inFlightMax / 2) return;
    session.refused = 0;
    session.setFlooding(false);
  }
}
