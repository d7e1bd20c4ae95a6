/**
 * A number or an address at rest while its code is on the way: sealed under a key of that one verification.
 * The bytes of one verification open in no other.
 */
import { createSecretKey, type KeyObject } from 'node:crypto';
import type { Identifier } from '../../application/ports/directory.js';
import type { VerificationId } from '../../domain/kernel/ids.js';
import { keyedHash } from './keyed-hash.js';
import { unwrapBytes, wrapBytes } from './wrapped-bytes.js';

const PURPOSE = 'verification-identifier';

const keyOf = (secret: Buffer, verificationId: VerificationId): KeyObject =>
  createSecretKey(keyedHash(secret, PURPOSE, verificationId));

export function sealIdentifier(secret: Buffer, verificationId: VerificationId, { kind, value }: Identifier): Buffer {
  return wrapBytes(keyOf(secret, verificationId), PURPOSE, Buffer.from(JSON.stringify({ kind, value })));
}

/** Throws when the bytes were altered. */
export function openIdentifier(secret: Buffer, verificationId: VerificationId, sealed: Buffer): Identifier {
  return JSON.parse(unwrapBytes(keyOf(secret, verificationId), PURPOSE, sealed).toString('utf8')) as Identifier;
}
