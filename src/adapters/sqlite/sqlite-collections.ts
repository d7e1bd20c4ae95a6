/**
 * The table of one collection, clustered by its key. Fields of key and indexes are columns, the rest of a document is JSON.
 */
import { type Fields, leadingOf, orderOf, type Scalar, type Shape } from '../../projections/kernel/collection.js';
import type { Row } from '../../projections/kernel/document.js';
import { assertChecksum, rowChecksum } from './row-checksum.js';
import type { Connection } from './sqlite-database.js';

export interface PageAsked {
  readonly index?: string | undefined;
  readonly equal: Fields;
  readonly above?: Scalar | undefined;
  readonly below?: Scalar | undefined;
  readonly order?: 'ascending' | 'descending' | undefined;
  readonly limit: number;
}

type Stored = (Scalar | null)[];

export const quoted = (name: string): string => `"${name}"`;
export const listOf = (names: readonly string[]): string => names.map(quoted).join(', ');

/** Makes a table for documents of this shape, without the indexes that they are found by. */
export function createTable(connection: Connection, shape: Shape, table: string): void {
  const columns = Object.entries(shape.fields).map(
    ([field, type]) => `${quoted(field)} ${type === 'text' ? 'TEXT' : 'INTEGER'}${shape.key.includes(field) ? ' NOT NULL' : ''}`,
  );
  connection.exec(
    `CREATE TABLE IF NOT EXISTS ${quoted(table)} (
      ${columns.join(', ')}, "$position" INTEGER NOT NULL, "$doc" TEXT, "$checksum" INTEGER NOT NULL, PRIMARY KEY (${listOf(shape.key)})
    ) WITHOUT ROWID`,
  );
}

export function createIndex(connection: Connection, shape: Shape, table: string, index: string): void {
  const fields = shape.indexes[index] ?? [];
  connection.exec(
    `CREATE INDEX IF NOT EXISTS ${indexName(table, index)} ON ${quoted(table)} (${listOf(fields)})${present(shape, fields)}`,
  );
}

const indexName = (table: string, index: string): string => quoted(`${table}.${index}`);

/** A document that lacks a field of an index does not stand in it; a removed one lacks all that are not of its key. */
function present(shape: Shape, fields: readonly string[]): string {
  const conditions = fields.filter((field) => !shape.key.includes(field)).map((field) => `${quoted(field)} IS NOT NULL`);
  return conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`;
}

export class SqliteCollection {
  private readonly columns: readonly string[];
  /** Of each column: where its field stands in the key, or -1. */
  private readonly placesInKey: readonly number[];
  private readonly readRow;
  private readonly writeRow;
  private readonly statements = new Map<string, ReturnType<Connection['prepare']>>();

  constructor(
    private readonly connection: Connection,
    readonly shape: Shape,
    readonly table: string = shape.name,
  ) {
    const { key, fields } = shape;
    this.columns = Object.keys(fields);
    this.placesInKey = this.columns.map((field) => key.indexOf(field));
    const all = [...this.columns, '$position', '$doc', '$checksum'];
    const changed = all.filter((field) => !key.includes(field));
    this.readRow = connection.prepare<Scalar[], Stored>(`SELECT ${listOf(all)} FROM ${quoted(table)} WHERE ${equals(key)}`).raw();
    this.writeRow = connection.prepare<Stored>(
      `INSERT INTO ${quoted(table)} (${listOf(all)}) VALUES (${all.map(() => '?').join(', ')})
       ON CONFLICT DO UPDATE SET ${changed.map((field) => `${quoted(field)} = excluded.${quoted(field)}`).join(', ')}`,
    );
  }

  read(key: readonly Scalar[]): Row | undefined {
    const stored = this.readRow.get(...key);
    if (stored === undefined) return undefined;
    const position = stored[this.columns.length] as number;
    const doc = this.decoded(stored);
    return doc === undefined ? { position } : { position, doc };
  }

  write(key: readonly Scalar[], { position, doc }: Row): void {
    const stored: Stored = this.columns.map((field, column) => {
      const at = this.placesInKey[column]!;
      return (at >= 0 ? key[at] : (doc?.[field] as Scalar | undefined)) ?? null;
    });
    stored.push(position, doc === undefined ? null : this.restOf(doc));
    this.writeRow.run(...stored, rowChecksum(stored));
  }

  /** What has no column of its own. */
  private restOf(doc: Fields): string {
    const { fields } = this.shape;
    const rest: Record<string, unknown> = {};
    for (const field in doc) if (!Object.hasOwn(fields, field)) rest[field] = doc[field];
    return JSON.stringify(rest);
  }

  page({ index, equal, above, below, order = 'ascending', limit }: PageAsked): readonly Fields[] {
    const leading = leadingOf(this.shape, orderOf(this.shape, index), equal);
    const bounds = [above, below].filter((bound) => bound !== undefined);
    const kind = `page ${index} ${leading.length} ${above !== undefined} ${below !== undefined} ${order}`;
    const page = this.prepared(
      kind,
      (ordered) => {
        const next = ordered[leading.length];
        if (next === undefined && bounds.length > 0) throw new Error(`No field of ${this.shape.name} is left to bound.`);
        const limits = [...(above === undefined ? [] : ['>']), ...(below === undefined ? [] : ['<'])];
        const direction = order === 'ascending' ? 'ASC' : 'DESC';
        return `SELECT ${listOf(this.columns)}, "$position", "$doc", "$checksum" ${this.from(index, ordered.slice(0, leading.length))}
        ${limits.map((operator) => `AND ${quoted(next ?? '')} ${operator} ?`).join(' ')}
        ORDER BY ${ordered.map((field) => `${quoted(field)} ${direction}`).join(', ')} LIMIT ?`;
      },
      index,
    );
    const stored = page.all(...leading, ...bounds, Math.max(0, limit)) as Stored[];
    return stored.flatMap<Fields>((row) => this.decoded(row) ?? []);
  }

  count(index: string | undefined, equal: Fields): number {
    const leading = leadingOf(this.shape, orderOf(this.shape, index), equal);
    const sql = (ordered: readonly string[]) => `SELECT count(*) ${this.from(index, ordered.slice(0, leading.length))}`;
    const [counted] = this.prepared(`count ${index} ${leading.length}`, sql, index).get(...leading) as [number];
    return counted;
  }

  find(index: string, equal: Fields): readonly (readonly Scalar[])[] {
    const leading = leadingOf(this.shape, orderOf(this.shape, index), equal);
    const sql = (ordered: readonly string[]) =>
      `SELECT ${listOf(this.shape.key)} ${this.from(index, ordered.slice(0, leading.length))}`;
    return this.prepared(`find ${index} ${leading.length}`, sql, index).all(...leading) as Scalar[][];
  }

  /** Living documents in the order of their keys, above a key. */
  after(above: readonly Scalar[] | undefined, limit: number): readonly Fields[] {
    const { key } = this.shape;
    const bound = above === undefined ? '' : ` AND (${listOf(key)}) > (${key.map(() => '?').join(', ')})`;
    const page = this.prepared(
      `after ${bound}`,
      () => `SELECT ${listOf(this.columns)}, "$position", "$doc", "$checksum" FROM ${quoted(this.table)}
        WHERE "$doc" IS NOT NULL${bound} ORDER BY ${listOf(key)} LIMIT ?`,
      undefined,
    );
    const stored = page.all(...(above ?? []), limit) as Stored[];
    return stored.flatMap<Fields>((row) => this.decoded(row) ?? []);
  }

  /** Every row as it lies, in the order of the keys: a document with its `$position`; a key with `$removed` where one was. */
  rowsAfter(above: readonly Scalar[] | undefined, limit: number): readonly Fields[] {
    const { key } = this.shape;
    const bound = above === undefined ? '' : `WHERE (${listOf(key)}) > (${key.map(() => '?').join(', ')})`;
    const page = this.prepared(
      `rows ${bound}`,
      () => `SELECT ${listOf(this.columns)}, "$position", "$doc", "$checksum" FROM ${quoted(this.table)}
        ${bound} ORDER BY ${listOf(key)} LIMIT ?`,
      undefined,
    );
    return (page.all(...(above ?? []), limit) as Stored[]).map((stored) => {
      const doc = this.decoded(stored) ?? { ...this.keyIn(stored), $removed: true };
      return { ...doc, $position: stored[this.columns.length] };
    });
  }

  private keyIn(stored: Stored): Fields {
    return Object.fromEntries(
      this.columns.map((field, at) => [field, stored[at]] as const).filter((_, at) => this.placesInKey[at]! >= 0),
    );
  }

  clear(): void {
    this.connection.exec(`DELETE FROM ${quoted(this.table)}`);
  }

  /** Names the index, so that a query that could not use it fails instead of being slow. */
  private from(index: string | undefined, leading: readonly string[]): string {
    const fields = index === undefined ? [] : (this.shape.indexes[index] ?? []);
    const optional = fields.filter((field) => !this.shape.key.includes(field));
    // Without an optional field in the index, only the document itself tells that it was removed.
    const exist = (optional.length === 0 ? ['$doc'] : optional).map((field) => `${quoted(field)} IS NOT NULL`);
    const by = index === undefined ? '' : ` INDEXED BY ${indexName(this.table, index)}`;
    const asked = leading.map((field) => `${quoted(field)} = ?`);
    return `FROM ${quoted(this.table)}${by} WHERE ${[...exist, ...asked].join(' AND ')}`;
  }

  private decoded(stored: Stored): Fields | undefined {
    assertChecksum(this.shape.name, stored.at(-1) as number, stored.slice(0, -1));
    const json = stored[this.columns.length + 1];
    if (typeof json !== 'string') return undefined;
    const doc = JSON.parse(json) as Record<string, unknown>;
    for (const [at, field] of this.columns.entries()) if (stored[at] !== null) doc[field] = stored[at];
    return doc;
  }

  /** As many statements as there are kinds of questions, which the queries of the read side number. */
  private prepared(kind: string, sql: (ordered: readonly string[]) => string, index: string | undefined) {
    const known = this.statements.get(kind);
    if (known !== undefined) return known;
    const prepared = this.connection.prepare(sql(orderOf(this.shape, index))).raw();
    this.statements.set(kind, prepared);
    return prepared;
  }
}

const equals = (fields: readonly string[]): string => fields.map((field) => `${quoted(field)} = ?`).join(' AND ');
