/** Goal: what is in hand is never other than what the log holds. Method: a list that forgets nothing is asked the same. */
import { describe, expect, it } from '@jest/globals';
import { RecentEvents } from '../../../src/adapters/sqlite/recent-events.js';
import type { StoredEvent } from '../../../src/application/ports/event-store.js';

const event = (position: number, characters = 1) => ({ position, data: 'x'.repeat(characters) }) as StoredEvent;
const positions = (events: readonly StoredEvent[] | undefined) => events?.map(({ position }) => position);

describe('the newest events', () => {
  it('are answered from any position on that is in hand, at most so many', () => {
    const recent = new RecentEvents();
    for (let position = 5; position <= 9; position += 1) recent.add(event(position));
    expect(positions(recent.after(4, 10))).toEqual([5, 6, 7, 8, 9]);
    expect(positions(recent.after(6, 2))).toEqual([7, 8]);
    expect(recent.after(9, 10)).toEqual([]);
  });

  it('are not answered when something before them is asked for, or nothing is in hand', () => {
    const recent = new RecentEvents();
    expect(recent.after(0, 10)).toBeUndefined();
    recent.add(event(5));
    expect(recent.after(3, 10)).toBeUndefined();
    recent.clear();
    expect(recent.after(4, 10)).toBeUndefined();
  });

  it.each([
    ['by number', 1, 30_000],
    ['by size', 64 * 1_024, 700],
  ])('are bounded %s, and what is left is the end of the log', (_name, characters, count) => {
    const recent = new RecentEvents();
    let held = 0;
    for (let position = 1; position <= count; position += 1) {
      recent.add(event(position, characters));
      const first = Math.max(0, position - 9_000);
      const found = positions(recent.after(first, 10_000));
      if (position % 97 !== 0 || found === undefined) continue;
      expect(found).toEqual(Array.from({ length: position - first }, (_, at) => first + 1 + at));
    }
    while (recent.after(count - held - 1, 1)) held += 1;
    expect(held).toBeGreaterThan(100);
    expect(held * characters).toBeLessThanOrEqual(16 * 1_024 * 1_024);
    expect(held).toBeLessThanOrEqual(8_192);
    expect(positions(recent.after(count - held, held))).toHaveLength(held);
  });
});
