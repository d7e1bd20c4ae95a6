/** The short-lived secrets of a process that keeps nothing, by the same rules as those that are kept on disk. */
import type { Credentials, Principal, RotateOutcome, SpendOutcome, SpendRequest } from '../../application/ports/credentials.js';
import type { Identifier } from '../../application/ports/directory.js';
import type { IdSource } from '../../application/ports/id-source.js';
import type { DeviceId, VerificationId } from '../../domain/kernel/ids.js';
import type { Instant } from '../../domain/kernel/instant.js';
import { checkedSecret } from '../crypto/keyed-hash.js';
import { openedVerification, spend, type Verification, verificationEndsAt } from '../crypto/one-time-code.js';
import { familyIsLive, type RefreshFamily, refreshTokenOf, rotate, startedFamily } from '../crypto/refresh-family.js';
import { hashOfTicket, issuedTicket, principalOf, type SocketTicket } from '../crypto/socket-ticket.js';
import { ExpiringMap } from './expiring-map.js';

/** Two credentials over the same rows are one store. */
export class CredentialRows {
  readonly verifications = new ExpiringMap<Verification>(verificationEndsAt);
  /** By device: each has at most one. */
  readonly families = new ExpiringMap<RefreshFamily>((family) => family.expiresAt);
  readonly tickets = new ExpiringMap<SocketTicket>((ticket) => ticket.expiresAt);

  forgetEnded(at: Instant): void {
    for (const rows of [this.verifications, this.families, this.tickets]) rows.forgetEnded(at);
  }
}

export class InMemoryCredentials implements Credentials {
  private readonly secret: Buffer;

  constructor(
    secret: Buffer,
    private readonly ids: IdSource,
    private readonly rows: CredentialRows = new CredentialRows(),
  ) {
    this.secret = checkedSecret(secret);
  }

  async openVerification(id: VerificationId, identifier: Identifier, code: string, expiresAt: Instant): Promise<void> {
    if (this.rows.verifications.get(id)) return;
    const opened = openedVerification(this.secret, id, identifier, code, expiresAt);
    this.rows.verifications.set(id, opened);
  }

  async spendCode(request: SpendRequest): Promise<SpendOutcome> {
    const kept = this.rows.verifications.get(request.verificationId);
    const { outcome, next } = spend(this.secret, kept, request);
    if (next) {
      this.rows.forgetEnded(request.at);
      this.rows.verifications.set(request.verificationId, next);
    }
    return outcome;
  }

  async issueRefresh(principal: Principal, at: Instant): Promise<string> {
    const family = startedFamily(this.ids.uuid(), principal, at);
    this.rows.forgetEnded(at);
    this.rows.families.set(principal.deviceId, family);
    return refreshTokenOf(this.secret, family);
  }

  async rotateRefresh(refreshToken: string, deviceId: DeviceId, at: Instant): Promise<RotateOutcome> {
    const { outcome, next } = rotate(this.secret, this.rows.families.get(deviceId), refreshToken, at);
    if (next) {
      this.rows.forgetEnded(at);
      this.rows.families.set(deviceId, next);
    }
    if (next?.ended) this.endTickets(deviceId);
    return outcome;
  }

  async revokeDevice(deviceId: DeviceId): Promise<void> {
    this.rows.families.delete(deviceId);
    this.endTickets(deviceId);
  }

  async isLive(deviceId: DeviceId, at: Instant): Promise<boolean> {
    return familyIsLive(this.rows.families.get(deviceId), at);
  }

  async issueTicket(principal: Principal, origin: string | undefined, at: Instant): Promise<string> {
    const { ticket, row } = issuedTicket(this.secret, this.ids.uuid(), principal, origin, at);
    this.rows.forgetEnded(at);
    this.rows.tickets.set(row.ticketHash.toString('hex'), row);
    return ticket;
  }

  async takeTicket(ticket: string, origin: string | undefined, at: Instant): Promise<Principal | undefined> {
    const key = hashOfTicket(this.secret, ticket).toString('hex');
    const taken = this.rows.tickets.get(key);
    this.rows.tickets.delete(key);
    return principalOf(this.secret, taken, origin, at);
  }

  private endTickets(deviceId: DeviceId): void {
    for (const [key, ticket] of this.rows.tickets.entries()) {
      if (ticket.principal.deviceId === deviceId) this.rows.tickets.delete(key);
    }
  }
}
