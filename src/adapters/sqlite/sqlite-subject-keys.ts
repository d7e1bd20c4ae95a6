/**
 * Subject keys in a SQLite file of their own; a ring lies there wrapped only, by keys that lie elsewhere (ADR 0012).
 * Open the file with `KEYS_SCHEMA`. A copy of it from before an erasure is refused: survivors' rings have moved on.
 */
import type { Database } from 'better-sqlite3';
import type { Clock } from '../../application/ports/clock.js';
import type { RootKeys } from '../../application/ports/root-keys.js';
import { type KeyStoreOptions, RingSubjectKeys, startKeyStore } from '../crypto/ring-subject-keys.js';
import { SqliteKeyRows } from './sqlite-key-rows.js';

export class SqliteSubjectKeys extends RingSubjectKeys {
  static async open(
    database: Database,
    rootKeys: RootKeys,
    clock: Clock,
    options: KeyStoreOptions = {},
  ): Promise<SqliteSubjectKeys> {
    return new SqliteSubjectKeys(await startKeyStore(new SqliteKeyRows(database), rootKeys, clock, options));
  }
}
