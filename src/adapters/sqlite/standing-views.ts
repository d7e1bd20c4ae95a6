/**
 * The views of a data folder as they stand at one moment, and a place beside them, in a file that nobody sees and that goes
 * with the process, where they can be folded anew.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import type { Scalar, Shape } from '../../projections/kernel/collection.js';
import type { ProjectionWriter, Standing } from '../../projections/kernel/views.js';
import { openReadOnly } from './read-only.js';
import { type Checked, unchecked } from './row-checksum.js';
import { attempt } from './sqlite-attempt.js';
import { SqliteCollection } from './sqlite-collections.js';
import type { Connection } from './sqlite-database.js';
import { SqliteProjectionWriter } from './sqlite-projection-writer.js';
import { type Registered, shapeText, VIEWS_FILE } from './view-registry.js';
import { ViewTables } from './view-tables.js';

export class StandingViews {
  private readonly registered = new Map<string, Registered>();

  private constructor(private readonly connection: Connection) {
    connection.exec('BEGIN');
    for (const row of connection.prepare<[], Checked<Registered>>('SELECT * FROM projections').all()) {
      this.registered.set(row.collection, unchecked<Registered>('projections', row));
    }
  }

  /** Undefined when there are no views yet. */
  static open(folder: string): StandingViews | undefined {
    if (!existsSync(join(folder, VIEWS_FILE))) return undefined;
    const connection = openReadOnly(folder, VIEWS_FILE, []);
    try {
      return new StandingViews(connection);
    } catch (error) {
      connection.close();
      throw error;
    }
  }

  /** Up to where the view is built; undefined when it is not there, or is of another version, and will be built anew. */
  positionOf(shape: Shape): number | undefined {
    const row = this.registered.get(shape.name);
    return row?.shape === shapeText(shape) ? row.checkpoint : undefined;
  }

  /** The view, and what was folded beside it. */
  against(shape: Shape, folded: FoldedViews): Standing {
    const live = new SqliteCollection(this.connection, shape, this.registered.get(shape.name)!.live);
    const rebuilt = folded.of(shape);
    const sides = { live, rebuilt };
    return {
      page: async (side, above: readonly Scalar[] | undefined, limit) =>
        attempt('Comparing views', () => sides[side].rowsAfter(above, limit)),
      close: async () => undefined,
    };
  }

  close(): void {
    this.connection.close();
  }
}

export class FoldedViews {
  readonly writer: ProjectionWriter;
  private readonly connection: Connection;
  private readonly tables: ViewTables;

  constructor(shapes: readonly Shape[]) {
    this.connection = new Database('');
    this.connection.pragma('synchronous = OFF');
    this.tables = new ViewTables(this.connection, shapes);
    this.writer = new SqliteProjectionWriter(this.connection, shapes, this.tables);
  }

  of(shape: Shape): SqliteCollection {
    return this.tables.of(shape);
  }

  close(): void {
    this.connection.close();
  }
}
