/**
 * How a device becomes somebody's, and stays so: a one-time code, then refresh tokens that the device's key signs for.
 * A successor is on disk before it is used, so that a crash in between costs at most a repeated refresh.
 */
import { refreshMessage } from '../../application/device/refresh-session.js';
import type { Clock } from '../../application/ports/clock.js';
import type { DeviceId } from '../../domain/kernel/ids.js';
import { instant } from '../../domain/kernel/instant.js';
import { DevicePrivateKey } from './device-key.js';
import { type DeviceState, newState, type StateStore } from './device-state.js';
import type { RestDoor, Tokens } from './rest-door.js';
import { codeOf } from './wire.js';

export interface Identifier {
  readonly kind: 'phone' | 'email';
  readonly value: string;
}

/** A phone number as people write it, or an e-mail address; `undefined` for what is neither. */
export function identifierOf(text: string): Identifier | undefined {
  const digits = text.replace(/[\s().-]/g, '');
  if (/^\+[1-9]\d{6,14}$/.test(digits)) return { kind: 'phone', value: digits };
  const address = text.trim().toLowerCase();
  return /^[^\s@]+@[^\s@]+$/.test(address) && address.length <= 254 ? { kind: 'email', value: address } : undefined;
}

export interface Verification {
  readonly verificationId: string;
  readonly codeDigits?: number;
  /** How many wrong codes have been tried in this sign-in. */
  readonly wrongTries: number;
}

interface TokensAnswer {
  readonly accountId: string;
  readonly deviceId: string;
  readonly accessToken: string;
  readonly accessTokenExpiresAt: string;
  readonly refreshToken: string;
}

export interface SignIn {
  readonly rest: RestDoor;
  readonly store: StateStore;
  readonly identifier: Identifier;
  readonly deviceName: string;
  readonly key?: DevicePrivateKey;
  /** Where the code comes from; `undefined` gives up. */
  readonly codeFor: (verification: Verification) => Promise<string | undefined>;
}

/** Signs in with a code, even where the device was signed in before. */
export async function signIn({ rest, store, identifier, deviceName, codeFor, key }: SignIn): Promise<DeviceState> {
  const device = key ?? DevicePrivateKey.generate();
  const started = await rest.post<{ verificationId: string; codeDigits?: number }>('/v1/verifications', identifier);
  for (let wrongTries = 0; ; wrongTries += 1) {
    const code = await codeFor({ ...started, wrongTries });
    if (code === undefined) throw new Error('There is no code, so nobody is signed in.');
    const body = { code: code.trim(), device: { publicKey: device.publicKey, name: deviceName } };
    try {
      const answer = await rest.post<TokensAnswer>(`/v1/verifications/${started.verificationId}/complete`, body);
      const state = newState(rest.serverUrl, device.toText());
      keep(state, answer);
      await store.save(state);
      return state;
    } catch (error) {
      if (codeOf(error) !== 'code-wrong') throw error;
    }
  }
}

function keep(state: DeviceState, { accountId, deviceId, accessToken, accessTokenExpiresAt, refreshToken }: TokensAnswer): void {
  Object.assign(state, { accountId, deviceId, accessToken, accessTokenExpiresAt, refreshToken });
}

/** A token that ends sooner than this is renewed before it is used. */
const RENEW_BEFORE_MS = 30_000;

export class DeviceTokens implements Tokens {
  private renewing: Promise<string> | undefined;

  constructor(
    private readonly state: DeviceState,
    private readonly deps: { readonly rest: RestDoor; readonly store: StateStore; readonly clock: Clock },
  ) {}

  accessToken(): Promise<string> {
    const { accessToken, accessTokenExpiresAt } = this.state;
    const leftMs = Date.parse(accessTokenExpiresAt ?? '') - this.deps.clock.now();
    return accessToken !== undefined && leftMs > RENEW_BEFORE_MS ? Promise.resolve(accessToken) : this.renew(accessToken);
  }

  /** Many who ask at once get one refresh. Whoever holds an older token than the newest gets the newest. */
  renew(refused: string | undefined): Promise<string> {
    const { accessToken } = this.state;
    if (this.renewing === undefined && accessToken !== undefined && accessToken !== refused) return Promise.resolve(accessToken);
    this.renewing ??= this.refresh().finally(() => {
      this.renewing = undefined;
    });
    return this.renewing;
  }

  private async refresh(): Promise<string> {
    const { rest, store, clock } = this.deps;
    const { deviceId = '', refreshToken = '', privateKey } = this.state;
    const signedAt = clock.now();
    const message = refreshMessage(refreshToken, deviceId as DeviceId, instant(signedAt));
    const signature = DevicePrivateKey.fromText(privateKey).sign(message);
    const body = { deviceId, refreshToken, signedAt: new Date(signedAt).toISOString(), signature };
    const answer = await rest.post<TokensAnswer>('/v1/tokens', body);
    keep(this.state, { ...answer, deviceId, accountId: this.state.accountId ?? answer.accountId });
    await store.save(this.state);
    return answer.accessToken;
  }
}
