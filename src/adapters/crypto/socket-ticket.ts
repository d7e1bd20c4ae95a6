/**
 * The rules of a socket ticket: computed from a random id, kept hashed, good for one showing within 30 seconds.
 * Whoever takes a ticket must have deleted its row, durably, before the answer is told.
 */
import type { Principal } from '../../application/ports/credentials.js';
import { type Instant, later } from '../../domain/kernel/instant.js';
import { limits } from '../../domain/kernel/limits.js';
import { keyedHash, sameBytes } from './keyed-hash.js';

export interface SocketTicket {
  readonly ticketHash: Buffer;
  readonly originHash: Buffer;
  readonly principal: Principal;
  readonly expiresAt: Instant;
}

const PREFIX = 'st1.';

const hashOfOrigin = (secret: Buffer, origin: string | undefined): Buffer =>
  origin === undefined ? keyedHash(secret, 'ticket-without-origin') : keyedHash(secret, 'ticket-origin', origin);

export const hashOfTicket = (secret: Buffer, ticket: string): Buffer => keyedHash(secret, 'ticket-at-rest', ticket);

export function issuedTicket(
  secret: Buffer,
  uuid: string,
  principal: Principal,
  origin: string | undefined,
  at: Instant,
): { readonly ticket: string; readonly row: SocketTicket } {
  const ticket = PREFIX + keyedHash(secret, 'ticket', uuid).toString('base64url');
  const { accountId, deviceId } = principal;
  const row: SocketTicket = {
    ticketHash: hashOfTicket(secret, ticket),
    originHash: hashOfOrigin(secret, origin),
    principal: { accountId, deviceId },
    expiresAt: later(at, limits.socketTicketLifeMs),
  };
  return { ticket, row };
}

export function principalOf(
  secret: Buffer,
  taken: SocketTicket | undefined,
  origin: string | undefined,
  at: Instant,
): Principal | undefined {
  if (!taken || at >= taken.expiresAt || !sameBytes(taken.originHash, hashOfOrigin(secret, origin))) return undefined;
  return taken.principal;
}
