/**
 * The folder that holds the database files of one process, and of no second one as long as that lives.
 * The lock is the operating system's: it goes with the process, however that ends, so that a restart finds it free.
 * Never open the files of the folder by other means from this process: closing such a handle frees the lock.
 */
import { closeSync, fsyncSync, mkdirSync, openSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import Database from 'better-sqlite3';
import { StartRefused } from '../../application/ports/failures.js';

const LOCK_FILE = 'lock.sqlite';

export interface DataFolder {
  readonly path: string;
  /** Frees the folder. A second time changes nothing. */
  close(): void;
}

export function openDataFolder(folder: string): DataFolder {
  const path = resolve(folder);
  create(path);
  const lock = take(path);
  return { path, close: () => void lock.close() };
}

function create(path: string): void {
  try {
    const first = mkdirSync(path, { recursive: true, mode: 0o700 });
    if (first !== undefined) sync(dirname(first));
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const reason = code === 'EEXIST' || code === 'ENOTDIR' ? 'is a file, or lies below one' : `cannot be made (${code})`;
    throw new StartRefused(`The data folder ${path} ${reason}: choose another one.`, { cause: error });
  }
}

/** A folder is on disk when the folder that names it is. */
function sync(folder: string): void {
  const handle = openSync(folder, 'r');
  fsyncSync(handle);
  closeSync(handle);
}

function take(path: string): Database.Database {
  let lock: Database.Database | undefined;
  try {
    lock = new Database(join(path, LOCK_FILE), { timeout: 0 });
    lock.exec('BEGIN EXCLUSIVE');
    return lock;
  } catch (error) {
    lock?.close();
    const code = (error as { code?: string }).code ?? 'unknown';
    const reason = code.startsWith('SQLITE_BUSY')
      ? 'is in use by another process: stop that one first, or choose another folder.'
      : `cannot be locked (${code}): check its permissions.`;
    throw new StartRefused(`The data folder ${path} ${reason}`, { cause: error });
  }
}
