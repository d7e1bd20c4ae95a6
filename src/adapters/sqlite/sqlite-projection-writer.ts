/**
 * Writes the read side's database file: a batch and its checkpoints are one transaction. The file may be opened with
 * `synchronous = NORMAL`: a power cut may take back the last batches together with their checkpoints, and the runner
 * goes on from there.
 */
import type { Fields, Shape } from '../../projections/kernel/collection.js';
import { carryOut, forgetAll } from '../../projections/kernel/document.js';
import type { ProjectionWriter, ProjectionWrites } from '../../projections/kernel/views.js';
import { GatheredRows } from './gathered-rows.js';
import { writeAtOnce } from './read-turn.js';
import { attempt } from './sqlite-attempt.js';
import type { Connection } from './sqlite-database.js';
import { ViewTables } from './view-tables.js';

export class SqliteProjectionWriter implements ProjectionWriter {
  constructor(
    private readonly connection: Connection,
    shapes: readonly Shape[],
    /** Those that the views read from, when both are of one process. */
    private readonly tables = new ViewTables(connection, shapes),
  ) {}

  async apply(projections: readonly ProjectionWrites[], upTo: number): Promise<void> {
    const write = (): void => {
      for (const { collection, writes } of projections) {
        const rows = new GatheredRows(this.tables.of(collection));
        carryOut(collection, rows, writes);
        rows.flush();
        this.tables.registry.move(collection.name, upTo);
      }
    };
    attempt('Writing a batch of views', () => writeAtOnce(this.connection, write));
  }

  async checkpoint({ name }: Shape): Promise<number> {
    return attempt('Reading the checkpoint of a view', () => this.tables.registry.checkpoint(name));
  }

  async forget(collection: Shape, index: string, equal: object): Promise<void> {
    const forget = (): void => {
      const rows = new GatheredRows(this.tables.of(collection));
      forgetAll(collection, rows, index, equal as Fields);
      rows.flush();
      this.tables.building.get(collection.name)?.forgetIn(index, equal);
    };
    attempt('Forgetting in a view', () => writeAtOnce(this.connection, forget));
  }

  async clear(collection: Shape): Promise<void> {
    const clear = (): void => {
      this.tables.of(collection).clear();
      this.tables.registry.move(collection.name, 0);
    };
    attempt('Clearing a view', () => writeAtOnce(this.connection, clear));
  }
}
