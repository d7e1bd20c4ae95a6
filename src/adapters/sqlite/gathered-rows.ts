/** What a batch changes in one collection: a document that many events change is read once and written once. */
import type { Fields, Scalar } from '../../projections/kernel/collection.js';
import { type Row, type Rows, textOf } from '../../projections/kernel/document.js';
import type { SqliteCollection } from './sqlite-collections.js';

export interface GatheredRow {
  readonly key: readonly Scalar[];
  row: Row | undefined;
  isDirty: boolean;
}

export class GatheredRows implements Rows {
  private readonly rows = new Map<string, GatheredRow>();

  constructor(private readonly table: SqliteCollection) {}

  read(key: readonly Scalar[]): Row | undefined {
    const text = textOf(key);
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
    this.rows.set(textOf(key), { key, row, isDirty: true });
  }

  flush(): void {
    for (const gathered of this.rows.values()) {
      if (gathered.isDirty && gathered.row !== undefined) this.table.write(gathered.key, gathered.row);
      gathered.isDirty = false;
    }
  }
}
