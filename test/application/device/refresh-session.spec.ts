/**
 * Goal: a session is prolonged by the device that holds the key, and by nobody who has only copied its token; a refusal
 * does not say why, and touches nothing.
 */
import { beforeEach, describe, expect, it } from '@jest/globals';
import { refreshMessage } from '../../../src/application/device/refresh-session.js';
import type { DeviceId } from '../../../src/domain/kernel/ids.js';
import { later } from '../../../src/domain/kernel/instant.js';
import { limits } from '../../../src/domain/kernel/limits.js';
import { ApplicationUnderTest, deviceKeys, granted, type Person, type Process } from '../../support/application-under-test.js';

const MINUTE_MS = 60_000;
const REFUSED = { ok: false, rejection: { type: 'RefreshRefused' } };

let core: ApplicationUnderTest;
let process: Process;
let ada: Person;

beforeEach(async () => {
  core = await ApplicationUnderTest.open();
  process = core.process();
  ada = await core.signIn(process);
});

interface Attempt {
  readonly token?: string;
  readonly deviceId?: DeviceId;
  readonly skewMs?: number;
  readonly sign?: (message: string) => string;
}

function refresh({ token = ada.refreshToken, deviceId = ada.deviceId, skewMs = 0, sign = ada.sign }: Attempt = {}) {
  const signedAt = later(core.clock.now(), skewMs);
  const signature = sign(refreshMessage(token, deviceId, signedAt));
  return process.refreshSession({ deviceId, refreshToken: token, signedAt, signature }, core.anyone());
}

describe('refreshing a session', () => {
  it('replaces the token, and writes no event', async () => {
    const before = await core.stored();
    const refreshed = granted(await refresh());
    expect(refreshed).toEqual({ accountId: ada.accountId, deviceId: ada.deviceId, refreshToken: expect.any(String) });
    expect(refreshed.refreshToken).not.toBe(ada.refreshToken);
    granted(await refresh({ token: refreshed.refreshToken }));
    expect(await core.stored()).toEqual(before);
  });

  it('gives the same successor to the device whose answer was lost', async () => {
    const first = granted(await refresh());
    core.clock.advance(limits.refreshRepeatMs - 1);
    expect(granted(await refresh()).refreshToken).toBe(first.refreshToken);
  });

  it('with a token that was replaced ends the family', async () => {
    const { refreshToken } = granted(await refresh());
    core.clock.advance(limits.refreshRepeatMs);
    expect(await refresh()).toEqual(REFUSED);
    expect(await refresh({ token: refreshToken })).toEqual(REFUSED);
    expect(await core.ports.credentials.isLive(ada.deviceId, core.clock.now())).toBe(false);
  });

  it('allows a clock that is five minutes off, and not more', async () => {
    let token = ada.refreshToken;
    for (const skewMs of [-5 * MINUTE_MS, 5 * MINUTE_MS]) token = granted(await refresh({ token, skewMs })).refreshToken;
    for (const skewMs of [-5 * MINUTE_MS - 1, 5 * MINUTE_MS + 1, Number.NaN]) {
      expect(await refresh({ token, skewMs })).toEqual(REFUSED);
    }
    granted(await refresh({ token }));
  });

  it('is refused to whoever has copied the token, and does not end the family for its owner', async () => {
    const thief = deviceKeys();
    const old = granted(await refresh());
    core.clock.advance(limits.refreshRepeatMs);
    for (const token of [ada.refreshToken, old.refreshToken]) {
      for (const sign of [thief.sign, () => '', () => 'A'.repeat(86)]) expect(await refresh({ token, sign })).toEqual(REFUSED);
    }
    granted(await refresh({ token: old.refreshToken }));
  });

  it('signs for one token, one device and one moment', async () => {
    const other = await core.signIn(process, { identifier: ada.identifier });
    const signedAt = core.clock.now();
    const asked = { deviceId: ada.deviceId, refreshToken: ada.refreshToken, signedAt };
    const over = (token: string, deviceId: DeviceId, at = signedAt) => ada.sign(refreshMessage(token, deviceId, at));
    const wrong = [
      over(other.refreshToken, ada.deviceId),
      over(ada.refreshToken, other.deviceId),
      over(ada.refreshToken, ada.deviceId, later(signedAt, 1)),
    ];
    for (const signature of wrong) {
      expect(await process.refreshSession({ ...asked, signature }, core.anyone())).toEqual(REFUSED);
    }
    granted(await process.refreshSession({ ...asked, signature: over(ada.refreshToken, ada.deviceId) }, core.anyone()));
  });

  it('with the token of another device is refused, and leaves both families alone', async () => {
    const other = await core.signIn(process, { identifier: ada.identifier });
    expect(await refresh({ token: other.refreshToken })).toEqual(REFUSED);
    granted(await refresh());
    granted(await refresh({ token: other.refreshToken, deviceId: other.deviceId, sign: other.sign }));
  });

  it('is refused to a device that is unknown', async () => {
    expect(await refresh({ deviceId: core.ids.uuid() as DeviceId })).toEqual(REFUSED);
  });

  it('is refused to a device that is revoked, even while its family lives', async () => {
    granted(await process.revokeDevice({ deviceId: ada.deviceId }, ada.context));
    const token = await core.ports.credentials.issueRefresh(ada, core.clock.now());
    expect(await refresh({ token })).toEqual(REFUSED);
  });

  it('is refused to a revoked device however much stands in its stream before', async () => {
    for (let index = 0; index < 205; index += 1) {
      granted(
        await core.whileTimePasses(process.renameDevice({ deviceId: ada.deviceId, name: `Tablet ${index}` }, ada.context), 10),
      );
    }
    granted(await refresh());
    granted(await core.whileTimePasses(process.revokeDevice({ deviceId: ada.deviceId }, ada.context), 10));
    const token = await core.ports.credentials.issueRefresh(ada, core.clock.now());
    expect(await refresh({ token })).toEqual(REFUSED);
  });

  it('is refused to whoever is erased', async () => {
    await core.ports.keys.destroy(ada.accountId);
    expect(await refresh()).toEqual(REFUSED);
  });
});
