import { limits } from '../../domain/kernel/limits.js';
import type { SyncCursor } from '../../projections/facts-since.js';
import type { Sync } from '../nest/sync.js';
import type { FanOut } from './fan-out.js';
import type { SocketSession } from './session.js';

/**
 * From a cursor to the present, without a gap: once admitted, live facts wait in the session; then everything up to what
 * the views hold goes out, and the views hold more than what came before the admission; then what waited and is newer.
 */
export async function catchUp(
  deps: { readonly sync: Sync; readonly fanOut: Pick<FanOut, 'admit'> },
  session: SocketSession,
  from: SyncCursor | undefined,
): Promise<void> {
  await deps.fanOut.admit(session, limits.sendDeadlineMs);
  let cursor = from ?? { after: await deps.sync.builtUpTo() };
  for (let isDone = from === undefined; !isDone; ) {
    const { items, limited, next, caughtUp } = await deps.sync.since(session.principal, cursor);
    for (const fact of items) await session.sendPatiently(fact);
    for (const left of limited) await session.sendPatiently({ type: 'limited', data: left });
    cursor = next;
    isDone = caughtUp;
  }
  const syncedUpTo = cursor.after;
  session.send({ type: 'caught-up', data: { cursor: deps.sync.cursorAt(session.principal, { after: syncedUpTo }) } });
  session.goLive(syncedUpTo);
}
