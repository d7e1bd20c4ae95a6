/**
 * Builds a view anew in a table of its own, beside the one that readers see. Rows are gathered over many events and written
 * in the order of their keys; a document that was never written is known without looking. Nothing here need survive a
 * crash: a copy that was cut off is retired by the next start. The switch is one transaction (ADR 0027).
 */
import Database from 'better-sqlite3';
import type { Scalar, Shape } from '../../projections/kernel/collection.js';
import type { BuildOptions, Standing, ViewBuild, ViewBuilds } from '../../projections/kernel/views.js';
import { attempt } from './sqlite-attempt.js';
import { createIndex, SqliteCollection } from './sqlite-collections.js';
import type { Connection } from './sqlite-database.js';
import { ViewBuildWriter } from './view-build-writer.js';
import type { ViewTables } from './view-tables.js';

export class SqliteViewBuilds implements ViewBuilds {
  constructor(
    private readonly connection: Connection,
    private readonly tables: ViewTables,
  ) {}

  async begin(shape: Shape, options: BuildOptions): Promise<ViewBuild> {
    return attempt('Beginning to build a view', () => {
      const table = this.tables.begin(shape);
      // Where others are served meanwhile, an index that is made in one go at the end would be a pause for all of them.
      if (options.pace === 'served') {
        for (const index of Object.keys(shape.indexes)) createIndex(this.connection, shape, table, index);
      }
      const writer = new ViewBuildWriter(this.connection, new SqliteCollection(this.connection, shape, table), options);
      this.tables.building.set(shape.name, writer);
      return new SqliteViewBuild(this.connection, this.tables, writer);
    });
  }

  async sweep(): Promise<'more' | 'done'> {
    return attempt('Sweeping away an old view', () => this.tables.sweep());
  }
}

class SqliteViewBuild implements ViewBuild {
  constructor(
    private readonly connection: Connection,
    private readonly tables: ViewTables,
    readonly writer: ViewBuildWriter,
  ) {}

  async standing(): Promise<Standing> {
    await this.writer.complete();
    const { table, shape } = this.writer.copy;
    return attempt('Looking at a view and its copy', () =>
      standingOf(this.connection.name, shape, this.tables.of(shape).table, table),
    );
  }

  async switch(): Promise<void> {
    await this.writer.complete();
    attempt('Switching to a view that was built anew', () => this.tables.switchTo(this.writer.copy, this.writer.reached));
    this.tables.building.delete(this.writer.copy.shape.name);
  }

  async discard(): Promise<void> {
    this.tables.building.delete(this.writer.copy.shape.name);
    attempt('Giving up the building of a view', () => this.tables.retire(this.writer.copy.table));
  }
}

/** A connection of its own, in one read transaction: what it sees stands still. */
function standingOf(file: string, shape: Shape, live: string, rebuilt: string): Standing {
  const connection = new Database(file, { readonly: true });
  connection.exec('BEGIN');
  connection.prepare('SELECT count(*) FROM view_tables').get();
  const sides = {
    live: new SqliteCollection(connection, shape, live),
    rebuilt: new SqliteCollection(connection, shape, rebuilt),
  };
  return {
    page: async (side, above: readonly Scalar[] | undefined, limit) =>
      attempt('Comparing views', () => sides[side].after(above, limit)),
    close: async () => void connection.close(),
  };
}
