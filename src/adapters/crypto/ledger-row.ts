/**
 * One key of the idempotency ledger at rest, and the rules of reserving it, for every adapter alike. An answer is sealed
 * under a key that is derived from the client's own: whoever has the store and the server's secret cannot open it.
 */
import { createSecretKey, type KeyObject } from 'node:crypto';
import type { KeptAnswer, KeyedRequest, Reserved } from '../../application/ports/idempotency-ledger.js';
import { type Instant, later } from '../../domain/kernel/instant.js';
import { limits } from '../../domain/kernel/limits.js';
import { keyedHash, sameBytes } from './keyed-hash.js';
import { unwrapBytes, wrapBytes } from './wrapped-bytes.js';

const SEALED = 'idempotency-answer';

export interface LedgerRow {
  readonly keyHash: Buffer;
  readonly requestHash: Buffer;
  readonly attempt: string;
  readonly leaseEndsAt: Instant;
  readonly endsAt: Instant;
  readonly answer: Buffer | null;
}

export const hashOfKey = (secret: Buffer, { scope, operation, key }: KeyedRequest): Buffer =>
  keyedHash(secret, 'idempotency-key', scope, operation, key);

/** With the key in it, equal requests under different keys do not look equal. */
const hashOfRequest = (secret: Buffer, { scope, operation, key, content }: KeyedRequest): Buffer =>
  keyedHash(secret, 'idempotency-request', scope, operation, key, content);

const sealingKey = (secret: Buffer, { scope, operation, key }: KeyedRequest): KeyObject =>
  createSecretKey(keyedHash(secret, SEALED, scope, operation, key));

interface Asked {
  readonly request: KeyedRequest;
  readonly at: Instant;
  readonly lifeMs: number;
  /** Of the attempt that begins if the key is free. */
  readonly attempt: string;
}

/** `next` is absent when nothing changes. */
export function reserve(
  secret: Buffer,
  kept: LedgerRow | undefined,
  { request, at, lifeMs, attempt }: Asked,
): { readonly reserved: Reserved; readonly next?: LedgerRow } {
  const requestHash = hashOfRequest(secret, request);
  const living = kept !== undefined && kept.endsAt > at ? kept : undefined;
  if (living !== undefined && !sameBytes(living.requestHash, requestHash)) return { reserved: { outcome: 'reused' } };
  if (living?.answer) {
    const plain = unwrapBytes(sealingKey(secret, request), SEALED, living.answer).toString('utf8');
    return { reserved: { outcome: 'answered', answer: JSON.parse(plain) as KeptAnswer } };
  }
  if (living !== undefined && living.leaseEndsAt > at) return { reserved: { outcome: 'in-progress' } };
  const next: LedgerRow = {
    ...{ keyHash: hashOfKey(secret, request), requestHash, attempt },
    leaseEndsAt: later(at, Math.min(limits.idempotencyLeaseMs, lifeMs)),
    ...{ endsAt: later(at, lifeMs), answer: null },
  };
  return { reserved: { outcome: 'reserved', attempt }, next };
}

/** Whether the key is still this attempt's, and has no answer yet. */
export const isHeldBy = (kept: LedgerRow | undefined, attempt: string): kept is LedgerRow =>
  kept !== undefined && kept.attempt === attempt && kept.answer === null;

export const sealedAnswer = (secret: Buffer, request: KeyedRequest, answer: KeptAnswer): Buffer =>
  wrapBytes(sealingKey(secret, request), SEALED, Buffer.from(JSON.stringify(answer)));
