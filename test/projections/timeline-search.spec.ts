/** Goal: a few reads find what a scan finds. Method: every position and range of random timelines, compared with a scan. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { InMemoryViews } from '../../src/adapters/in-memory/in-memory-views.js';
import type { ConversationId } from '../../src/domain/kernel/ids.js';
import { conversationTimeline } from '../../src/projections/conversation-timeline.js';
import { firstRevisionAfter, seqIn } from '../../src/projections/timeline-search.js';

const conversationId = 'c' as ConversationId;

/** Gaps between positions, and whether an entry has a place. */
const anyTimeline = fc.array(fc.record({ gap: fc.integer({ min: 1, max: 3 }), isPlaced: fc.boolean() }), { maxLength: 60 });

async function built(timeline: readonly { gap: number; isPlaced: boolean }[]) {
  const views = new InMemoryViews();
  let [position, seq] = [0, 0];
  const entries = timeline.map(({ gap, isPlaced }, revision) => {
    position += gap;
    if (isPlaced) seq += 1;
    return { revision, position, ...(isPlaced && { seq }) };
  });
  const writes = entries.map(({ revision, ...doc }) => ({
    position: doc.position,
    ops: [{ verb: 'upsert', key: { conversationId, revision }, doc }] as const,
  }));
  await views.apply([{ collection: conversationTimeline.collection, writes }], position);
  return { views, entries };
}

describe('searching a timeline', () => {
  it('finds the first revision after a position', async () => {
    await fc.assert(
      fc.asyncProperty(anyTimeline, fc.nat(70), fc.nat(200), async (timeline, low, position) => {
        const { views, entries } = await built(timeline);
        const high = entries.length - 1;
        const expected = entries.find((entry) => entry.revision >= low && entry.position > position)?.revision;
        const found = await firstRevisionAfter(views, conversationId, { low, high }, position);
        expect(found).toBe(low > high ? high + 1 : (expected ?? high + 1));
      }),
    );
  });

  it('finds the first and the last place of a range', async () => {
    await fc.assert(
      fc.asyncProperty(anyTimeline, fc.nat(60), fc.nat(60), async (timeline, low, high) => {
        const { views, entries } = await built(timeline);
        const placed = entries.filter((entry) => low <= entry.revision && entry.revision <= high && entry.seq !== undefined);
        expect(await seqIn(views, conversationId, { low, high }, 'first')).toBe(placed[0]?.seq);
        expect(await seqIn(views, conversationId, { low, high }, 'last')).toBe(placed.at(-1)?.seq);
      }),
    );
  });

  it('reads few documents of a long timeline when what is new is little', async () => {
    const { views, entries } = await built(Array.from({ length: 5_000 }, () => ({ gap: 1, isPlaced: true })));
    let reads = 0;
    class Counting extends InMemoryViews {
      override get: InMemoryViews['get'] = (collection, keys) => {
        reads += 1;
        return views.get(collection, keys);
      };
    }
    const after = entries.at(-4)!.position;
    expect(await firstRevisionAfter(new Counting(), conversationId, { low: 0, high: 4_999 }, after)).toBe(4_997);
    expect(reads).toBeLessThan(8);
  });
});
