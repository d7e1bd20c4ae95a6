/**
 * One subject's random keys and everything that derives from them: names, locators, sealing keys, codes.
 * What is derived here is stored all over the system: a change of any label breaks every name and seal there is.
 */
import { createHash, createHmac, createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import type { NamingPurpose, Scope } from '../../application/ports/subject-keys.js';
import type { ConversationId } from '../../domain/kernel/ids.js';
import { derivedKey, joined, KEY_BYTES } from './wrapped-bytes.js';

/** In the order in which they are stored. */
const RING_KEYS = ['naming', 'profile', 'author', 'media', 'push'] as const;
const RING_VERSION = 1;
const RING_BYTES = 1 + RING_KEYS.length * KEY_BYTES;
export const LOCATOR_BYTES = 16;

export type Ring = Readonly<Record<'naming' | Scope, KeyObject>>;

/** The stored form of a new ring. Whoever has wrapped it overwrites it. */
export function randomRing(): Buffer {
  const bytes = randomBytes(RING_BYTES);
  bytes[0] = RING_VERSION;
  return bytes;
}

export function readRing(bytes: Uint8Array): Ring {
  if (bytes.length !== RING_BYTES || bytes[0] !== RING_VERSION) throw new Error('A key ring is of no known form.');
  const keyAt = (index: number) => createSecretKey(bytes.subarray(1 + index * KEY_BYTES, 1 + (index + 1) * KEY_BYTES));
  return { naming: keyAt(0), profile: keyAt(1), author: keyAt(2), media: keyAt(3), push: keyAt(4) };
}

/** HMAC of purpose and context. Names are shaped as UUIDs of version 8, the version for forms of one's own. */
export function nameIn(ring: Ring, purpose: NamingPurpose, context: string): string {
  return shapedAsUuid(
    createHmac('sha256', ring.naming)
      .update(joined('name', purpose, context))
      .digest(),
  );
}

/** One name for several names, whatever their order. */
export function pairName(names: readonly string[]): ConversationId {
  const digest = createHash('sha256')
    .update(joined('pair', ...names.toSorted()))
    .digest();
  return shapedAsUuid(digest) as ConversationId;
}

/** Names the key of one scope and context to those who do not hold it; in hex. */
export function locatorIn(ring: Ring, scope: Scope, context: string): string {
  return createHmac('sha256', ring.naming)
    .update(joined('locator', scope, context))
    .digest()
    .toString('hex', 0, LOCATOR_BYTES);
}

export const sealingKeyIn = (ring: Ring, scope: Scope, context: string): KeyObject =>
  derivedKey(ring[scope], joined('seal', context));

export const macKeyIn = (ring: Ring, context: string): KeyObject => derivedKey(ring.author, joined('mac', context));

function shapedAsUuid(digest: Buffer): string {
  digest[6] = (digest[6]! & 0x0f) | 0x80;
  digest[8] = (digest[8]! & 0x3f) | 0x80;
  return uuidText(digest.toString('hex', 0, 16));
}

export const uuidText = (hex: string): string =>
  `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
