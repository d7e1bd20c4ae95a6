/** What happens to sockets by the clock: marks, pings, and the end of a session. One timer for all of them. */
import type { Clock } from '../../application/ports/clock.js';
import type { Sync } from '../nest/sync.js';
import type { FanOut } from './fan-out.js';
import { closeCodes, socketLimits } from './frames.js';
import type { SocketSession } from './session.js';
import type { SessionHub } from './session-hub.js';

const TICK_MS = 1_000;
const MISSED_PINGS_MAX = 2;

export interface HeartbeatDeps {
  readonly hub: SessionHub;
  readonly fanOut: Pick<FanOut, 'upTo'>;
  readonly sync: Pick<Sync, 'cursorAt'>;
  readonly clock: Clock;
}

export async function beat(deps: HeartbeatDeps, signal: AbortSignal): Promise<void> {
  let pingedAtMs = deps.clock.monotonicMs();
  while (!signal.aborted) {
    await deps.clock.wait(TICK_MS, signal);
    const isPingDue = deps.clock.monotonicMs() - pingedAtMs >= socketLimits.pingMs;
    if (isPingDue) pingedAtMs = deps.clock.monotonicMs();
    for (const session of [...deps.hub.all()]) tick(deps, session, isPingDue);
  }
}

function tick(deps: HeartbeatDeps, session: SocketSession, isPingDue: boolean): void {
  if (deps.clock.now() >= session.principal.expiresAt) {
    session.close(closeCodes.tokenExpired, 'the access token has expired');
    return;
  }
  const position = session.markDue(deps.fanOut.upTo);
  if (position !== undefined)
    session.send({ type: 'mark', data: { cursor: deps.sync.cursorAt(session.principal, { after: position }) } });
  if (!isPingDue) return;
  if (session.missedPings >= MISSED_PINGS_MAX) session.socket.terminate();
  else {
    session.missedPings += 1;
    session.socket.ping();
  }
}
