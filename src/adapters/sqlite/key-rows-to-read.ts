/** The rows of a key store beside its server, which may destroy keys meanwhile: every read sees what is there then. */
import type { KeyRows } from '../crypto/key-rows.js';
import { KEYS_FILE, KEYS_SCHEMA } from './keys-schema.js';
import { openReadOnly } from './read-only.js';
import { SqliteKeyRows } from './sqlite-key-rows.js';

export function openKeyRowsToRead(folder: string): { readonly rows: KeyRows; close(): void } {
  const connection = openReadOnly(folder, KEYS_FILE, KEYS_SCHEMA);
  connection.pragma('secure_delete = ON');
  return { rows: new SqliteKeyRows(connection), close: () => void connection.close() };
}
