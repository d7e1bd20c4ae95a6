/**
 * One-time codes, refresh families and socket tickets as three tables of hashes and sealed bytes.
 * Each step is one immediate transaction that is on disk before its outcome is told; ended rows go with later writes.
 * The rules stand in adapters/crypto, since the in-memory credentials keep the same.
 */
import type { Database } from 'better-sqlite3';
import type { Credentials, Principal, RotateOutcome, SpendOutcome, SpendRequest } from '../../application/ports/credentials.js';
import type { Identifier } from '../../application/ports/directory.js';
import type { IdSource } from '../../application/ports/id-source.js';
import type { DeviceId, VerificationId } from '../../domain/kernel/ids.js';
import type { Instant } from '../../domain/kernel/instant.js';
import { checkedSecret } from '../crypto/keyed-hash.js';
import { openedVerification, spend } from '../crypto/one-time-code.js';
import { familyIsLive, refreshTokenOf, rotate, startedFamily } from '../crypto/refresh-family.js';
import { hashOfTicket, issuedTicket, principalOf } from '../crypto/socket-ticket.js';
import { attempt } from './sqlite-attempt.js';
import { FamilyTable, TicketTable, VerificationTable } from './sqlite-credential-tables.js';

export class SqliteCredentials implements Credentials {
  private readonly secret: Buffer;
  private readonly verifications: VerificationTable;
  private readonly families: FamilyTable;
  private readonly tickets: TicketTable;

  constructor(
    private readonly database: Database,
    secret: Buffer,
    private readonly ids: IdSource,
  ) {
    this.secret = checkedSecret(secret);
    this.verifications = new VerificationTable(database);
    this.families = new FamilyTable(database);
    this.tickets = new TicketTable(database);
  }

  async openVerification(id: VerificationId, identifier: Identifier, code: string, expiresAt: Instant): Promise<void> {
    const opened = openedVerification(this.secret, id, identifier, code, expiresAt);
    this.inOne(`Opening verification ${id}`, () => this.verifications.open(opened));
  }

  async spendCode(request: SpendRequest): Promise<SpendOutcome> {
    return this.inOne(`Spending the code of verification ${request.verificationId}`, () => {
      const { outcome, next } = spend(this.secret, this.verifications.get(request.verificationId), request);
      if (next) {
        this.verifications.update(next);
        this.forgetEnded(request.at);
      }
      return outcome;
    });
  }

  async issueRefresh(principal: Principal, at: Instant): Promise<string> {
    const family = startedFamily(this.ids.uuid(), principal, at);
    this.inOne(`Issuing a refresh token to device ${principal.deviceId}`, () => {
      this.families.start(family);
      this.forgetEnded(at);
    });
    return refreshTokenOf(this.secret, family);
  }

  async rotateRefresh(refreshToken: string, deviceId: DeviceId, at: Instant): Promise<RotateOutcome> {
    return this.inOne(`Rotating the refresh token of device ${deviceId}`, () => {
      const kept = this.families.get(deviceId);
      const { outcome, next } = rotate(this.secret, kept, refreshToken, at);
      if (kept && next) {
        this.families.replace(kept, next);
        this.forgetEnded(at);
      }
      if (next?.ended) this.tickets.deleteOf(deviceId);
      return outcome;
    });
  }

  async revokeDevice(deviceId: DeviceId): Promise<void> {
    this.inOne(`Revoking device ${deviceId}`, () => {
      this.families.delete(deviceId);
      this.tickets.deleteOf(deviceId);
    });
  }

  async isLive(deviceId: DeviceId, at: Instant): Promise<boolean> {
    return attempt(`Reading the family of device ${deviceId}`, () => familyIsLive(this.families.get(deviceId), at));
  }

  async issueTicket(principal: Principal, origin: string | undefined, at: Instant): Promise<string> {
    const { ticket, row } = issuedTicket(this.secret, this.ids.uuid(), principal, origin, at);
    this.inOne(`Issuing a ticket to device ${principal.deviceId}`, () => {
      this.tickets.put(row);
      this.forgetEnded(at);
    });
    return ticket;
  }

  async takeTicket(ticket: string, origin: string | undefined, at: Instant): Promise<Principal | undefined> {
    const taken = attempt('Taking a ticket', () => this.tickets.take(hashOfTicket(this.secret, ticket)));
    return principalOf(this.secret, taken, origin, at);
  }

  /** What no write has taken with it: a few rows of each table. Answers how many. */
  async sweep(at: Instant): Promise<number> {
    return this.inOne('Forgetting secrets that have ended', () => this.forgetEnded(at));
  }

  private forgetEnded(at: Instant): number {
    let forgotten = 0;
    for (const table of [this.verifications, this.families, this.tickets]) forgotten += table.forgetEnded(at);
    return forgotten;
  }

  private inOne<Value>(what: string, act: () => Value): Value {
    return attempt(what, () => this.database.transaction(act).immediate());
  }
}
