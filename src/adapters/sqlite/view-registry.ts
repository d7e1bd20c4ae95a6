/**
 * Of each view: which shape it was built by, which table holds it, and up to where it is built. Each row has a checksum: a
 * checkpoint that the disk has changed would leave events out for ever, and another table's name would show another view.
 */
import type { Shape } from '../../projections/kernel/collection.js';
import { CHECKSUM, type Checked, checked, unchecked } from './row-checksum.js';
import type { Connection } from './sqlite-database.js';

export const VIEWS_FILE = 'read.sqlite';

/** The form of tables and rows beyond what a shape declares; another number has all views built anew. */
const FORM = 3;

export interface Registered {
  readonly collection: string;
  readonly shape: string;
  readonly live: string;
  readonly checkpoint: number;
}

const TABLE = `CREATE TABLE IF NOT EXISTS projections (
  collection TEXT PRIMARY KEY,
  shape TEXT NOT NULL,
  live TEXT NOT NULL,
  checkpoint INTEGER NOT NULL,
  checksum INTEGER NOT NULL
) WITHOUT ROWID`;

export const shapeText = ({ fields, key, indexes }: Shape): string => JSON.stringify({ form: FORM, fields, key, indexes });

export class ViewRegistry {
  private readonly select;
  private readonly selectAll;
  private readonly put;

  /** Views of an older form go, all of them: they are rebuilt, never migrated. */
  constructor(private readonly connection: Connection) {
    dropOldForm(connection);
    connection.exec(TABLE);
    this.select = connection.prepare<[string], Checked<Registered>>('SELECT * FROM projections WHERE collection = ?');
    this.selectAll = connection.prepare<[], Checked<Registered>>('SELECT * FROM projections');
    this.put = connection.prepare<[Checked<Registered>]>(
      `INSERT INTO projections VALUES (@collection, @shape, @live, @checkpoint, @checksum)
       ON CONFLICT DO UPDATE SET live = excluded.live, checkpoint = excluded.checkpoint, checksum = excluded.checksum`,
    );
  }

  of(collection: string): Registered | undefined {
    const row = this.select.get(collection);
    return row && unchecked<Registered>('projections', row);
  }

  all(): readonly Registered[] {
    return this.selectAll.all().map((row) => unchecked<Registered>('projections', row));
  }

  checkpoint(collection: string): number {
    return this.of(collection)?.checkpoint ?? 0;
  }

  lowestCheckpoint(collections: readonly Pick<Shape, 'name'>[]): number {
    const [first, ...others] = collections;
    if (first !== undefined && others.length === 0) return this.checkpoint(first.name);
    const known = new Map(this.all().map(({ collection, checkpoint }) => [collection, checkpoint]));
    return Math.min(...collections.map(({ name }) => known.get(name) ?? 0));
  }

  /** Forward only, or back to the beginning. */
  move(collection: string, position: number): void {
    const row = this.of(collection);
    if (row === undefined || (position !== 0 && position <= row.checkpoint)) return;
    this.register({ ...row, checkpoint: position });
  }

  register({ collection, shape, live, checkpoint }: Registered): void {
    this.put.run(checked({ collection, shape, live, checkpoint }));
  }

  remove(collection: string): void {
    this.connection.prepare('DELETE FROM projections WHERE collection = ?').run(collection);
  }
}

function dropOldForm(connection: Connection): void {
  const columns = connection.pragma('table_info(projections)') as { readonly name: string }[];
  const names = columns.map(({ name }) => name);
  if (columns.length === 0 || (names.includes(CHECKSUM) && names.includes('live'))) return;
  const tables = connection.prepare<[], string>("SELECT name FROM sqlite_schema WHERE type = 'table'").pluck().all();
  for (const table of tables) connection.exec(`DROP TABLE "${table}"`);
}
