/**
 * What happens to sockets by the clock: marks, pings, deadlines, and the end of a session. One timer for all of them: an
 * idle socket has none of its own.
 */
import type { Clock } from '../../application/ports/clock.js';
import type { Credentials } from '../../application/ports/credentials.js';
import { later } from '../../domain/kernel/instant.js';
import type { Log } from '../nest/log.js';
import { rfc3339 } from '../nest/present.js';
import type { Sync } from '../nest/sync.js';
import type { FanOut } from './fan-out.js';
import { closeCodes, socketLimits } from './frames.js';
import type { SocketSession } from './session.js';
import type { SessionHub } from './session-hub.js';

const TICK_MS = 1_000;
/** A crowd that came back together is due together: whoever sends waits for so many of them, not for all. */
const SESSIONS_AT_ONCE = 64;
const PAUSE_MS = 1;
const MISSED_PINGS_MAX = 2;
const PING_TICKS = socketLimits.pingMs / TICK_MS;
/** A token may be taken for good for as long after its device was revoked; a socket that it opened is found out then. */
const REVOKED_WITHIN_MS = 5_000;

export interface HeartbeatDeps {
  readonly hub: SessionHub;
  readonly fanOut: Pick<FanOut, 'upTo'>;
  readonly sync: Pick<Sync, 'cursorAt'>;
  readonly credentials: Pick<Credentials, 'isLive'>;
  readonly clock: Clock;
  readonly log: Log;
}

export async function beat(deps: HeartbeatDeps, signal: AbortSignal): Promise<void> {
  const { clock, hub } = deps;
  let tookMs = 0;
  for (let turn = 0; !signal.aborted; turn += 1) {
    await clock.wait(Math.max(PAUSE_MS, TICK_MS - tookMs), signal);
    const startedMs = clock.monotonicMs();
    let attended = 0;
    for (const session of hub.all()) {
      if (signal.aborted) return;
      safely(deps, session, session.number % PING_TICKS === turn % PING_TICKS);
      attended += 1;
      if (attended % SESSIONS_AT_ONCE === 0) await clock.wait(PAUSE_MS, signal);
    }
    tookMs = clock.monotonicMs() - startedMs;
  }
}

/** What nobody foresaw ends the socket that it happened to, and nothing else. */
function safely(deps: HeartbeatDeps, session: SocketSession, isPingDue: boolean): void {
  try {
    tick(deps, session, isPingDue);
  } catch (error) {
    deps.log.error('socket-failed', { error });
    session.close(closeCodes.failure, 'try again');
  }
}

function tick(deps: HeartbeatDeps, session: SocketSession, isPingDue: boolean): void {
  const overdue = overdueOf(deps, session);
  if (overdue !== undefined) {
    session.close(...overdue);
    return;
  }
  if (session.isUnproven ? ageMs(deps, session) >= REVOKED_WITHIN_MS : isPingDue) void expectLiving(deps, session);
  remind(deps, session);
  const position = session.markDue(deps.fanOut.upTo);
  if (position !== undefined)
    session.send({ type: 'mark', data: { cursor: deps.sync.cursorAt(session.principal, { after: position }) } });
  if (isPingDue) ping(session);
}

/** Once for each token: the client shows a newer one with `authenticate`. */
function remind({ clock }: HeartbeatDeps, session: SocketSession): void {
  if (session.wasReminded || session.phase === 'opening') return;
  if (clock.now() < later(session.expiresAt, -socketLimits.reauthBeforeMs)) return;
  session.wasReminded = true;
  session.send({ type: 'reauth', data: { deadlineAt: rfc3339(session.expiresAt) } });
}

const ageMs = ({ clock }: HeartbeatDeps, { openedAtMs }: SocketSession): number => clock.monotonicMs() - openedAtMs;

function overdueOf(deps: HeartbeatDeps, session: SocketSession): [code: number, reason: string] | undefined {
  if (deps.clock.now() >= session.expiresAt) return [closeCodes.tokenExpired, 'the access token has expired'];
  if (session.phase === 'opening' && ageMs(deps, session) >= socketLimits.helloWithinMs)
    return [closeCodes.malformed, 'no hello'];
  if (session.pressedMs >= socketLimits.readWithinMs) return [closeCodes.tooSlow, 'reads too slowly'];
  return undefined;
}

/**
 * A revocation closes the socket by its fact; this catches the one that came just before the socket, and, with each ping, one
 * whose fact does not come since the feed stands still. Who was proved once is not closed because nobody knows.
 */
async function expectLiving({ credentials, clock, log }: HeartbeatDeps, session: SocketSession): Promise<void> {
  const wasProved = !session.isUnproven;
  session.isUnproven = false;
  try {
    if (await credentials.isLive(session.principal.deviceId, clock.now())) return;
    session.close(closeCodes.deviceRevoked, 'the device was revoked');
  } catch (error) {
    if (wasProved) return;
    log.error('liveness-unknown', { error });
    session.close(closeCodes.failure, 'try again');
  }
}

/** A socket that waits for its reader is not read from: its pongs are not heard, and it has a deadline of its own. */
function ping(session: SocketSession): void {
  if (session.pressedMs > 0) return;
  if (session.missedPings >= MISSED_PINGS_MAX) {
    session.socket.terminate();
    return;
  }
  session.missedPings += 1;
  session.socket.ping();
}
