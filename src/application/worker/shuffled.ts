import type { IdSource } from '../ports/id-source.js';

/** In an order that tells nothing: what is removed together must not lie in the log as it belonged together. */
export function shuffled<Item>(items: readonly Item[], ids: Pick<IdSource, 'fraction'>): readonly Item[] {
  const order = items.map((item) => ({ item, rank: ids.fraction() }));
  return order.sort((one, other) => one.rank - other.rank).map(({ item }) => item);
}
