/**
 * Answers queries from the read side's database file. It only reads: what it shows is what the writer has committed, and
 * a batch shows whole or not at all.
 */
import type { Collection, Fields, Shape } from '../../projections/kernel/collection.js';
import { keyOf } from '../../projections/kernel/collection.js';
import type { PageQuery, Views } from '../../projections/kernel/views.js';
import { attempt } from './sqlite-attempt.js';
import { Checkpoints, openCollections, type SqliteCollection } from './sqlite-collections.js';
import type { Connection } from './sqlite-database.js';

type Field<Doc> = keyof Doc & string;

export class SqliteViews implements Views {
  private readonly collections: ReadonlyMap<string, SqliteCollection>;
  private readonly checkpoints: Checkpoints;

  constructor(connection: Connection, shapes: readonly Shape[]) {
    this.collections = openCollections(connection, shapes);
    this.checkpoints = new Checkpoints(connection);
  }

  async get<Doc extends object, Key extends Field<Doc>, Index extends string>(
    collection: Collection<Doc, Key, Index>,
    keys: readonly Pick<Doc, Key>[],
  ): Promise<readonly (Doc | undefined)[]> {
    const table = this.tableOf(collection);
    return attempt('Reading documents of a view', () =>
      keys.map((key) => table.read(keyOf(collection, key as Fields))?.doc as Doc | undefined),
    );
  }

  async page<Doc extends object, Key extends Field<Doc>, Index extends string>(
    collection: Collection<Doc, Key, Index>,
    query: PageQuery<Doc, Index>,
  ): Promise<readonly Doc[]> {
    const table = this.tableOf(collection);
    return attempt('Reading a page of a view', () => table.page({ ...query, equal: query.equal as Fields })) as readonly Doc[];
  }

  async count<Doc extends object, Key extends Field<Doc>, Index extends string>(
    collection: Collection<Doc, Key, Index>,
    { index, equal }: { readonly index?: Index; readonly equal: Partial<Doc> },
  ): Promise<number> {
    const table = this.tableOf(collection);
    return attempt('Counting documents of a view', () => table.count(index, equal as Fields));
  }

  async position({ name }: Shape): Promise<number> {
    return attempt('Reading the position of a view', () => this.checkpoints.of(name));
  }

  private tableOf({ name }: Shape): SqliteCollection {
    const table = this.collections.get(name);
    if (table === undefined) throw new Error(`There is no view ${name}: declare it where the views are opened.`);
    return table;
  }
}
