/**
 * A projection told as examples: given what happened, then these documents. Handlers run without a clock and without
 * chance, and everything happens twice, so that a handler that counts instead of setting fails its first example.
 */
import { expect } from '@jest/globals';
import { InMemoryViews } from '../../src/adapters/in-memory/in-memory-views.js';
import type { Meta, ProjectedEvent } from '../../src/projections/kernel/feed-events.js';
import { opsOf, type ProjectionOf } from '../../src/projections/kernel/projection.js';
import { pure } from './spec-of-decider.js';

/** An event, or one at a revision, or under a feed key, that its place among the others does not give. */
export type Told = ProjectedEvent | { readonly event: ProjectedEvent; readonly meta: Partial<Meta> };

type Field<Doc> = keyof Doc & string;

export function specOfProjection<Doc extends object, Key extends Field<Doc>, Index extends string>(
  projection: ProjectionOf<Doc, Key, Index>,
) {
  return {
    given: (...told: readonly Told[]) => ({
      // biome-ignore lint/suspicious/noThenProperty: an example reads as a sentence, and nothing awaits its middle.
      then: async (...documents: readonly Doc[]): Promise<void> => {
        const views = new InMemoryViews();
        const writes = told.map((one, index) => writeOf(projection, one, index));
        for (const write of [...writes, ...writes]) {
          await views.apply([{ collection: projection.collection, writes: [write] }], write.position);
        }
        const found = await views.page(projection.collection, { equal: {}, limit: 1_000 });
        expect(found).toEqual(documents);
      },
    }),
  };
}

function writeOf(projection: Parameters<typeof opsOf>[0], told: Told, index: number) {
  const { event, meta } = 'event' in told ? told : { event: told, meta: {} };
  const position = (index + 1) * 10;
  const placed = { feedKey: 'feed-key', stream: 'stream', revision: index, position, ...meta } as Meta;
  return { position, ops: pure(() => opsOf(projection, event, placed)) };
}
