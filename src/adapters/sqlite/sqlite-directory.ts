/**
 * The directory as a table of keyed hashes: without the secret its rows name nobody.
 * The primary key decides a race, and the transaction is on disk before the answer.
 */
import type { Database, Statement } from 'better-sqlite3';
import type { Directory, Identifier } from '../../application/ports/directory.js';
import type { AccountId } from '../../domain/kernel/ids.js';
import { checkedSecret, keyedHash } from '../crypto/keyed-hash.js';
import { assertChecksum, CHECKSUM, rowChecksum } from './row-checksum.js';
import { attempt } from './sqlite-attempt.js';
import { assertColumn } from './sqlite-database.js';

const TABLE = 'directory_entries';

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS ${TABLE} (
    identifier_hash BLOB PRIMARY KEY,
    account_id TEXT NOT NULL,
    ${CHECKSUM} INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS ${TABLE}_by_account ON ${TABLE} (account_id);
`;

export class SqliteDirectory implements Directory {
  private readonly secret: Buffer;
  private readonly select: Statement<[Buffer], { readonly accountId: AccountId; readonly checksum: number }>;
  private readonly insert: Statement<[Buffer, AccountId, number]>;
  private readonly remove: Statement<[AccountId]>;

  constructor(
    private readonly database: Database,
    secret: Buffer,
  ) {
    this.secret = checkedSecret(secret);
    database.exec(SCHEMA);
    assertColumn(database, TABLE, CHECKSUM);
    this.select = database.prepare(`SELECT account_id AS accountId, checksum FROM ${TABLE} WHERE identifier_hash = ?`);
    this.insert = database.prepare(
      `INSERT INTO ${TABLE} (identifier_hash, account_id, checksum) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`,
    );
    this.remove = database.prepare(`DELETE FROM ${TABLE} WHERE account_id = ?`);
  }

  async find(identifier: Identifier): Promise<AccountId | undefined> {
    return attempt('Finding an identifier', () => this.holder(this.hashOf(identifier)));
  }

  async reserve(
    identifier: Identifier,
    accountId: AccountId,
  ): Promise<{ readonly outcome: 'reserved' } | { readonly outcome: 'taken'; readonly accountId: AccountId }> {
    const hash = this.hashOf(identifier);
    const reserve = this.database.transaction(() => {
      this.insert.run(hash, accountId, rowChecksum([hash, accountId]));
      return this.holder(hash);
    });
    const holder = attempt(`Reserving an identifier for account ${accountId}`, () => reserve.immediate());
    return holder === undefined || holder === accountId ? { outcome: 'reserved' } : { outcome: 'taken', accountId: holder };
  }

  async release(accountId: AccountId): Promise<void> {
    attempt(`Releasing the identifiers of account ${accountId}`, () => this.remove.run(accountId));
  }

  private holder(hash: Buffer): AccountId | undefined {
    const row = this.select.get(hash);
    if (row !== undefined) assertChecksum(TABLE, row.checksum, [hash, row.accountId]);
    return row?.accountId;
  }

  private hashOf({ kind, value }: Identifier): Buffer {
    return keyedHash(this.secret, 'directory', kind, value);
  }
}
