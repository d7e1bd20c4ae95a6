/**
 * The rules of a refresh family: tokens are computed, never stored, and one generation alone is the living leaf.
 * Showing a token that was replaced ends the family, save for the repeat of a rotation whose answer was lost.
 * The row that a rule gives back must be durable before its outcome is told.
 */
import type { Principal, RotateOutcome } from '../../application/ports/credentials.js';
import type { AccountId, DeviceId } from '../../domain/kernel/ids.js';
import { type Instant, later } from '../../domain/kernel/instant.js';
import { limits } from '../../domain/kernel/limits.js';
import { keyedHash, sameBytes } from './keyed-hash.js';

/** A device has at most one family. */
export interface RefreshFamily {
  readonly familyId: Buffer;
  readonly accountId: AccountId;
  readonly deviceId: DeviceId;
  readonly generation: number;
  readonly rotatedAt: Instant;
  readonly expiresAt: Instant;
  readonly ended: boolean;
}

export interface RotateDecision {
  readonly outcome: RotateOutcome;
  /** The row as it is from now on; absent when nothing changed. */
  readonly next?: RefreshFamily;
}

const PREFIX = 'sr1.';
const FAMILY_BYTES = 16;
const GENERATION_BYTES = 4;
const BODY_BYTES = FAMILY_BYTES + GENERATION_BYTES;
const LIFE_MS = limits.refreshTokenLifeDays * 24 * 60 * 60 * 1_000;

export function startedFamily(familyUuid: string, principal: Principal, at: Instant): RefreshFamily {
  return {
    familyId: Buffer.from(familyUuid.replaceAll('-', ''), 'hex'),
    accountId: principal.accountId,
    deviceId: principal.deviceId,
    generation: 0,
    rotatedAt: at,
    expiresAt: later(at, LIFE_MS),
    ended: false,
  };
}

export function refreshTokenOf(secret: Buffer, family: Pick<RefreshFamily, 'familyId' | 'generation'>): string {
  const body = Buffer.alloc(BODY_BYTES);
  family.familyId.copy(body);
  body.writeUInt32BE(family.generation, FAMILY_BYTES);
  return PREFIX + Buffer.concat([body, keyedHash(secret, 'refresh-token', body)]).toString('base64url');
}

/** Only the one spelling that was handed out is a token. */
function readRefreshToken(secret: Buffer, token: string): Pick<RefreshFamily, 'familyId' | 'generation'> | undefined {
  if (!token.startsWith(PREFIX)) return undefined;
  const body = Buffer.from(token.slice(PREFIX.length), 'base64url').subarray(0, BODY_BYTES);
  if (body.length !== BODY_BYTES) return undefined;
  const shown = { familyId: body.subarray(0, FAMILY_BYTES), generation: body.readUInt32BE(FAMILY_BYTES) };
  return sameBytes(Buffer.from(token), Buffer.from(refreshTokenOf(secret, shown))) ? shown : undefined;
}

export const familyIsLive = (family: RefreshFamily | undefined, at: Instant): boolean =>
  family !== undefined && !family.ended && at < family.expiresAt;

/** `kept` is the family of the device that shows the token. */
export function rotate(secret: Buffer, kept: RefreshFamily | undefined, token: string, at: Instant): RotateDecision {
  const shown = readRefreshToken(secret, token);
  if (!shown || !kept || !sameBytes(shown.familyId, kept.familyId) || at >= kept.expiresAt) {
    return { outcome: { outcome: 'unknown' } };
  }
  if (shown.generation > kept.generation) return { outcome: { outcome: 'unknown' } };
  if (shown.generation === kept.generation) {
    if (kept.ended) return { outcome: { outcome: 'unknown' } };
    const next = { ...kept, generation: kept.generation + 1, rotatedAt: at, expiresAt: later(at, LIFE_MS) };
    return { outcome: { outcome: 'rotated', refreshToken: refreshTokenOf(secret, next) }, next };
  }
  const isRepeat = shown.generation === kept.generation - 1 && at < later(kept.rotatedAt, limits.refreshRepeatMs);
  if (isRepeat && !kept.ended) return { outcome: { outcome: 'rotated', refreshToken: refreshTokenOf(secret, kept) } };
  return { outcome: { outcome: 'reused' }, ...(!kept.ended && { next: { ...kept, ended: true } }) };
}
