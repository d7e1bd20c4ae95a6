/**
 * The views of a test or of a throw-away server: rows in a map, and one sorted list for each order they are read in.
 * Nothing outlives the process. A batch is undone when any part of it fails, so that readers see all of it or nothing.
 */
import {
  type Collection,
  type Fields,
  keyOf,
  leadingOf,
  orderOf,
  type Scalar,
  type Shape,
  valuesOf,
} from '../../projections/kernel/collection.js';
import { carryOut, forgetAll, type Row, type Rows } from '../../projections/kernel/document.js';
import type {
  PageQuery,
  ProjectionWriter,
  ProjectionWrites,
  Standing,
  ViewBuild,
  ViewBuilds,
  Views,
} from '../../projections/kernel/views.js';

type Field<Doc> = keyof Doc & string;
type Order = 'ascending' | 'descending';

export class InMemoryViews implements Views, ProjectionWriter, ViewBuilds {
  private readonly tables = new Map<string, MemoryRows>();
  private readonly checkpoints = new Map<string, number>();
  private readonly copies = new Map<string, InMemoryViews>();

  async get<Doc extends object, Key extends Field<Doc>, Index extends string>(
    collection: Collection<Doc, Key, Index>,
    keys: readonly Pick<Doc, Key>[],
  ): Promise<readonly (Doc | undefined)[]> {
    const rows = this.rowsOf(collection);
    return keys.map((key) => rows.read(keyOf(collection, key as Fields))?.doc as Doc | undefined);
  }

  async page<Doc extends object, Key extends Field<Doc>, Index extends string>(
    collection: Collection<Doc, Key, Index>,
    { index, equal, above, below, order = 'ascending', limit }: PageQuery<Doc, Index>,
  ): Promise<readonly Doc[]> {
    const leading = leadingOf(collection, orderOf(collection, index), equal as Fields);
    const low = above === undefined ? rankOf(leading) : `${rankOf([...leading, above])}${LAST}`;
    const high = below === undefined ? `${rankOf(leading)}${LAST}` : rankOf([...leading, below]);
    return this.rowsOf(collection).between(index, low, high, order, limit) as readonly Doc[];
  }

  async count<Doc extends object, Key extends Field<Doc>, Index extends string>(
    collection: Collection<Doc, Key, Index>,
    { index, equal }: { readonly index?: Index; readonly equal: Partial<Doc> },
  ): Promise<number> {
    return this.rowsOf(collection).under(index, equal as Fields).length;
  }

  async position(...collections: readonly [Shape, ...Shape[]]): Promise<number> {
    return Math.min(...collections.map(({ name }) => this.checkpoints.get(name) ?? 0));
  }

  async checkpoint({ name }: Shape): Promise<number> {
    return this.checkpoints.get(name) ?? 0;
  }

  async apply(projections: readonly ProjectionWrites[], upTo: number): Promise<void> {
    const undo: (() => void)[] = [];
    try {
      for (const { collection, writes } of projections) carryOut(collection, this.rowsOf(collection).recording(undo), writes);
    } catch (failure) {
      for (const step of undo.reverse()) step();
      throw failure;
    }
    for (const { collection } of projections) {
      this.checkpoints.set(collection.name, Math.max(this.checkpoints.get(collection.name) ?? 0, upTo));
    }
  }

  async forget(collection: Shape, index: string, equal: object): Promise<void> {
    forgetAll(collection, this.rowsOf(collection), index, equal as Fields);
    await this.copies.get(collection.name)?.forget(collection, index, equal);
  }

  async clear({ name }: Shape): Promise<void> {
    this.tables.delete(name);
    this.checkpoints.delete(name);
  }

  async begin(shape: Shape): Promise<ViewBuild> {
    const copy = new InMemoryViews();
    this.copies.set(shape.name, copy);
    return {
      writer: copy,
      standing: async () => standingOf(shape, this.rowsOf(shape).all(), copy.rowsOf(shape).all()),
      switch: async () => {
        this.copies.delete(shape.name);
        this.tables.set(shape.name, copy.rowsOf(shape));
        this.checkpoints.set(shape.name, await copy.checkpoint(shape));
      },
      discard: async () => void this.copies.delete(shape.name),
    };
  }

  async sweep(): Promise<'done'> {
    return 'done';
  }

  private rowsOf(shape: Shape): MemoryRows {
    const known = this.tables.get(shape.name);
    if (known !== undefined) return known;
    const rows = new MemoryRows(shape);
    this.tables.set(shape.name, rows);
    return rows;
  }
}

/** After everything that a rank may go on with. */
const LAST = '\uffff';

/** Texts that sort as the values do: fields end with the smallest character, numbers have one width. */
const rankOf = (values: readonly Scalar[]): string =>
  values.map((value) => `${typeof value === 'number' ? String(value).padStart(16, '0') : value}\u0000`).join('');

function standingOf(shape: Shape, live: readonly Fields[], rebuilt: readonly Fields[]): Standing {
  const sides = { live, rebuilt };
  return {
    page: async (side, above, limit) => {
      const bound = above && rankOf(above);
      return sides[side].filter((doc) => bound === undefined || rankOf(keyOf(shape, doc)) > bound).slice(0, limit);
    },
    close: async () => undefined,
  };
}

class MemoryRows implements Rows {
  private readonly rows = new Map<string, Row>();
  /** By index, and under `undefined` by key: the ranks of living documents, each with its rank by key. */
  private readonly orders: ReadonlyMap<string | undefined, SortedRanks>;

  constructor(private readonly shape: Shape) {
    this.orders = new Map([undefined, ...Object.keys(shape.indexes)].map((index) => [index, new SortedRanks()]));
  }

  read(key: readonly Scalar[]): Row | undefined {
    return this.rows.get(rankOf(key));
  }

  find(index: string, equal: Fields): readonly (readonly Scalar[])[] {
    return this.under(index, equal).map((doc) => keyOf(this.shape, doc));
  }

  write(key: readonly Scalar[], row: Row | undefined): void {
    const rank = rankOf(key);
    const before = this.rows.get(rank)?.doc;
    for (const [index, order] of this.orders) {
      const [old, fresh] = [this.rankIn(index, before), this.rankIn(index, row?.doc)];
      if (old === fresh) continue;
      if (old !== undefined) order.delete(old);
      if (fresh !== undefined) order.add(fresh, rank);
    }
    if (row === undefined) this.rows.delete(rank);
    else this.rows.set(rank, row);
  }

  all(): readonly Fields[] {
    return this.under(undefined, {});
  }

  recording(undo: (() => void)[]): Rows {
    return {
      read: (key) => this.read(key),
      find: (index, equal) => this.find(index, equal),
      write: (key, row) => {
        const before = this.read(key);
        undo.push(() => this.write(key, before));
        this.write(key, row);
      },
    };
  }

  under(index: string | undefined, equal: Fields): readonly Fields[] {
    const low = rankOf(leadingOf(this.shape, orderOf(this.shape, index), equal));
    return this.between(index, low, `${low}${LAST}`, 'ascending', Number.POSITIVE_INFINITY);
  }

  between(index: string | undefined, low: string, high: string, order: Order, limit: number): readonly Fields[] {
    const ranks = this.orders.get(index)?.between(low, high, order, limit) ?? [];
    return ranks.flatMap<Fields>((rank) => this.rows.get(rank)?.doc ?? []);
  }

  private rankIn(index: string | undefined, doc: Fields | undefined): string | undefined {
    const values = doc && valuesOf(this.shape, orderOf(this.shape, index), doc);
    return values && rankOf(values);
  }
}

class SortedRanks {
  private readonly ranks: string[] = [];
  private readonly keys = new Map<string, string>();

  add(rank: string, key: string): void {
    this.ranks.splice(this.placeOf(rank), 0, rank);
    this.keys.set(rank, key);
  }

  delete(rank: string): void {
    this.ranks.splice(this.placeOf(rank), 1);
    this.keys.delete(rank);
  }

  between(low: string, high: string, order: Order, limit: number): readonly string[] {
    const [start, end] = [this.placeOf(low), this.placeOf(high)];
    const taken =
      order === 'ascending'
        ? this.ranks.slice(start, Math.min(end, start + limit))
        : this.ranks.slice(Math.max(start, end - limit), end).reverse();
    return taken.flatMap((rank) => this.keys.get(rank) ?? []);
  }

  /** The first place whose rank is not smaller. */
  private placeOf(rank: string): number {
    let [low, high] = [0, this.ranks.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.ranks[middle]! < rank) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
