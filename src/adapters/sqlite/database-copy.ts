/**
 * A copy of a database file that is being written, by SQLite's online backup: one moment of it, whole. It is taken in one
 * step, from another process than the server's: its commits would make a copy in several steps begin again and again.
 */
import { closeSync, fsyncSync, openSync } from 'node:fs';
import Database from 'better-sqlite3';

const ALL_PAGES = 0x7fffffff;
const BUSY_TIMEOUT_MS = 30_000;

export async function copyDatabase(from: string, to: string): Promise<void> {
  const source = new Database(from, { readonly: true, fileMustExist: true, timeout: BUSY_TIMEOUT_MS });
  try {
    await source.backup(to, { progress: () => ALL_PAGES });
  } finally {
    source.close();
  }
  const file = openSync(to, 'r+');
  fsyncSync(file);
  closeSync(file);
}

/** Reads one number out of a file that nobody else has open, after checking the whole of it. Throws when it is damaged. */
export function checkedNumber(path: string, query: string): number {
  const database = new Database(path, { fileMustExist: true });
  try {
    const found = database.pragma('integrity_check(1)', { simple: true });
    if (found !== 'ok') throw new Error(`${path} is damaged: ${found}`);
    return (database.prepare(query).pluck().get() as number | null | undefined) ?? 0;
  } finally {
    database.close();
  }
}
