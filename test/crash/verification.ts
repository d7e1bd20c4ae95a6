/**
 * What the files say of themselves, without anybody who remembers: SQLite's own check, the checksum of every row that has
 * one, a position for every event that there is or was, and views that equal the fold of the log.
 */
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { rowChecksum, type SqlValue } from '../../src/adapters/sqlite/row-checksum.js';
import { logProblems, type ReadLog, readLog } from './log-check.js';
import { openFolder } from './open-folder.js';
import type { Told } from './told.js';
import { catchUp, rebuiltViews, viewsIn, viewsProblems } from './views-check.js';

const DATABASES = ['events.sqlite', 'keys.sqlite', 'accounts.sqlite', 'read.sqlite'];
const CHECKSUMS = ['checksum', '$checksum'];

export async function verificationProblems(folder: string, told: Told): Promise<readonly string[]> {
  const problems: string[] = [];
  const foundation = await openFolder(folder);
  try {
    const log = await readLog(foundation);
    problems.push(...(await logProblems(foundation, log, told)), ...positionProblems(log));
    await catchUp(foundation, foundation.projectionWriter);
    const rebuilt = await rebuiltViews(foundation);
    await foundation.close();
    problems.push(...databaseProblems(join(folder, 'data')));
    problems.push(...viewsProblems(viewsOfFile(join(folder, 'data', 'read.sqlite')), rebuilt));
  } finally {
    await foundation.close();
  }
  return problems;
}

/** A stream that was removed, or truncated, had as many events as the revision of its first record says. */
export function positionProblems({ stored }: Pick<ReadLog, 'stored'>): readonly string[] {
  const firsts = new Map<string, number>();
  for (const { stream, revision } of stored) if (!firsts.has(stream)) firsts.set(stream, revision);
  const gone = [...firsts.values()].reduce((sum, revision) => sum + revision, 0);
  const last = stored.at(-1)?.position ?? 0;
  return stored.length + gone === last ? [] : [`The log ends at ${last} and holds ${stored.length} events; ${gone} went.`];
}

export function viewsOfFile(file: string): ReturnType<typeof viewsIn> {
  const connection = new Database(file, { readonly: true });
  try {
    return viewsIn(connection);
  } finally {
    connection.close();
  }
}

export function databaseProblems(data: string): readonly string[] {
  return DATABASES.flatMap((name) => {
    const connection = new Database(join(data, name));
    try {
      const found = connection.prepare<[], string>('PRAGMA integrity_check').pluck().all();
      const isWhole = found.length === 1 && found[0] === 'ok';
      return [...(isWhole ? [] : found), ...checksumProblems(connection)].map((problem) => `${name}: ${problem}`);
    } finally {
      connection.close();
    }
  });
}

function checksumProblems(connection: Database.Database): readonly string[] {
  const tables = connection.prepare<[], string>("SELECT name FROM sqlite_schema WHERE type = 'table'").pluck().all();
  return tables.flatMap((table) => {
    const columns = connection.prepare(`SELECT * FROM "${table}"`).columns();
    const at = columns.findIndex(({ name }) => CHECKSUMS.includes(name));
    if (at < 0) return [];
    const rows = connection.prepare<[], SqlValue[]>(`SELECT * FROM "${table}"`).raw().all();
    const damaged = rows.filter((row) => rowChecksum(row.toSpliced(at, 1)) !== row[at]);
    return damaged.length === 0 ? [] : [`${damaged.length} damaged rows in ${table}.`];
  });
}
