/**
 * The tables of the read side: one for each collection, called after it, clustered by its key. Fields of key and indexes
 * are columns, the rest of a document is JSON. A table whose declared shape has changed, or that is declared no more, is
 * dropped with its checkpoint: views are rebuilt, never migrated.
 */
import { type Fields, leadingOf, orderOf, type Scalar, type Shape } from '../../projections/kernel/collection.js';
import type { Row } from '../../projections/kernel/document.js';
import { assertChecksum, CHECKSUM, type Checked, checked, rowChecksum, unchecked } from './row-checksum.js';
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

/** The form of the rows beyond what a shape declares; another number has all views built anew. */
const FORM = 2;

const quoted = (name: string): string => `"${name}"`;
const listOf = (names: readonly string[]): string => names.map(quoted).join(', ');

const REGISTRY = `CREATE TABLE IF NOT EXISTS projections (
  collection TEXT PRIMARY KEY,
  shape TEXT NOT NULL,
  checkpoint INTEGER NOT NULL,
  checksum INTEGER NOT NULL
) WITHOUT ROWID`;

/** Makes room for the collections that are declared, and for none besides. */
export function openCollections(connection: Connection, shapes: readonly Shape[]): ReadonlyMap<string, SqliteCollection> {
  connection.transaction(() => {
    dropOldForm(connection);
    connection.exec(REGISTRY);
    const declared = new Map(shapes.map((shape) => [shape.name, shapeText(shape)]));
    const stored = connection
      .prepare<[], { collection: string; shape: string }>('SELECT collection, shape FROM projections')
      .all();
    for (const { collection, shape } of stored) if (declared.get(collection) !== shape) drop(connection, collection);
    for (const shape of shapes) create(connection, shape);
  })();
  return new Map(shapes.map((shape) => [shape.name, new SqliteCollection(connection, shape)]));
}

/** Views from before there were checksums go, all of them. */
function dropOldForm(connection: Connection): void {
  const columns = connection.pragma('table_info(projections)') as { readonly name: string }[];
  if (columns.length === 0 || columns.some(({ name }) => name === CHECKSUM)) return;
  const tables = connection.prepare<[], string>("SELECT name FROM sqlite_schema WHERE type = 'table'").pluck().all();
  for (const table of tables) connection.exec(`DROP TABLE ${quoted(table)}`);
}

const shapeText = ({ fields, key, indexes }: Shape): string => JSON.stringify({ form: FORM, fields, key, indexes });

function drop(connection: Connection, collection: string): void {
  connection.exec(`DROP TABLE IF EXISTS ${quoted(collection)}`);
  connection.prepare('DELETE FROM projections WHERE collection = ?').run(collection);
}

function create(connection: Connection, shape: Shape): void {
  const columns = Object.entries(shape.fields).map(
    ([field, type]) => `${quoted(field)} ${type === 'text' ? 'TEXT' : 'INTEGER'}${shape.key.includes(field) ? ' NOT NULL' : ''}`,
  );
  connection.exec(
    `CREATE TABLE IF NOT EXISTS ${quoted(shape.name)} (
      ${columns.join(', ')}, "$position" INTEGER NOT NULL, "$doc" TEXT, "$checksum" INTEGER NOT NULL, PRIMARY KEY (${listOf(shape.key)})
    ) WITHOUT ROWID`,
  );
  for (const [index, fields] of Object.entries(shape.indexes)) {
    connection.exec(
      `CREATE INDEX IF NOT EXISTS ${indexName(shape, index)} ON ${quoted(shape.name)} (${listOf(fields)})${present(shape, fields)}`,
    );
  }
  const row = [shape.name, shapeText(shape), 0] as const;
  connection
    .prepare('INSERT INTO projections VALUES (?, ?, ?, ?) ON CONFLICT (collection) DO NOTHING')
    .run(...row, rowChecksum(row));
}

interface Registered {
  readonly collection: string;
  readonly shape: string;
  readonly checkpoint: number;
}

/** Up to where each view is built, in its row of the registry. */
export class Checkpoints {
  private readonly select;
  private readonly update;

  constructor(connection: Connection) {
    this.select = connection.prepare<[string], Checked<Registered>>('SELECT * FROM projections WHERE collection = ?');
    this.update = connection.prepare<[Checked<Registered>]>(
      'UPDATE projections SET checkpoint = @checkpoint, checksum = @checksum WHERE collection = @collection AND shape = @shape',
    );
  }

  of(collection: string): number {
    return this.row(collection)?.checkpoint ?? 0;
  }

  /** Forward only, or back to the beginning. */
  move(collection: string, position: number): void {
    const row = this.row(collection);
    if (row === undefined || (position !== 0 && position <= row.checkpoint)) return;
    this.update.run(checked({ ...row, checkpoint: position }));
  }

  private row(collection: string): Registered | undefined {
    const row = this.select.get(collection);
    return row && unchecked<Registered>('projections', row);
  }
}

const indexName = (shape: Shape, index: string): string => quoted(`${shape.name}.${index}`);

/** A document that lacks a field of an index does not stand in it; a removed one lacks all that are not of its key. */
function present(shape: Shape, fields: readonly string[]): string {
  const conditions = fields.filter((field) => !shape.key.includes(field)).map((field) => `${quoted(field)} IS NOT NULL`);
  return conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`;
}

export class SqliteCollection {
  private readonly columns: readonly string[];
  private readonly readRow;
  private readonly writeRow;
  private readonly statements = new Map<string, ReturnType<Connection['prepare']>>();

  constructor(
    private readonly connection: Connection,
    readonly shape: Shape,
  ) {
    const { name, key, fields } = shape;
    this.columns = Object.keys(fields);
    const all = [...this.columns, '$position', '$doc', '$checksum'];
    const changed = all.filter((field) => !key.includes(field));
    this.readRow = connection.prepare<Scalar[], Stored>(`SELECT ${listOf(all)} FROM ${quoted(name)} WHERE ${equals(key)}`).raw();
    this.writeRow = connection.prepare<Stored>(
      `INSERT INTO ${quoted(name)} (${listOf(all)}) VALUES (${all.map(() => '?').join(', ')})
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
    const { key: keyFields, fields } = this.shape;
    const values = this.columns.map((field) => {
      const at = keyFields.indexOf(field);
      return (at >= 0 ? key[at] : (doc?.[field] as Scalar | undefined)) ?? null;
    });
    const rest = doc && Object.fromEntries(Object.entries(doc).filter(([field]) => !Object.hasOwn(fields, field)));
    const stored = [...values, position, rest === undefined ? null : JSON.stringify(rest)];
    this.writeRow.run(...stored, rowChecksum(stored));
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

  clear(): void {
    this.connection.exec(`DELETE FROM ${quoted(this.shape.name)}`);
  }

  /** Names the index, so that a query that could not use it fails instead of being slow. */
  private from(index: string | undefined, leading: readonly string[]): string {
    const fields = index === undefined ? [] : (this.shape.indexes[index] ?? []);
    const optional = fields.filter((field) => !this.shape.key.includes(field));
    // Without an optional field in the index, only the document itself tells that it was removed.
    const exist = (optional.length === 0 ? ['$doc'] : optional).map((field) => `${quoted(field)} IS NOT NULL`);
    const by = index === undefined ? '' : ` INDEXED BY ${indexName(this.shape, index)}`;
    const asked = leading.map((field) => `${quoted(field)} = ?`);
    return `FROM ${quoted(this.shape.name)}${by} WHERE ${[...exist, ...asked].join(' AND ')}`;
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
