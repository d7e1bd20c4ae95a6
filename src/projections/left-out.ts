/**
 * What sync does not tell of a conversation, so that it can be named and read in the history instead. Removals concern
 * places anywhere in the history, so they are never passed over: each is told, or its place is named.
 */
import type { ConversationId } from '../domain/kernel/ids.js';
import type { Seen } from './conversation-list.js';
import { type Interval, intervalsOf } from './conversation-members.js';
import type { TimelineEntry } from './conversation-timeline.js';
import type { Views } from './kernel/views.js';
import { merged, type SeqRange, within } from './seq-ranges.js';
import { firstRevisionAfter, type RevisionRange, removalsBetween, seqIn } from './timeline-search.js';

/** Places of a conversation that the answer leaves out and that the history gives; both ends included. */
export interface LeftOut {
  readonly conversationId: ConversationId;
  readonly fromSeq: number;
  readonly toSeq: number;
}

export interface Gaps {
  /** What happened while the member was there: its removals are told, its places named. */
  readonly present: readonly RevisionRange[];
  /** What happened between two memberships: of it only the places that were removed are named. */
  readonly away: readonly RevisionRange[];
}

/** What a membership entitles to above a position. Of a generation that is new to the member all of it is unseen. */
export async function unseenOf(
  views: Views,
  conversationId: ConversationId,
  { fromRevision: low, toRevision, joining }: Interval,
  lastRevision: number,
  after: number,
): Promise<RevisionRange> {
  const range = { low, high: toRevision ?? lastRevision };
  return joining.position > after ? range : { ...range, low: await firstRevisionAfter(views, conversationId, range, after) };
}

/** The unseen parts of earlier memberships and of the times between them, and what was `cut` from the latest one. */
export async function gapsOf(
  views: Views,
  { conversationId, membership }: Seen,
  after: number,
  cut: RevisionRange | undefined,
): Promise<Gaps> {
  const intervals = intervalsOf(membership);
  const isUnseen = ({ ending }: Interval): boolean => ending !== undefined && ending.position > after;
  const earlier = await Promise.all(
    intervals
      .slice(0, -1)
      .filter(isUnseen)
      .map((interval) => unseenOf(views, conversationId, interval, interval.fromRevision, after)),
  );
  // Nothing is told while somebody is away, whatever they sync, so of this it does not matter where it was appended.
  const away = intervals.slice(1).flatMap(({ joining }, index) => {
    const left = intervals[index]?.toRevision;
    return left === undefined || joining.position <= after ? [] : [{ low: left + 1, high: joining.revision - 1 }];
  });
  return { present: cut === undefined ? earlier : [...earlier, cut], away };
}

/** At most `max` removals for each gap; where there are more, the whole history up to there is named. */
export async function leftOutOf(
  views: Views,
  { conversationId, membership }: Seen,
  { present, away }: Gaps,
  max: number,
): Promise<{ readonly removals: readonly TimelineEntry[]; readonly places: readonly LeftOut[] }> {
  const intervals = intervalsOf(membership);
  const visible = merged(intervals.map(({ fromSeq, toSeq = Number.MAX_SAFE_INTEGER }) => ({ from: fromSeq, to: toSeq })));
  const removals: TimelineEntry[] = [];
  const places: SeqRange[] = [];
  const removedIn = (range: RevisionRange) => removalsBetween(views, conversationId, range, max + 1);
  const through = async ({ high }: RevisionRange): Promise<SeqRange> => {
    return { from: 1, to: (await seqIn(views, conversationId, { low: 0, high }, 'last')) ?? 0 };
  };
  for (const gap of present) {
    const found = await removedIn(gap);
    if (found.length > max) places.push(await through(gap));
    else {
      removals.push(...found);
      const [from, to] = await Promise.all((['first', 'last'] as const).map((end) => seqIn(views, conversationId, gap, end)));
      if (from !== undefined && to !== undefined) places.push({ from, to });
    }
  }
  for (const gap of away) {
    const found = await removedIn(gap);
    if (found.length > max) places.push(await through(gap));
    else places.push(...found.map(({ removedSeq = 0 }) => ({ from: removedSeq, to: removedSeq })));
  }
  const named = merged(places).flatMap((range) => within(visible, range));
  return { removals, places: named.map(({ from, to }) => ({ conversationId, fromSeq: from, toSeq: to })) };
}
