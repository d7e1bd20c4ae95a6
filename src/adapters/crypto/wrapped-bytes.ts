/**
 * Key material at rest: AES-256-GCM under a wrapping key, bound to what the key is for.
 * Layout: version, nonce, data, tag. The version and the binding are associated data.
 */
import { createCipheriv, createDecipheriv, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';
import { NONCE_BYTES, writeNonce } from './nonces.js';

const CIPHER = 'aes-256-gcm';
const VERSION = 1;
const TAG_BYTES = 16;
const HEAD_BYTES = 1 + NONCE_BYTES;
export const KEY_BYTES = 32;

/** Parts must not hold a zero byte: it keeps them from running into each other. */
export const joined = (...parts: readonly (string | number)[]): string => parts.join('\0');

export function derivedKey(secret: KeyObject, info: string): KeyObject {
  return createSecretKey(Buffer.from(hkdfSync('sha256', secret, '', info, KEY_BYTES)));
}

export function wrapBytes(key: KeyObject, binding: string, plain: Uint8Array): Buffer {
  const head = Buffer.allocUnsafe(HEAD_BYTES);
  head[0] = VERSION;
  writeNonce(head, 1);
  const cipher = createCipheriv(CIPHER, key, head.subarray(1), { authTagLength: TAG_BYTES });
  cipher.setAAD(Buffer.from(joined(VERSION, binding)));
  return Buffer.concat([head, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

/** Throws when the bytes were altered, or belong to another key or binding. */
export function unwrapBytes(key: KeyObject, binding: string, wrapped: Uint8Array): Buffer {
  const bytes = Buffer.from(wrapped.buffer, wrapped.byteOffset, wrapped.byteLength);
  if (bytes.length < HEAD_BYTES + TAG_BYTES || bytes[0] !== VERSION) throw new Error('Wrapped key material is of no known form.');
  const decipher = createDecipheriv(CIPHER, key, bytes.subarray(1, HEAD_BYTES), { authTagLength: TAG_BYTES });
  decipher.setAAD(Buffer.from(joined(VERSION, binding)));
  decipher.setAuthTag(bytes.subarray(bytes.length - TAG_BYTES));
  const plain = decipher.update(bytes.subarray(HEAD_BYTES, bytes.length - TAG_BYTES));
  decipher.final();
  return plain;
}
