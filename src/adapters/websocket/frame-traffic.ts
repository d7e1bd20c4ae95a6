/**
 * Limits of traffic at the socket door: of the account over all its devices, then of its network. A refused frame has done
 * nothing; a socket that goes on all the same is closed, and told how long to wait (ADR 0024).
 */
import type { Clock } from '../../application/ports/clock.js';
import { later } from '../../domain/kernel/instant.js';
import { type TrafficGate, TrafficRefusal } from '../nest/traffic-gate.js';
import { CLASS_OF_OTHER_FRAMES, classOfFrame } from '../nest/traffic-limits.js';
import { Farewell } from './commands.js';
import { closeCodes, socketLimits } from './frames.js';
import type { SocketSession } from './session.js';

export class FrameTraffic {
  constructor(
    private readonly gate: TrafficGate,
    private readonly clock: Pick<Clock, 'now'>,
  ) {}

  /** Throws what a refused frame is answered. */
  async enter(session: SocketSession, type: string): Promise<void> {
    const name = Object.hasOwn(classOfFrame, type) ? classOfFrame[type] : undefined;
    const { principal, network } = session;
    const refused = await this.gate.refusalOf(name ?? CLASS_OF_OTHER_FRAMES, principal.accountId, network);
    if (refused !== undefined) throw this.refusal(session, new TrafficRefusal(refused));
  }

  /** Refusals count up to the end of the window that refused last: one that is over is forgiven. */
  private refusal(session: SocketSession, refusal: TrafficRefusal): TrafficRefusal | Farewell {
    const now = this.clock.now();
    if (now >= session.limitedUntil) session.limited = 0;
    session.limited += 1;
    session.limitedUntil = later(now, refusal.retryAfterMs);
    if (session.limited <= socketLimits.limitedMax) return refusal;
    return new Farewell(refusal.code, closeCodes.tooMany, String(refusal.retryAfterMs), refusal.extra);
  }
}
