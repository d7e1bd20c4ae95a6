/**
 * HMAC-SHA-256 for one purpose over parts that cannot run into each other.
 * Two purposes never give the same hash, so that one secret serves a whole adapter; comparing takes constant time.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';

export const SECRET_BYTES = 32;

/** A secret of another length is a defect of the composition. */
export function checkedSecret(secret: Buffer): Buffer {
  if (secret.length !== SECRET_BYTES) throw new Error(`A secret has ${SECRET_BYTES} bytes; this one has ${secret.length}.`);
  return secret;
}

export function keyedHash(secret: Buffer, purpose: string, ...parts: readonly (string | Buffer)[]): Buffer {
  const hmac = createHmac('sha256', secret);
  for (const part of [purpose, ...parts]) {
    const bytes = typeof part === 'string' ? Buffer.from(part, 'utf8') : part;
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    hmac.update(length).update(bytes);
  }
  return hmac.digest();
}

export const sameBytes = (one: Buffer, other: Buffer): boolean => one.length === other.length && timingSafeEqual(one, other);
