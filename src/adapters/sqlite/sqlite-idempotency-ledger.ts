/**
 * The idempotency ledger as one table of hashes and sealed answers. Each step is one immediate transaction that is on
 * disk before its outcome is told; a few rows that have ended go with each reservation, the rest by `purge`.
 */
import type { Database, Statement } from 'better-sqlite3';
import type { IdSource } from '../../application/ports/id-source.js';
import type { IdempotencyLedger, KeptAnswer, KeyedRequest, Reserved } from '../../application/ports/idempotency-ledger.js';
import type { Instant } from '../../domain/kernel/instant.js';
import { checkedSecret } from '../crypto/keyed-hash.js';
import { hashOfKey, isHeldBy, type LedgerRow, reserve, sealedAnswer } from '../crypto/ledger-row.js';
import { CHECKSUM, type Checked, checked, unchecked } from './row-checksum.js';
import { attempt as inDatabase } from './sqlite-attempt.js';
import { assertColumn } from './sqlite-database.js';

const TABLE = 'idempotency_keys';
const FORGOTTEN_PER_RESERVATION = 16;
/** A purge holds the file for a moment at a time. */
const PURGED_PER_STEP = 1_000;

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS ${TABLE} (
    key_hash BLOB PRIMARY KEY,
    request_hash BLOB NOT NULL,
    attempt TEXT NOT NULL,
    lease_ends_at INTEGER NOT NULL,
    ends_at INTEGER NOT NULL,
    answer BLOB,
    ${CHECKSUM} INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS ${TABLE}_by_end ON ${TABLE} (ends_at);
`;

export class SqliteIdempotencyLedger implements IdempotencyLedger {
  private readonly secret: Buffer;
  private readonly select: Statement<[Buffer], Checked<LedgerRow>>;
  private readonly insert: Statement<[Checked<LedgerRow>]>;
  private readonly delete: Statement<[Buffer]>;
  private readonly forget: Statement<[Instant, number]>;

  constructor(
    private readonly database: Database,
    secret: Buffer,
    private readonly ids: Pick<IdSource, 'uuid'>,
  ) {
    this.secret = checkedSecret(secret);
    database.exec(SCHEMA);
    assertColumn(database, TABLE, CHECKSUM);
    this.select = database.prepare(`
      SELECT key_hash AS keyHash, request_hash AS requestHash, attempt, lease_ends_at AS leaseEndsAt, ends_at AS endsAt, answer,
        checksum
      FROM ${TABLE} WHERE key_hash = ?`);
    this.insert = database.prepare(`
      INSERT OR REPLACE INTO ${TABLE} (key_hash, request_hash, attempt, lease_ends_at, ends_at, answer, checksum)
      VALUES (@keyHash, @requestHash, @attempt, @leaseEndsAt, @endsAt, @answer, @checksum)`);
    this.delete = database.prepare(`DELETE FROM ${TABLE} WHERE key_hash = ?`);
    this.forget = database.prepare(`
      DELETE FROM ${TABLE} WHERE rowid IN (SELECT rowid FROM ${TABLE} WHERE ends_at <= ? ORDER BY ends_at LIMIT ?)`);
  }

  async reserve(request: KeyedRequest, at: Instant, lifeMs: number): Promise<Reserved> {
    const attempt = this.ids.uuid();
    return this.inOne('Reserving an idempotency key', () => {
      const kept = this.row(hashOfKey(this.secret, request));
      const { reserved, next } = reserve(this.secret, kept, { request, at, lifeMs, attempt });
      if (next) {
        this.put(next);
        this.forget.run(at, FORGOTTEN_PER_RESERVATION);
      }
      return reserved;
    });
  }

  async settle(request: KeyedRequest, attempt: string, answer: KeptAnswer): Promise<void> {
    this.inOne('Settling an idempotency key', () => {
      const kept = this.row(hashOfKey(this.secret, request));
      if (isHeldBy(kept, attempt)) this.put({ ...kept, answer: sealedAnswer(this.secret, request, answer) });
    });
  }

  async release(request: KeyedRequest, attempt: string): Promise<void> {
    this.inOne('Releasing an idempotency key', () => {
      const keyHash = hashOfKey(this.secret, request);
      if (isHeldBy(this.row(keyHash), attempt)) this.delete.run(keyHash);
    });
  }

  async purge(before: Instant): Promise<number> {
    let purged = 0;
    for (;;) {
      const { changes } = this.inOne('Purging idempotency keys', () => this.forget.run(before, PURGED_PER_STEP));
      purged += changes;
      if (changes < PURGED_PER_STEP) return purged;
      // Between two steps others get their turn.
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
  }

  private row(keyHash: Buffer): LedgerRow | undefined {
    const row = this.select.get(keyHash);
    return row && unchecked<LedgerRow>(TABLE, row);
  }

  private put({ keyHash, requestHash, attempt, leaseEndsAt, endsAt, answer }: LedgerRow): void {
    this.insert.run(checked({ keyHash, requestHash, attempt, leaseEndsAt, endsAt, answer }));
  }

  private inOne<Value>(what: string, act: () => Value): Value {
    return inDatabase(what, () => this.database.transaction(act).immediate());
  }
}
