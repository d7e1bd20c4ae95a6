/**
 * Writes the read side's database file: a batch and its checkpoints are one transaction. The file may be opened with
 * `synchronous = NORMAL`: a power cut may take back the last batches together with their checkpoints, and the runner
 * goes on from there.
 */
import type { Fields, Scalar, Shape } from '../../projections/kernel/collection.js';
import { carryOut, forgetAll, type Row, type Rows } from '../../projections/kernel/document.js';
import type { ProjectionWriter, ProjectionWrites } from '../../projections/kernel/views.js';
import { attempt } from './sqlite-attempt.js';
import { Checkpoints, openCollections, type SqliteCollection } from './sqlite-collections.js';
import type { Connection } from './sqlite-database.js';

export class SqliteProjectionWriter implements ProjectionWriter {
  private readonly collections: ReadonlyMap<string, SqliteCollection>;
  private readonly checkpoints: Checkpoints;

  constructor(
    private readonly connection: Connection,
    shapes: readonly Shape[],
  ) {
    this.collections = openCollections(connection, shapes);
    this.checkpoints = new Checkpoints(connection);
  }

  async apply(projections: readonly ProjectionWrites[], upTo: number): Promise<void> {
    const write = this.connection.transaction(() => {
      for (const { collection, writes } of projections) {
        const rows = new GatheredRows(this.tableOf(collection));
        carryOut(collection, rows, writes);
        rows.flush();
        this.checkpoints.move(collection.name, upTo);
      }
    });
    attempt('Writing a batch of views', () => write.immediate());
  }

  async checkpoint({ name }: Shape): Promise<number> {
    return attempt('Reading the checkpoint of a view', () => this.checkpoints.of(name));
  }

  async forget(collection: Shape, index: string, equal: object): Promise<void> {
    const forget = this.connection.transaction(() => {
      const rows = new GatheredRows(this.tableOf(collection));
      forgetAll(collection, rows, index, equal as Fields);
      rows.flush();
    });
    attempt('Forgetting in a view', () => forget.immediate());
  }

  async clear(collection: Shape): Promise<void> {
    const clear = this.connection.transaction(() => {
      this.tableOf(collection).clear();
      this.checkpoints.move(collection.name, 0);
    });
    attempt('Clearing a view', () => clear.immediate());
  }

  private tableOf({ name }: Shape): SqliteCollection {
    const table = this.collections.get(name);
    if (table === undefined) throw new Error(`There is no view ${name}: declare it where the writer is opened.`);
    return table;
  }
}

/** What a batch changes in one collection: a document that many events change is read once and written once. */
class GatheredRows implements Rows {
  private readonly rows = new Map<string, { readonly key: readonly Scalar[]; row: Row | undefined; isDirty: boolean }>();

  constructor(private readonly table: SqliteCollection) {}

  read(key: readonly Scalar[]): Row | undefined {
    const text = JSON.stringify(key);
    const known = this.rows.get(text);
    if (known !== undefined) return known.row;
    const row = this.table.read(key);
    this.rows.set(text, { key, row, isDirty: false });
    return row;
  }

  find(index: string, equal: Fields): readonly (readonly Scalar[])[] {
    this.flush();
    return this.table.find(index, equal);
  }

  write(key: readonly Scalar[], row: Row): void {
    this.rows.set(JSON.stringify(key), { key, row, isDirty: true });
  }

  flush(): void {
    for (const gathered of this.rows.values()) {
      if (gathered.isDirty && gathered.row !== undefined) this.table.write(gathered.key, gathered.row);
      gathered.isDirty = false;
    }
  }
}
