/** Goal: an account is found by its exact identifier, hits and misses count alike, and nothing is written. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import { ApplicationUnderTest, granted, type Person, type Process, settings } from '../../support/application-under-test.js';

let core: ApplicationUnderTest;
let process: Process;
let ada: Person;
let bob: Person;

beforeEach(async () => {
  core = await ApplicationUnderTest.open();
  process = core.process();
  ada = await core.signIn(process);
  bob = await core.signIn(process);
});

const unknown = { kind: 'phone', value: '+15559999999' } as const;

describe('looking for an account', () => {
  it('finds one, or none', async () => {
    const before = await core.stored();
    expect(granted(await process.findAccount({ identifier: bob.identifier }, ada.context))).toEqual({
      accountIds: [bob.accountId],
    });
    expect(granted(await process.findAccount({ identifier: unknown }, ada.context))).toEqual({ accountIds: [] });
    expect(await core.stored()).toEqual(before);
  });

  it('finds nobody under an address that is spelled like a number', async () => {
    const identifier = { kind: 'email', value: bob.identifier.value } as const;
    expect(granted(await process.findAccount({ identifier }, ada.context))).toEqual({ accountIds: [] });
  });

  it.each([true, false])('counts against one limit of the one who asks, found: %s', async (isHit) => {
    const identifier = isHit ? bob.identifier : unknown;
    for (let index = 0; index < settings.lookupsPerAccountMinuteMax; index += 1) {
      granted(await process.findAccount({ identifier }, ada.context));
    }
    const refused = { type: 'TooMany', limit: 'account-lookup', retryAfterMs: 60_000 };
    for (const any of [bob.identifier, unknown]) {
      expect(await process.findAccount({ identifier: any }, ada.context)).toEqual({ ok: false, rejection: refused });
    }
    granted(await process.findAccount({ identifier }, bob.context));
    core.clock.advance(60_000);
    granted(await process.findAccount({ identifier }, ada.context));
  });
});
