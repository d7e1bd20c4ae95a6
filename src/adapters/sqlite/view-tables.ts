/**
 * Which table stands behind each collection, and how far it is built. A table is called after its collection; one that was
 * built anew has a number besides. A table whose declared shape has changed, or that is declared no more, is dropped
 * with its checkpoint: views are rebuilt, never migrated. What a build left behind is swept away in small parts.
 */
import type { Shape } from '../../projections/kernel/collection.js';
import { endReadTurn, writeAtOnce } from './read-turn.js';
import { DamagedRow } from './row-checksum.js';
import { createIndex, createTable, listOf, quoted, SqliteCollection } from './sqlite-collections.js';
import type { Connection } from './sqlite-database.js';
import { shapeText, ViewRegistry } from './view-registry.js';

/** For sweeping only: which table stands behind a view is said by the registry. */
const TABLES = `
CREATE TABLE IF NOT EXISTS view_tables (
  name TEXT PRIMARY KEY,
  collection TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('live', 'building', 'retired'))
) WITHOUT ROWID;
`;

const SWEEP_ROWS_MAX = 500;

export class ViewTables {
  readonly registry: ViewRegistry;
  private readonly living = new Map<string, SqliteCollection>();
  /** Copies that are being built: what is forgotten in a view is forgotten in them, too. */
  readonly building = new Map<string, { forgetIn(index: string, equal: object): void }>();

  /** Makes room for the collections that are declared, and for none besides. */
  constructor(
    private readonly connection: Connection,
    shapes: readonly Shape[],
  ) {
    this.registry = writeAtOnce(connection, () => {
      const registry = new ViewRegistry(connection);
      connection.exec(TABLES);
      connection.exec("UPDATE view_tables SET state = 'retired' WHERE state = 'building'");
      return registry;
    });
    writeAtOnce(connection, () => {
      const declared = new Map(shapes.map((shape) => [shape.name, shapeText(shape)]));
      for (const { collection, shape } of this.registry.all()) if (declared.get(collection) !== shape) this.drop(collection);
      for (const shape of shapes) this.living.set(shape.name, new SqliteCollection(connection, shape, this.create(shape)));
    });
  }

  of({ name }: Pick<Shape, 'name'>): SqliteCollection {
    const table = this.living.get(name);
    if (table === undefined) throw new Error(`There is no view ${name}: declare it where the read side is opened.`);
    return table;
  }

  /** Makes the table of a copy; what an earlier build left is to be swept. */
  begin(shape: Shape): string {
    const names = this.connection
      .prepare<[string], string>('SELECT name FROM view_tables WHERE collection = ?')
      .pluck()
      .all(shape.name);
    const newest = Math.max(1, ...names.map((name) => Number(name.split('~')[1] ?? 1)));
    const table = `${shape.name}~${newest + 1}`;
    writeAtOnce(this.connection, () => {
      this.connection
        .prepare("UPDATE view_tables SET state = 'retired' WHERE collection = ? AND state = 'building'")
        .run(shape.name);
      createTable(this.connection, shape, table);
      this.connection.prepare("INSERT INTO view_tables VALUES (?, ?, 'building')").run(table, shape.name);
    });
    return table;
  }

  /** Readers and writers see the copy from here on; what stood there before is to be swept. */
  switchTo(copy: SqliteCollection, checkpoint: number): void {
    const { shape, table } = copy;
    writeAtOnce(this.connection, () => {
      const state = this.connection.prepare('UPDATE view_tables SET state = ? WHERE name = ?');
      state.run('retired', this.of(shape).table);
      state.run('live', table);
      this.registry.register({ collection: shape.name, shape: shapeText(shape), live: table, checkpoint });
    });
    this.living.set(shape.name, copy);
  }

  retire(table: string): void {
    endReadTurn(this.connection);
    this.connection.prepare("UPDATE view_tables SET state = 'retired' WHERE name = ?").run(table);
  }

  /** One small step, so that nobody waits for the removal of a large table. */
  sweep(): 'more' | 'done' {
    return writeAtOnce(this.connection, () => {
      const [found] = this.connection
        .prepare<[], { name: string; collection: string }>(
          "SELECT name, collection FROM view_tables WHERE state = 'retired' LIMIT 1",
        )
        .all();
      if (found === undefined) return 'done';
      if (this.registry.all().some(({ live }) => live === found.name)) throw new DamagedRow('view_tables');
      const keys = listOf(this.of({ name: found.collection }).shape.key);
      const { changes } = this.connection
        .prepare(
          `DELETE FROM ${quoted(found.name)} WHERE (${keys}) IN (SELECT ${keys} FROM ${quoted(found.name)} LIMIT ${SWEEP_ROWS_MAX})`,
        )
        .run();
      if (changes > 0) return 'more';
      this.connection.exec(`DROP TABLE ${quoted(found.name)}`);
      this.connection.prepare('DELETE FROM view_tables WHERE name = ?').run(found.name);
      return 'more';
    });
  }

  private create(shape: Shape): string {
    const known = this.registry.of(shape.name);
    const table = known?.live ?? shape.name;
    createTable(this.connection, shape, table);
    for (const index of Object.keys(shape.indexes)) createIndex(this.connection, shape, table, index);
    this.connection.prepare("INSERT INTO view_tables VALUES (?, ?, 'live') ON CONFLICT (name) DO NOTHING").run(table, shape.name);
    if (known === undefined)
      this.registry.register({ collection: shape.name, shape: shapeText(shape), live: table, checkpoint: 0 });
    return table;
  }

  private drop(collection: string): void {
    const known = this.connection
      .prepare<[string], string>('SELECT name FROM view_tables WHERE collection = ?')
      .pluck()
      .all(collection);
    for (const table of new Set([collection, ...known])) this.connection.exec(`DROP TABLE IF EXISTS ${quoted(table)}`);
    this.connection.prepare('DELETE FROM view_tables WHERE collection = ?').run(collection);
    this.registry.remove(collection);
  }
}
