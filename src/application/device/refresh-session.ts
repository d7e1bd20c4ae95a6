import { device } from '../../domain/device/device.js';
import type { Result } from '../../domain/kernel/decider.js';
import { ok, rejected } from '../../domain/kernel/decider.js';
import type { DeviceId } from '../../domain/kernel/ids.js';
import type { Instant } from '../../domain/kernel/instant.js';
import { isErased, isSealed } from '../../domain/kernel/personal.js';
import { aggregates } from '../aggregates.js';
import { loadStream } from '../load-stream.js';
import type { Principal } from '../ports/credentials.js';
import type { Context, Deps, UseCase } from '../use-case.js';

/** How far a device's clock may be off when it signs. */
const SIGNED_AT_SKEW_MS_MAX = 5 * 60_000;

export interface RefreshSession {
  readonly deviceId: DeviceId;
  readonly refreshToken: string;
  readonly signedAt: Instant;
  /** Over `refreshMessage`, by the device's key. */
  readonly signature: string;
}

export interface Refreshed extends Principal {
  readonly refreshToken: string;
}

/** Not to be told apart: a wrong token, a wrong signature, a device that is revoked or unknown, a family that has ended. */
export type RefreshRejection = { readonly type: 'RefreshRefused' };

/** What a device signs, `signedAt` in milliseconds since 1970. */
export const refreshMessage = (refreshToken: string, deviceId: DeviceId, signedAt: Instant): string =>
  `sottovoce-refresh-v1\n${deviceId}\n${signedAt}\n${refreshToken}`;

type RefreshDeps = Pick<Deps, 'eventStore' | 'codec' | 'keys' | 'keyProofs' | 'credentials' | 'clock'>;

/** The signature is checked before the token is touched: who has copied a token cannot end the family with it. */
export function refreshSession(deps: RefreshDeps): UseCase<RefreshSession, Refreshed, RefreshRejection, Context> {
  return async (input): Promise<Result<Refreshed, RefreshRejection>> => {
    const { deviceId, refreshToken, signedAt, signature } = input;
    const refused = rejected({ type: 'RefreshRefused' } as const);
    const at = deps.clock.now();
    // The other way round, a moment that is no number would pass.
    if (!(Math.abs(at - signedAt) <= SIGNED_AT_SKEW_MS_MAX)) return refused;
    const linked = await linkedDevice(deps, deviceId);
    if (linked === undefined) return refused;
    if (!deps.keyProofs.verify(linked.key, refreshMessage(refreshToken, deviceId, signedAt), signature)) return refused;
    const rotated = await deps.credentials.rotateRefresh(refreshToken, deviceId, at);
    if (rotated.outcome !== 'rotated') return refused;
    return ok({ accountId: linked.accountId, deviceId, refreshToken: rotated.refreshToken });
  };
}

/** Folded to the stream's head: a device may have been renamed any number of times before it was revoked. */
async function linkedDevice(deps: RefreshDeps, deviceId: DeviceId) {
  const stream = aggregates.device.stream(deviceId);
  const loaded = await loadStream(deps, device, stream, { state: device.initial, revision: -1 });
  if (loaded === 'removed' || loaded.state.status !== 'linked') return undefined;
  const slice = await deps.eventStore.readStream(stream, 0, 1);
  const [stored] = slice.status === 'found' ? slice.events : [];
  const first = stored && deps.codec.decode(stored);
  if (first?.type !== 'DeviceLinked') return undefined;
  const { publicKey, keyAlgorithm, accountId } = first.data;
  if (!isSealed(publicKey)) return undefined;
  const [opened] = await deps.keys.open([publicKey]);
  if (opened === undefined || isErased(opened)) return undefined;
  return { accountId, key: { algorithm: keyAlgorithm, publicKey: opened.value as string } };
}
