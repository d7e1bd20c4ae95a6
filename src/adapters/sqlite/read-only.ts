/**
 * Opens the files of a data folder beside their server, or without one, so that nothing can be written through them. A file
 * of another schema than this code's is refused: it would be misread.
 */
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { StartRefused, Unavailable } from '../../application/ports/failures.js';
import type { Schema } from './sqlite-database.js';

const BUSY_TIMEOUT_MS = 5_000;

export function openReadOnly(folder: string, file: string, schema: Schema): Database.Database {
  const path = join(folder, file);
  const connection = connect(path);
  const found = connection.pragma('user_version', { simple: true }) as number;
  if (found === schema.length) return connection;
  connection.close();
  throw new StartRefused(
    `${path} has schema ${found}, this version reads ${schema.length}: start the server of this version once, or use the version that wrote it.`,
  );
}

function connect(path: string): Database.Database {
  try {
    return new Database(path, { readonly: true, fileMustExist: true, timeout: BUSY_TIMEOUT_MS });
  } catch (cause) {
    throw new Unavailable(`${path} cannot be opened: is it there, and may you read it?`, { cause });
  }
}
