/** Goal: a code goes out, within limits, and the answer does not tell who has an account. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Identifier } from '../../../src/application/ports/directory.js';
import { Unavailable } from '../../../src/application/ports/failures.js';
import { limits } from '../../../src/domain/kernel/limits.js';
import { ApplicationUnderTest, granted, type Process, settings } from '../../support/application-under-test.js';

const HOUR_MS = 60 * 60 * 1_000;
const phone = (number: number): Identifier => ({ kind: 'phone', value: `+1555${String(number).padStart(7, '0')}` });

let core: ApplicationUnderTest;
let process: Process;

beforeEach(async () => {
  core = await ApplicationUnderTest.open();
  process = core.process();
});

const start = (identifier: Identifier, address?: string) => process.startVerification({ identifier }, core.anyone(address));

describe('starting to sign in', () => {
  it('sends a code of six digits that lives ten minutes', async () => {
    const { verificationId, expiresAt } = granted(await start(phone(9_000_001)));
    expect(expiresAt - core.clock.now()).toBe(limits.codeLifeMs);
    expect(core.codes.sent).toEqual([
      { verificationId, identifier: phone(9_000_001), code: expect.stringMatching(/^\d{6}$/), expiresAt },
    ]);
    expect(await core.stored()).toEqual([]);
  });

  it('answers the same for whoever has an account and whoever has none', async () => {
    const { identifier } = await core.signIn(process);
    const known = granted(await start(identifier));
    const unknown = granted(await start(phone(9_000_001)));
    expect(Object.keys(known)).toEqual(Object.keys(unknown));
    expect(known.expiresAt).toBe(unknown.expiresAt);
    expect(core.codes.sent.slice(-2).map(({ code }) => code.length)).toEqual([6, 6]);
  });

  it('says when a target cannot be reached', async () => {
    const refused = await start({ kind: 'email', value: 'nobody@example.invalid' });
    expect(refused).toEqual({ ok: false, rejection: { type: 'TargetUndeliverable' } });
  });

  it('is limited by target, whatever the address', async () => {
    for (let index = 0; index < settings.signInsPerTargetHourMax; index += 1) {
      granted(await start(phone(9_000_001), `192.0.2.${index}`));
    }
    core.clock.advance(60_000);
    const refused = await start(phone(9_000_001), '192.0.2.200');
    expect(refused).toEqual({
      ok: false,
      rejection: { type: 'TooMany', limit: 'sign-in-target', retryAfterMs: HOUR_MS - 60_000 },
    });
    granted(await start({ kind: 'email', value: phone(9_000_001).value }, '192.0.2.201'));
    core.clock.advance(HOUR_MS - 60_000);
    granted(await start(phone(9_000_001), '192.0.2.200'));
    expect(core.codes.sent).toHaveLength(settings.signInsPerTargetHourMax + 2);
  });

  it('is limited by address, whatever the target, and an unknown address is one address', async () => {
    for (const address of ['192.0.2.1', undefined]) {
      for (let index = 0; index < settings.signInsPerAddressHourMax; index += 1) {
        const context = { ...core.anyone(), ...(address === undefined ? {} : { address }) };
        if (address === undefined) delete (context as { address?: string }).address;
        granted(await process.startVerification({ identifier: phone((address ? 1_000 : 2_000) + index) }, context));
      }
      const { address: _, ...unknown } = core.anyone();
      const context = address === undefined ? unknown : { ...unknown, address };
      const refused = await process.startVerification({ identifier: phone(9_000_001) }, context);
      expect(refused).toMatchObject({ ok: false, rejection: { type: 'TooMany', limit: 'sign-in-address' } });
    }
  });

  it('refuses everybody while the limits cannot be asked', async () => {
    const failing = { take: () => Promise.reject(new Unavailable('The limiter is down.')) };
    const cut = core.process({ rateLimiter: failing });
    await expect(cut.startVerification({ identifier: phone(9_000_001) }, core.anyone())).rejects.toThrow(Unavailable);
    expect(core.codes.sent).toEqual([]);
  });
});
