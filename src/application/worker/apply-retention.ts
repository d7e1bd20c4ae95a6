/**
 * Lets go of what the table of retention lets go of. It walks the log once for each category with a bound, at the pace at
 * which events settle, and looks at each stream that it meets; the last event of a stream to settle is the last look that
 * it needs. Where a stream is cut follows from what is stored alone, so that it may be cut off anywhere and done again.
 */
import { limits } from '../../domain/kernel/limits.js';
import { STREAM_REMOVED, type StoredEvent } from '../ports/event-store.js';
import { type Bounded, categoryOf, type RetentionDeps, type RetentionTable, retention } from '../retention.js';
import type { Deps } from '../use-case.js';
import { shuffled } from './shuffled.js';
import type { Turn } from './worker.js';

const EVENTS_MAX = 500;
const STREAM_EVENTS_MAX = 1_000;
/** Their truncations share commits with each other, and leave room in them for those of senders. */
const STREAMS_AT_ONCE = 8;
/** A stream is cut at multiples of this: one truncation for so many events. */
const TRUNCATED_TOGETHER = 16;
/** Younger events stay, whatever the bound: an append whose outcome is unknown may be sent again, and must be recognised. */
const SETTLED_MS = 24 * limits.attemptLifeMs;
const DAY_MS = 24 * 60 * 60 * 1_000;

type ApplyDeps = Pick<Deps, 'eventStore' | 'eventFeed' | 'codec' | 'clock' | 'ids'> & RetentionDeps;

export interface RetentionSources {
  /** Up to where every consumer has passed the log: views, and reactions. */
  readonly passed: () => Promise<number>;
  readonly table?: RetentionTable;
}

/** Nothing that is younger, or that somebody has yet to pass, goes. */
interface Edge {
  readonly recordedAt: number;
  readonly position: number;
}

export function applyRetention(deps: ApplyDeps, { passed, table = retention }: RetentionSources): () => Promise<Turn> {
  return async () => {
    const position = await passed();
    let [count, more] = [0, false];
    for (const [category, entry] of Object.entries(table)) {
      if (entry.kept === 'for ever') continue;
      const ageMs = entry.maxAgeDays === undefined ? SETTLED_MS : Math.max(SETTLED_MS, entry.maxAgeDays * DAY_MS);
      const turn = await walk(deps, category, entry, { position, recordedAt: deps.clock.now() - ageMs });
      count += turn.count;
      more ||= turn.more;
    }
    return { count, more };
  };
}

async function walk(deps: ApplyDeps, category: string, bound: Bounded, edge: Edge): Promise<Turn> {
  const after = await deps.eventFeed.committed(bound.checkpoint);
  const events = await deps.eventStore.readAll(after, EVENTS_MAX);
  const passed = events.slice(0, settledAmong(events, edge));
  const last = passed.at(-1);
  if (last === undefined) return { count: 0, more: false };
  const met = passed.filter(({ type, stream }) => type !== STREAM_REMOVED && categoryOf(stream) === category);
  // In no order that tells whose streams these are.
  const streams = shuffled([...new Set(met.map(({ stream }) => stream))], deps.ids);
  let count = 0;
  for (let at = 0; at < streams.length; at += STREAMS_AT_ONCE) {
    const some = streams.slice(at, at + STREAMS_AT_ONCE).map((stream) => truncate(deps, stream, bound, edge));
    for (const truncated of await Promise.all(some)) count += truncated;
  }
  await deps.eventFeed.commit(bound.checkpoint, last.position);
  return { count, more: passed.length === EVENTS_MAX };
}

/** How many events go. */
async function truncate(deps: ApplyDeps, stream: string, bound: Bounded, edge: Edge): Promise<number> {
  const slice = await deps.eventStore.readStream(stream, 0, STREAM_EVENTS_MAX);
  if (slice.status !== 'found') return 0;
  const { events, head } = slice;
  const first = events[0]?.revision ?? head;
  const beyond = bound.maxCount === undefined ? events.length : head + 1 - bound.maxCount - first;
  if (beyond < 1) return 0;
  const unneeded = await bound.truncateBefore(
    deps,
    events.map((event) => deps.codec.decode(event)),
  );
  const upTo = first + Math.min(beyond, unneeded, settledAmong(events, edge));
  const before = upTo - (upTo % TRUNCATED_TOGETHER);
  if (before <= first) return 0;
  const outcome = await deps.eventStore.truncate(stream, before);
  const gone = outcome.outcome === 'truncated' ? Math.max(0, outcome.first - first) : 0;
  // A stream that is longer than one reading is looked at again, further up.
  return gone > 0 && events.length === STREAM_EVENTS_MAX ? gone + (await truncate(deps, stream, bound, edge)) : gone;
}

/** How many of the first ones have settled; the first that has not ends them, whatever a clock that jumped has written behind it. */
function settledAmong(events: readonly StoredEvent[], edge: Edge): number {
  const young = events.findIndex(({ recordedAt, position }) => recordedAt > edge.recordedAt || position > edge.position);
  return young < 0 ? events.length : young;
}
