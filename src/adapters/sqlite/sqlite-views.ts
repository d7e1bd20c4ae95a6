/**
 * Answers queries from the read side's database file. It only reads: what it shows is what the writer has committed, and
 * a batch shows whole or not at all.
 */
import type { Collection, Fields, Shape } from '../../projections/kernel/collection.js';
import { keyOf } from '../../projections/kernel/collection.js';
import type { PageQuery, Views } from '../../projections/kernel/views.js';
import { enterReadTurn } from './read-turn.js';
import { attempt } from './sqlite-attempt.js';
import type { Connection } from './sqlite-database.js';
import { ViewTables } from './view-tables.js';

type Field<Doc> = keyof Doc & string;

export class SqliteViews implements Views {
  constructor(
    private readonly connection: Connection,
    shapes: readonly Shape[],
    /** Those that the writer fills, when both are of one process. */
    private readonly tables = new ViewTables(connection, shapes),
  ) {}

  async get<Doc extends object, Key extends Field<Doc>, Index extends string>(
    collection: Collection<Doc, Key, Index>,
    keys: readonly Pick<Doc, Key>[],
  ): Promise<readonly (Doc | undefined)[]> {
    const table = this.tables.of(collection);
    return this.reading('Reading documents of a view', () =>
      keys.map((key) => table.read(keyOf(collection, key as Fields))?.doc as Doc | undefined),
    );
  }

  async page<Doc extends object, Key extends Field<Doc>, Index extends string>(
    collection: Collection<Doc, Key, Index>,
    query: PageQuery<Doc, Index>,
  ): Promise<readonly Doc[]> {
    const table = this.tables.of(collection);
    return this.reading('Reading a page of a view', () =>
      table.page({ ...query, equal: query.equal as Fields }),
    ) as readonly Doc[];
  }

  async count<Doc extends object, Key extends Field<Doc>, Index extends string>(
    collection: Collection<Doc, Key, Index>,
    { index, equal }: { readonly index?: Index; readonly equal: Partial<Doc> },
  ): Promise<number> {
    const table = this.tables.of(collection);
    return this.reading('Counting documents of a view', () => table.count(index, equal as Fields));
  }

  async position(...collections: readonly [Shape, ...Shape[]]): Promise<number> {
    return this.reading('Reading the position of a view', () => this.tables.registry.lowestCheckpoint(collections));
  }

  private reading<Value>(what: string, read: () => Value): Value {
    return attempt(what, () => {
      enterReadTurn(this.connection);
      return read();
    });
  }
}
