/**
 * The tables of the short-lived secrets: `verifications`, `refresh_families` (one row per device) and `socket_tickets`.
 * They hold hashes and sealed bytes beside random ids; every row has an end, and goes some time after it.
 */
import type { Database, Statement } from 'better-sqlite3';
import type { AccountId, DeviceId, VerificationId } from '../../domain/kernel/ids.js';
import type { Instant } from '../../domain/kernel/instant.js';
import { type Verification, verificationEndsAt } from '../crypto/one-time-code.js';
import type { RefreshFamily } from '../crypto/refresh-family.js';
import type { SocketTicket } from '../crypto/socket-ticket.js';
import { CHECKSUM, type Checked, checked, unchecked } from './row-checksum.js';
import { assertColumn } from './sqlite-database.js';

const VERIFICATIONS = 'verifications';
const FAMILIES = 'refresh_families';
const TICKETS = 'socket_tickets';

/** A write forgets up to so many rows of each table, so that tables shrink to what lives and no write is long. */
const FORGOTTEN_PER_WRITE = 16;

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS ${VERIFICATIONS} (
    verification_id TEXT PRIMARY KEY,
    code_hash BLOB NOT NULL,
    sealed_identifier BLOB NOT NULL,
    expires_at INTEGER NOT NULL,
    wrong_tries INTEGER NOT NULL,
    spent_by_hash BLOB,
    proposed_account_id TEXT,
    proposed_device_id TEXT,
    repeatable_until INTEGER,
    ends_at INTEGER NOT NULL,
    ${CHECKSUM} INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS ${VERIFICATIONS}_by_end ON ${VERIFICATIONS} (ends_at);
  CREATE TABLE IF NOT EXISTS ${FAMILIES} (
    device_id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL,
    family_id BLOB NOT NULL,
    generation INTEGER NOT NULL,
    rotated_at INTEGER NOT NULL,
    ends_at INTEGER NOT NULL,
    ended INTEGER NOT NULL,
    ${CHECKSUM} INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS ${FAMILIES}_by_end ON ${FAMILIES} (ends_at);
  CREATE TABLE IF NOT EXISTS ${TICKETS} (
    ticket_hash BLOB PRIMARY KEY,
    origin_hash BLOB NOT NULL,
    account_id TEXT NOT NULL,
    device_id TEXT NOT NULL,
    ends_at INTEGER NOT NULL,
    ${CHECKSUM} INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS ${TICKETS}_by_end ON ${TICKETS} (ends_at);
  CREATE INDEX IF NOT EXISTS ${TICKETS}_by_device ON ${TICKETS} (device_id);
`;

abstract class EndingTable {
  private readonly forget: Statement<[Instant, number]>;

  constructor(database: Database, table: string) {
    database.exec(SCHEMA);
    assertColumn(database, table, CHECKSUM);
    this.forget = database.prepare(
      `DELETE FROM ${table} WHERE rowid IN (SELECT rowid FROM ${table} WHERE ends_at <= ? ORDER BY ends_at LIMIT ?)`,
    );
  }

  /** How many were forgotten. */
  forgetEnded(at: Instant): number {
    return this.forget.run(at, FORGOTTEN_PER_WRITE).changes;
  }
}

interface VerificationRow {
  readonly verification_id: VerificationId;
  readonly code_hash: Buffer;
  readonly sealed_identifier: Buffer;
  readonly expires_at: Instant;
  readonly wrong_tries: number;
  readonly spent_by_hash: Buffer | null;
  readonly proposed_account_id: AccountId | null;
  readonly proposed_device_id: DeviceId | null;
  readonly repeatable_until: Instant | null;
  readonly ends_at: Instant;
}

const rowOfVerification = (verification: Verification): VerificationRow => ({
  verification_id: verification.verificationId,
  code_hash: verification.codeHash,
  sealed_identifier: verification.sealedIdentifier,
  expires_at: verification.expiresAt,
  wrong_tries: verification.wrongTries,
  spent_by_hash: verification.spent?.deviceKeyHash ?? null,
  proposed_account_id: verification.spent?.proposed.accountId ?? null,
  proposed_device_id: verification.spent?.proposed.deviceId ?? null,
  repeatable_until: verification.spent?.repeatableUntil ?? null,
  ends_at: verificationEndsAt(verification),
});

function verificationOf(row: VerificationRow): Verification {
  const verification = {
    verificationId: row.verification_id,
    codeHash: row.code_hash,
    sealedIdentifier: row.sealed_identifier,
    expiresAt: row.expires_at,
    wrongTries: row.wrong_tries,
  };
  if (row.spent_by_hash === null) return verification;
  const proposed = { accountId: row.proposed_account_id!, deviceId: row.proposed_device_id! };
  return { ...verification, spent: { deviceKeyHash: row.spent_by_hash, proposed, repeatableUntil: row.repeatable_until! } };
}

export class VerificationTable extends EndingTable {
  private readonly select: Statement<[VerificationId], Checked<VerificationRow>>;
  private readonly insert: Statement<[Checked<VerificationRow>]>;
  private readonly change: Statement<[Checked<VerificationRow>]>;

  constructor(database: Database) {
    super(database, VERIFICATIONS);
    this.select = database.prepare(`SELECT * FROM ${VERIFICATIONS} WHERE verification_id = ?`);
    this.insert = database.prepare(`
      INSERT INTO ${VERIFICATIONS} VALUES (@verification_id, @code_hash, @sealed_identifier, @expires_at, @wrong_tries,
        @spent_by_hash, @proposed_account_id, @proposed_device_id, @repeatable_until, @ends_at, @checksum)
      ON CONFLICT DO NOTHING`);
    this.change = database.prepare(`
      UPDATE ${VERIFICATIONS} SET wrong_tries = @wrong_tries, spent_by_hash = @spent_by_hash,
        proposed_account_id = @proposed_account_id, proposed_device_id = @proposed_device_id,
        repeatable_until = @repeatable_until, ends_at = @ends_at, checksum = @checksum
      WHERE verification_id = @verification_id`);
  }

  get(verificationId: VerificationId): Verification | undefined {
    const row = this.select.get(verificationId);
    return row && verificationOf(unchecked(VERIFICATIONS, row));
  }

  /** A row that is there already stays as it is. */
  open(verification: Verification): void {
    this.insert.run(checked(rowOfVerification(verification)));
  }

  update(verification: Verification): void {
    this.change.run(checked(rowOfVerification(verification)));
  }
}

interface FamilyRow extends Omit<RefreshFamily, 'ended'> {
  readonly ended: 0 | 1;
}

const rowOfFamily = (family: RefreshFamily): FamilyRow => {
  const { familyId, accountId, deviceId, generation, rotatedAt, expiresAt, ended } = family;
  return { deviceId, accountId, familyId, generation, rotatedAt, expiresAt, ended: ended ? 1 : 0 };
};

export class FamilyTable extends EndingTable {
  private readonly select: Statement<[DeviceId], Checked<FamilyRow>>;
  private readonly insert: Statement<[Checked<FamilyRow>]>;
  private readonly change: Statement<[Checked<FamilyRow> & { readonly before: number }]>;
  private readonly remove: Statement<[DeviceId]>;

  constructor(database: Database) {
    super(database, FAMILIES);
    this.select = database.prepare(`
      SELECT device_id AS deviceId, account_id AS accountId, family_id AS familyId, generation,
        rotated_at AS rotatedAt, ends_at AS expiresAt, ended, checksum FROM ${FAMILIES} WHERE device_id = ?`);
    this.insert = database.prepare(`
      INSERT OR REPLACE INTO ${FAMILIES} (device_id, account_id, family_id, generation, rotated_at, ends_at, ended, checksum)
      VALUES (@deviceId, @accountId, @familyId, @generation, @rotatedAt, @expiresAt, @ended, @checksum)`);
    this.change = database.prepare(`
      UPDATE ${FAMILIES} SET generation = @generation, rotated_at = @rotatedAt, ends_at = @expiresAt, ended = @ended,
        checksum = @checksum
      WHERE device_id = @deviceId AND family_id = @familyId AND generation = @before AND ended = 0`);
    this.remove = database.prepare(`DELETE FROM ${FAMILIES} WHERE device_id = ?`);
  }

  get(deviceId: DeviceId): RefreshFamily | undefined {
    const row = this.select.get(deviceId);
    if (row === undefined) return undefined;
    const { ended, ...family } = unchecked<FamilyRow>(FAMILIES, row);
    return { ...family, ended: ended === 1 };
  }

  /** Takes the place of the device's earlier family. */
  start(family: RefreshFamily): void {
    this.insert.run(checked(rowOfFamily(family)));
  }

  /** Compare and set: two rotations from one generation would be two living leaves. */
  replace(kept: RefreshFamily, next: RefreshFamily): void {
    const { changes } = this.change.run({ ...checked(rowOfFamily(next)), before: kept.generation });
    if (changes !== 1) throw new Error(`The family of device ${kept.deviceId} changed under its transaction.`);
  }

  delete(deviceId: DeviceId): void {
    this.remove.run(deviceId);
  }
}

interface TicketRow {
  readonly ticketHash: Buffer;
  readonly originHash: Buffer;
  readonly accountId: AccountId;
  readonly deviceId: DeviceId;
  readonly expiresAt: Instant;
}

export class TicketTable extends EndingTable {
  private readonly insert: Statement<[Checked<TicketRow>]>;
  private readonly removeOne: Statement<[Buffer], Checked<TicketRow>>;
  private readonly removeOfDevice: Statement<[DeviceId]>;

  constructor(database: Database) {
    super(database, TICKETS);
    this.insert = database.prepare(`
      INSERT INTO ${TICKETS} (ticket_hash, origin_hash, account_id, device_id, ends_at, checksum)
      VALUES (@ticketHash, @originHash, @accountId, @deviceId, @expiresAt, @checksum)`);
    this.removeOne = database.prepare(`
      DELETE FROM ${TICKETS} WHERE ticket_hash = ? RETURNING ticket_hash AS ticketHash, origin_hash AS originHash,
        account_id AS accountId, device_id AS deviceId, ends_at AS expiresAt, checksum`);
    this.removeOfDevice = database.prepare(`DELETE FROM ${TICKETS} WHERE device_id = ?`);
  }

  put({ ticketHash, originHash, principal, expiresAt }: SocketTicket): void {
    const { accountId, deviceId } = principal;
    this.insert.run(checked({ ticketHash, originHash, accountId, deviceId, expiresAt }));
  }

  /** Of all who take one ticket, one finds it. */
  take(ticketHash: Buffer): SocketTicket | undefined {
    const row = this.removeOne.get(ticketHash);
    if (!row) return undefined;
    const { originHash, accountId, deviceId, expiresAt } = unchecked<TicketRow>(TICKETS, row);
    return { ticketHash, originHash, principal: { accountId, deviceId }, expiresAt };
  }

  deleteOf(deviceId: DeviceId): void {
    this.removeOfDevice.run(deviceId);
  }
}
