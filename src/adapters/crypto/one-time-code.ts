/**
 * The rules of a one-time code: at most five wrong tries are ever looked at, a right one is spent by one device.
 * The row that a rule gives back must be durable before its outcome is told.
 */
import type { Principal, SpendOutcome, SpendRequest } from '../../application/ports/credentials.js';
import type { Identifier } from '../../application/ports/directory.js';
import type { VerificationId } from '../../domain/kernel/ids.js';
import { type Instant, later, latest } from '../../domain/kernel/instant.js';
import { limits } from '../../domain/kernel/limits.js';
import { keyedHash, sameBytes } from './keyed-hash.js';
import { openIdentifier, sealIdentifier } from './sealed-identifier.js';

export interface Verification {
  readonly verificationId: VerificationId;
  readonly codeHash: Buffer;
  readonly sealedIdentifier: Buffer;
  readonly expiresAt: Instant;
  readonly wrongTries: number;
  readonly spent?: { readonly deviceKeyHash: Buffer; readonly proposed: Principal; readonly repeatableUntil: Instant };
}

export interface SpendDecision {
  readonly outcome: SpendOutcome;
  /** The row as it is from now on; absent when nothing changed. */
  readonly next?: Verification;
}

const hashOfCode = (secret: Buffer, verificationId: VerificationId, code: string): Buffer =>
  keyedHash(secret, 'verification-code', verificationId, code);

const hashOfDeviceKey = (secret: Buffer, verificationId: VerificationId, deviceKey: string): Buffer =>
  keyedHash(secret, 'verification-device-key', verificationId, deviceKey);

export function openedVerification(
  secret: Buffer,
  verificationId: VerificationId,
  identifier: Identifier,
  code: string,
  expiresAt: Instant,
): Verification {
  return {
    verificationId,
    codeHash: hashOfCode(secret, verificationId, code),
    sealedIdentifier: sealIdentifier(secret, verificationId, identifier),
    expiresAt,
    wrongTries: 0,
  };
}

/** Afterwards the row decides nothing any more. */
export const verificationEndsAt = ({ expiresAt, spent }: Verification): Instant =>
  spent ? latest(expiresAt, spent.repeatableUntil) : expiresAt;

export function spend(secret: Buffer, kept: Verification | undefined, request: SpendRequest): SpendDecision {
  if (!kept || kept.wrongTries >= limits.codeTriesMax) return { outcome: { outcome: 'gone' } };
  const deviceKeyHash = hashOfDeviceKey(secret, kept.verificationId, request.deviceKey);
  const { spent } = kept;
  if (spent && !(request.at < spent.repeatableUntil && sameBytes(spent.deviceKeyHash, deviceKeyHash))) {
    return { outcome: { outcome: 'gone' } };
  }
  if (!spent && request.at >= kept.expiresAt) return { outcome: { outcome: 'gone' } };

  if (!sameBytes(kept.codeHash, hashOfCode(secret, kept.verificationId, request.code))) {
    const wrongTries = kept.wrongTries + 1;
    const outcome: SpendOutcome = spent ? { outcome: 'gone' } : { outcome: 'wrong', triesLeft: limits.codeTriesMax - wrongTries };
    return { outcome, next: { ...kept, wrongTries } };
  }

  const identifier = openIdentifier(secret, kept.verificationId, kept.sealedIdentifier);
  if (spent) return { outcome: { outcome: 'spent', identifier, proposed: spent.proposed } };
  const { accountId, deviceId } = request.proposed;
  const proposed: Principal = { accountId, deviceId };
  const repeatableUntil = later(request.at, limits.codeOutcomeLifeMs);
  return {
    outcome: { outcome: 'spent', identifier, proposed },
    next: { ...kept, spent: { deviceKeyHash, proposed, repeatableUntil } },
  };
}
