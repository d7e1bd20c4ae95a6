/**
 * Opens a database file for any adapter of this folder: durable at every commit, erasing what it deletes.
 * A file of a newer schema than this code knows is refused, never touched. `synchronous` must stay FULL: the library's
 * own default acknowledges commits that a power cut takes back (ADR 0011).
 */
import Database from 'better-sqlite3';
import { StartRefused } from '../../application/ports/failures.js';
import { assertLogWhole, discardIfDamaged } from './wal-check.js';

export type Connection = Database.Database;

/** Step by step from an empty file: statement list n brings a file of schema n to schema n + 1. Append only. */
export type Schema = readonly string[];

/** Stands where a schema once was that no release has written: a file that ends there is refused. */
export const NEVER_RELEASED = '';

export interface SqliteOptions {
  /** Pages in the write-ahead log before a commit copies them into the file: rarer means longer pauses. */
  readonly walAutocheckpoint?: number;
  /** Of a file that is built anew from another one: with a damaged write-ahead log it is removed. */
  readonly isDerived?: boolean;
  /** Pages kept in memory, as bytes. */
  readonly cacheBytes?: number;
}

/** The first release without the bug that could corrupt a file when two connections checkpoint and commit at once. */
const VERSION_MIN = [3, 51, 3] as const;
const WAL_AUTOCHECKPOINT = 2_000;
const BUSY_TIMEOUT_MS = 5_000;
/** What a burst made of the write-ahead log is given back to the disk after the next checkpoint. */
const WAL_BYTES_KEPT = 32 * 1_024 * 1_024;

export function openSqliteDatabase(file: string, schema: Schema, options: SqliteOptions = {}): Connection {
  if (options.isDerived === true) discardIfDamaged(file);
  else assertLogWhole(file);
  const connection = connect(file);
  try {
    assertVersion(connection);
    assertSchema(connection, file, schema);
    connection.pragma('journal_mode = WAL');
    connection.pragma('synchronous = FULL');
    connection.pragma('foreign_keys = ON');
    connection.pragma('secure_delete = ON');
    connection.pragma('mmap_size = 0');
    connection.pragma(`journal_size_limit = ${WAL_BYTES_KEPT}`);
    connection.pragma(`wal_autocheckpoint = ${options.walAutocheckpoint ?? WAL_AUTOCHECKPOINT}`);
    if (options.cacheBytes !== undefined) connection.pragma(`cache_size = -${Math.floor(options.cacheBytes / 1_024)}`);
    migrate(connection, schema);
    return connection;
  } catch (error) {
    connection.close();
    throw refusal(file, error);
  }
}

function connect(file: string): Connection {
  try {
    return new Database(file, { timeout: BUSY_TIMEOUT_MS });
  } catch (error) {
    throw refusal(file, error);
  }
}

function assertVersion(connection: Connection): void {
  const version = connection.prepare('SELECT sqlite_version()').pluck().get() as string;
  const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number);
  const [majorMin, minorMin, patchMin] = VERSION_MIN;
  const older = major - majorMin || minor - minorMin || patch - patchMin;
  if (older < 0)
    throw new StartRefused(`SQLite ${version} can corrupt data: run "npm ci" to get ${VERSION_MIN.join('.')} or newer.`);
}

const schemaOf = (connection: Connection): number => connection.pragma('user_version', { simple: true }) as number;

function assertSchema(connection: Connection, file: string, schema: Schema): void {
  const found = schemaOf(connection);
  if (found > 0 && schema.slice(0, found).every((step) => step === NEVER_RELEASED)) throw unreleased(file);
  if (found <= schema.length) return;
  throw new StartRefused(
    `${file} has schema ${found}, this version knows ${schema.length}: start a newer version of Sottovoce, or restore a backup.`,
  );
}

function unreleased(file: string): StartRefused {
  return new StartRefused(
    `${file} was written before the first release, in a form that is no longer read: start with new folders.`,
  );
}

/** For tables that are made where they are used: one that lacks the column is of a form that no release has written. */
export function assertColumn(connection: Connection, table: string, column: string): void {
  const columns = connection.pragma(`table_info(${table})`) as { readonly name: string }[];
  if (!columns.some(({ name }) => name === column)) throw unreleased(connection.name);
}

function migrate(connection: Connection, schema: Schema): void {
  const migrateOne = connection.transaction((statements: string, version: number) => {
    connection.exec(statements);
    connection.pragma(`user_version = ${version}`);
  });
  const found = schemaOf(connection);
  for (const [at, statements] of schema.entries()) {
    // A crash behind a step that makes nothing would leave a file that is refused.
    if (at >= found && statements !== NEVER_RELEASED) migrateOne(statements, at + 1);
  }
}

function refusal(file: string, error: unknown): unknown {
  if (error instanceof StartRefused) return error;
  const code = (error as { code?: unknown }).code ?? (error as Error).message;
  return new StartRefused(`${file} cannot be opened as a database (${code}): check the file, its folder and their permissions.`, {
    cause: error,
  });
}
