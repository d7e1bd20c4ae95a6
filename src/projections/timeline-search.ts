/**
 * Finding places in one conversation's timeline without an index for each question: positions grow with revisions, and
 * revisions are dense, so that a few reads of single documents find any of them.
 */
import type { ConversationId } from '../domain/kernel/ids.js';
import { conversationTimeline, type TimelineEntry } from './conversation-timeline.js';
import { one } from './kernel/reading.js';
import type { Views } from './kernel/views.js';

/** Both ends included. */
export interface RevisionRange {
  readonly low: number;
  readonly high: number;
}

/** The first revision of a range that was appended after a position; one past the range when none was. */
export async function firstRevisionAfter(
  views: Views,
  conversationId: ConversationId,
  { low, high }: RevisionRange,
  position: number,
): Promise<number> {
  const isAfter = async (revision: number): Promise<boolean> => {
    const entry = await one(views, conversationTimeline.collection, { conversationId, revision });
    return entry === undefined || entry.position > position;
  };
  // From the end backwards in growing steps: what is asked for is mostly new.
  let after = high + 1;
  let before = high;
  for (let step = 1; before >= low && (await isAfter(before)); step *= 2) {
    after = before;
    before -= step;
  }
  before = Math.max(before, low - 1);
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2);
    if (await isAfter(middle)) after = middle;
    else before = middle;
  }
  return after;
}

export const entriesBetween = (
  views: Views,
  conversationId: ConversationId,
  { low, high }: RevisionRange,
): Promise<readonly TimelineEntry[]> =>
  views.page(conversationTimeline.collection, {
    equal: { conversationId },
    above: low - 1,
    below: high + 1,
    limit: Math.max(0, high - low + 1),
  });

/** Removals within a range, the earliest first. */
export const removalsBetween = (
  views: Views,
  conversationId: ConversationId,
  { low, high }: RevisionRange,
  limit: number,
): Promise<readonly TimelineEntry[]> =>
  views.page(conversationTimeline.collection, {
    index: 'byRemoval',
    equal: { conversationId },
    above: low - 1,
    below: high + 1,
    limit,
  });

const STRIDE = 16;

/** The place in the history of the first entry of a range that has one, or of the last. */
export async function seqIn(
  views: Views,
  conversationId: ConversationId,
  { low, high }: RevisionRange,
  end: 'first' | 'last',
): Promise<number | undefined> {
  const order = end === 'first' ? 'ascending' : 'descending';
  let bounds = { above: low - 1, below: high + 1 };
  for (;;) {
    const query = { equal: { conversationId }, ...bounds, order, limit: STRIDE } as const;
    const entries = await views.page(conversationTimeline.collection, query);
    const placed = entries.find(({ seq }) => seq !== undefined);
    const furthest = entries.at(-1);
    if (placed !== undefined || furthest === undefined || entries.length < STRIDE) return placed?.seq;
    bounds = end === 'first' ? { ...bounds, above: furthest.revision } : { ...bounds, below: furthest.revision };
  }
}
