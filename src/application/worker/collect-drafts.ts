/**
 * Finds what was composed and never posted. It reads the log once, at the pace at which it grows old: from a checkpoint up
 * to what was recorded 31 days ago. A post lies beside its compose, so that hardly anything is left to be looked at; what
 * is composed again later stands in the log again, and is met again there.
 */
import type { MessageId } from '../../domain/kernel/ids.js';
import { limits } from '../../domain/kernel/limits.js';
import { collectDraft } from '../message/collect-draft.js';
import type { StoredEvent } from '../ports/event-store.js';
import type { Deps } from '../use-case.js';
import { shuffled } from './shuffled.js';
import type { Turn } from './worker.js';

const EVENTS_MAX = 500;
const DAY_MS = 24 * 60 * 60 * 1_000;

type CollectDeps = Pick<Deps, 'eventStore' | 'eventFeed' | 'codec' | 'conversations' | 'clock' | 'ids' | 'postedIndex'>;

export function collectDrafts(deps: CollectDeps, name: string): () => Promise<Turn> {
  const collect = collectDraft(deps);
  return async () => {
    const after = await deps.eventFeed.committed(name);
    const events = await deps.eventStore.readAll(after, EVENTS_MAX);
    const oldMs = deps.clock.now() - limits.draftLifeDays * DAY_MS;
    // The first that is too young ends the turn, whatever a clock that jumped has written behind it.
    const young = events.findIndex(({ recordedAt }) => recordedAt > oldMs);
    const old = young < 0 ? events : events.slice(0, young);
    const last = old.at(-1);
    if (last === undefined) return { count: 0, more: false };
    let count = 0;
    // In no order that tells whose drafts these are.
    for (const messageId of shuffled([...notPostedAmong(deps, old)], deps.ids)) {
      const outcome = await collect(messageId);
      if (outcome.ok) count += 1;
    }
    await deps.eventFeed.commit(name, last.position);
    return { count, more: young < 0 && events.length === EVENTS_MAX };
  };
}

/** The messages with a compose among these events that none of these events posts; the store knows about the others. */
function notPostedAmong({ codec }: Pick<CollectDeps, 'codec'>, events: readonly StoredEvent[]): ReadonlySet<MessageId> {
  const waiting = new Set<MessageId>();
  for (const stored of events) {
    if (stored.type !== 'MessageComposed' && stored.type !== 'MessagePosted') continue;
    const event = codec.decode(stored);
    if (event.type === 'MessageComposed') waiting.add(event.data.messageId);
    if (event.type === 'MessagePosted') waiting.delete(event.data.messageId);
  }
  return waiting;
}
