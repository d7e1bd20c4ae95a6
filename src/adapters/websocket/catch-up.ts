import { limits } from '../../domain/kernel/limits.js';
import type { SyncCursor } from '../../projections/facts-since.js';
import type { Sync } from '../nest/sync.js';
import type { FanOut } from './fan-out.js';
import type { SocketSession } from './session.js';

export interface CatchUpDeps {
  readonly sync: Sync;
  readonly fanOut: Pick<FanOut, 'admit' | 'reach'>;
}

/**
 * From a cursor to the present, without a gap: once admitted, live facts wait in the session; then everything up to what
 * the views hold goes out, and the views hold more than what came before the admission; then what waited and is newer.
 */
export async function catchUp(deps: CatchUpDeps, session: SocketSession, from: SyncCursor | undefined): Promise<void> {
  await deps.fanOut.admit(session, limits.sendDeadlineMs);
  if (from === undefined) await goLive(deps, session, await deps.sync.builtUpTo());
  else await fromLog(deps, session, from);
}

/** For a session whose reader was too slow: facts from `position` on were dropped, and come from the log now. */
export async function catchUpAgain(deps: CatchUpDeps, session: SocketSession, position: number): Promise<void> {
  session.beginCatchUp();
  session.send({ type: 'resync', data: {} });
  await deps.fanOut.reach(limits.sendDeadlineMs);
  await fromLog(deps, session, { after: position - 1 });
}

/**
 * For a session that comes into a conversation while it is live: sync begins with the conversation as it is. To its device
 * these are facts like others, and the cursor of the next mark vouches for them.
 */
export async function tellJoining(deps: CatchUpDeps, session: SocketSession, after: number): Promise<void> {
  await deps.fanOut.reach(limits.sendDeadlineMs);
  await fromLog(deps, session, { after }, 'unmarked');
}

async function fromLog(
  deps: CatchUpDeps,
  session: SocketSession,
  from: SyncCursor,
  marked: 'marked' | 'unmarked' = 'marked',
): Promise<void> {
  let cursor = from;
  for (let isDone = false; !isDone && session.phase === 'catching-up'; ) {
    const { items, limited, next, caughtUp } = await deps.sync.since(session.principal, cursor);
    for (const fact of items) await session.sendPatiently(fact);
    for (const left of limited) await session.sendPatiently({ type: 'limited', data: left });
    cursor = next;
    isDone = caughtUp;
  }
  await goLive(deps, session, cursor.after, marked);
}

async function goLive(
  deps: CatchUpDeps,
  session: SocketSession,
  syncedUpTo: number,
  marked: 'marked' | 'unmarked' = 'marked',
): Promise<void> {
  if (session.mustCatchUpAgain) {
    session.dropWaiting();
    await deps.fanOut.reach(limits.sendDeadlineMs);
    return fromLog(deps, session, { after: syncedUpTo }, marked);
  }
  if (marked === 'marked')
    session.send({ type: 'caught-up', data: { cursor: deps.sync.cursorAt(session.principal, { after: syncedUpTo }) } });
  session.goLive(syncedUpTo, marked);
}
