/**
 * Access tokens: signed for 15 minutes, checked against the device's living family, so that a revoked device is out
 * within seconds. One algorithm, one key, one type, one audience; everything else is refused (ADR 0018).
 */
import { createSecretKey } from 'node:crypto';
import { errors, jwtVerify, SignJWT } from 'jose';
import type { Clock } from '../../application/ports/clock.js';
import type { Credentials, Principal } from '../../application/ports/credentials.js';
import type { AccountId, DeviceId } from '../../domain/kernel/ids.js';
import { isUuid } from '../../domain/kernel/ids.js';
import type { Instant } from '../../domain/kernel/instant.js';
import { instant, later } from '../../domain/kernel/instant.js';
import { limits } from '../../domain/kernel/limits.js';

const ALGORITHM = 'HS256';
const HMAC = { name: 'HMAC', hash: 'SHA-256' };
const TYPE = 'at+jwt';
const ISSUER = 'sottovoce';
const AUDIENCE = 'sottovoce-v1';
const LIVENESS_AGE_MS_MAX = 5_000;
const DEVICES_REMEMBERED_MAX = 50_000;

export interface AccessToken {
  readonly accessToken: string;
  readonly accessTokenExpiresAt: Instant;
}

export interface Session extends Principal {
  readonly expiresAt: Instant;
}

export class AccessTokens {
  private readonly seenAliveAtMs = new Map<DeviceId, number>();

  /** Given as bytes, it would be imported anew for each token. */
  private readonly key;

  constructor(
    secret: Uint8Array,
    private readonly deps: { readonly clock: Clock; readonly credentials: Pick<Credentials, 'isLive'> },
  ) {
    this.key = createSecretKey(secret).toCryptoKey(HMAC, false, ['sign', 'verify']);
  }

  async issue({ accountId, deviceId }: Principal): Promise<AccessToken> {
    const nowAt = this.deps.clock.now();
    // Token times are whole seconds; a token never outlives what is promised.
    const expiresAt = instant(Math.floor(later(nowAt, limits.accessTokenLifeMs) / 1_000) * 1_000);
    const accessToken = await new SignJWT({ device: deviceId })
      .setProtectedHeader({ alg: ALGORITHM, typ: TYPE })
      .setSubject(accountId)
      .setIssuer(ISSUER)
      .setAudience(AUDIENCE)
      .setIssuedAt(Math.floor(nowAt / 1_000))
      .setExpirationTime(expiresAt / 1_000)
      .sign(this.key);
    return { accessToken, accessTokenExpiresAt: expiresAt };
  }

  async verify(token: string): Promise<Session | undefined> {
    const session = await this.read(token);
    return session !== undefined && (await this.isAlive(session.deviceId)) ? session : undefined;
  }

  private async read(token: string): Promise<Session | undefined> {
    const options = { algorithms: [ALGORITHM], typ: TYPE, issuer: ISSUER, audience: AUDIENCE, clockTolerance: 0 };
    try {
      const { payload } = await jwtVerify(token, this.key, { ...options, currentDate: new Date(this.deps.clock.now()) });
      const { sub, device, exp } = payload;
      if (typeof sub !== 'string' || typeof device !== 'string' || exp === undefined) return undefined;
      if (!isUuid(sub) || !isUuid(device)) return undefined;
      return { accountId: sub as AccountId, deviceId: device as DeviceId, expiresAt: instant(exp * 1_000) };
    } catch (error) {
      if (error instanceof errors.JOSEError) return undefined;
      throw error;
    }
  }

  /** The answer may be five seconds old, so that a busy device does not ask the store for each request. */
  private async isAlive(deviceId: DeviceId): Promise<boolean> {
    const nowMs = this.deps.clock.monotonicMs();
    const seenMs = this.seenAliveAtMs.get(deviceId);
    if (seenMs !== undefined && nowMs - seenMs < LIVENESS_AGE_MS_MAX) return true;
    this.seenAliveAtMs.delete(deviceId);
    if (!(await this.deps.credentials.isLive(deviceId, this.deps.clock.now()))) return false;
    if (this.seenAliveAtMs.size >= DEVICES_REMEMBERED_MAX) this.seenAliveAtMs.clear();
    this.seenAliveAtMs.set(deviceId, nowMs);
    return true;
  }
}
