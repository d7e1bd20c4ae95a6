/**
 * Short-lived secrets: one-time codes, refresh families and socket tickets, each of which ends by itself (ADR 0006).
 * Secrets are kept hashed and identifiers sealed: no code, token, ticket, number or address can be read out of the store.
 * Whatever cannot be decided is refused.
 */
import type { AccountId, DeviceId, VerificationId } from '../../domain/kernel/ids.js';
import type { Instant } from '../../domain/kernel/instant.js';
import type { Identifier } from './directory.js';

export interface Principal {
  readonly accountId: AccountId;
  readonly deviceId: DeviceId;
}

export interface SpendRequest {
  readonly verificationId: VerificationId;
  readonly code: string;
  /** Which device asks: the thumbprint of its public key. */
  readonly deviceKey: string;
  /** The ids that a first sign-in would get; a repeated one gets those of the first. */
  readonly proposed: Principal;
  readonly at: Instant;
}

export type SpendOutcome =
  | { readonly outcome: 'spent'; readonly identifier: Identifier; readonly proposed: Principal }
  | { readonly outcome: 'wrong'; readonly triesLeft: number }
  /** Unknown, expired, used up by wrong tries, or spent by another device: not to be told apart. */
  | { readonly outcome: 'gone' };

export type RotateOutcome =
  | { readonly outcome: 'rotated'; readonly refreshToken: string }
  /** A token that was replaced before: somebody has a copy, so the family has ended. */
  | { readonly outcome: 'reused' }
  /** No token of this device, or one whose family has ended otherwise. */
  | { readonly outcome: 'unknown' };

export interface Credentials {
  /**
   * Keeps a code for an identifier until it expires.
   * A verification that is kept already stays as it is, with its tries.
   */
  openVerification(verificationId: VerificationId, identifier: Identifier, code: string, expiresAt: Instant): Promise<void>;

  /**
   * A right code is spent once: replayed by another device it is worth nothing.
   * The same device with the same code gets the same answer again for 60 seconds.
   * Every wrong try is counted before it is answered; after the fifth the verification is gone.
   */
  spendCode(request: SpendRequest): Promise<SpendOutcome>;

  /** Starts a refresh family for a device and ends the device's earlier one. */
  issueRefresh(principal: Principal, at: Instant): Promise<string>;

  /**
   * Replaces a refresh token of the device by its successor and prolongs the family to 90 days.
   * The token just replaced gives the same successor again for 30 seconds.
   * Of N that rotate one token at once, all get the same successor.
   * An older token, or the replaced one later, ends the family and the device's tickets, and stays `reused`.
   * A token of another device is unknown and changes nothing.
   */
  rotateRefresh(refreshToken: string, deviceId: DeviceId, at: Instant): Promise<RotateOutcome>;

  /**
   * Ends the device's family and tickets and keeps nothing of them.
   * A second time changes nothing.
   */
  revokeDevice(deviceId: DeviceId): Promise<void>;

  /** Whether the device has a living family. */
  isLive(deviceId: DeviceId, at: Instant): Promise<boolean>;

  /** A socket ticket: valid once, for 30 seconds, from the same origin (absent for a client that is no browser). */
  issueTicket(principal: Principal, origin: string | undefined, at: Instant): Promise<string>;

  /**
   * Takes a ticket: whoever comes second, too late or from elsewhere gets nothing.
   * A ticket shown from elsewhere is used up by it.
   */
  takeTicket(ticket: string, origin: string | undefined, at: Instant): Promise<Principal | undefined>;
}
