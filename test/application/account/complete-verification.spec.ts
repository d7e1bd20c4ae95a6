/**
 * Goal: signing in crosses four stores and may die between any two steps; the same device that repeats its code gets the
 * same account and device, and there is one of each. Method: a process killed before and after every step.
 */
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { SignedIn } from '../../../src/application/account/complete-verification.js';
import type { Identifier } from '../../../src/application/ports/directory.js';
import type { VerificationId } from '../../../src/domain/kernel/ids.js';
import { limits } from '../../../src/domain/kernel/limits.js';
import {
  ApplicationUnderTest,
  type DeviceKeys,
  deviceKeys,
  granted,
  type Process,
  processOver,
} from '../../support/application-under-test.js';
import { fieldProblems } from '../../support/event-fields.js';
import { Killed, killedAt } from '../../support/killed-ports.js';

const identifier: Identifier = { kind: 'email', value: 'ada@example.org' };
const STEPS = [
  'credentials.spendCode',
  'directory.reserve',
  'keys.register',
  'eventStore.append',
  'eventStore.append',
  'credentials.issueRefresh',
];

let core: ApplicationUnderTest;
let process: Process;
let device: DeviceKeys;

beforeEach(async () => {
  core = await ApplicationUnderTest.open();
  process = core.process();
  device = deviceKeys();
});

async function code(of: Identifier = identifier): Promise<{ verificationId: VerificationId; code: string }> {
  const { verificationId } = granted(await process.startVerification({ identifier: of }, core.anyone()));
  return { verificationId, code: core.codes.sent.at(-1)!.code };
}

const complete = (with_: { verificationId: VerificationId; code: string }, by: Process = process, keys: DeviceKeys = device) =>
  core.whileTimePasses(
    by.completeVerification({ ...with_, device: { publicKey: keys.publicKey, name: 'Kitchen tablet' } }, core.anyone()),
  );

const accountsIn = async () => (await core.stored()).filter(({ type }) => type === 'AccountRegistered');
const devicesIn = async () => (await core.stored()).filter(({ type }) => type === 'DeviceLinked');

/** What is stored of one account with one device, and nothing else. */
async function expectOne({ accountId, deviceId }: Pick<SignedIn, 'accountId' | 'deviceId'>): Promise<void> {
  expect((await accountsIn()).map(({ stream }) => stream)).toEqual([`account-${accountId}`]);
  expect((await devicesIn()).map(({ stream }) => stream)).toEqual([`device-${deviceId}`]);
  expect(await core.stored()).toHaveLength(2);
  expect(await core.ports.directory.find(identifier)).toBe(accountId);
}

describe('signing in for the first time', () => {
  it('records an account and its device, sealed, and gives tokens', async () => {
    const signedIn = granted(await complete(await code()));
    await expectOne(signedIn);
    const [account] = await core.eventsOf(`account-${signedIn.accountId}`);
    const [linked] = await core.eventsOf(`device-${signedIn.deviceId}`);
    for (const event of [account!, linked!]) {
      expect(fieldProblems(event.type, event.data)).toEqual([]);
      expect(event.meta.feedKey).toBe(signedIn.accountId);
      expect(event.meta.recordedAt).toBe(core.clock.now());
    }
    expect(signedIn.position).toBe(linked!.meta.position);
    expect(await core.ports.credentials.isLive(signedIn.deviceId, core.clock.now())).toBe(true);
  });

  it('goes through these steps, in this order', async () => {
    const killing = killedAt(core.ports, STEPS.length + 1, 'before');
    granted(await complete(await code(), processOver(killing.ports)));
    expect(killing.steps).toEqual(STEPS);
  });
});

describe('a sign-in that is cut short', () => {
  const places = STEPS.flatMap((name, index) => (['before', 'after'] as const).map((when) => [index + 1, when, name] as const));

  it.each(places)('at step %i, %s %s, is repeated by the same device', async (step, when) => {
    const right = await code();
    await expect(complete(right, processOver(killedAt(core.ports, step, when).ports))).rejects.toThrow(Killed);
    const stored = await core.stored();
    const held = await core.ports.directory.find(identifier);
    core.clock.advance(limits.codeOutcomeLifeMs - 100);

    const signedIn = granted(await complete(right, core.process()));
    await expectOne(signedIn);
    expect((await core.stored()).slice(0, stored.length)).toEqual(stored);
    if (held !== undefined) expect(signedIn.accountId).toBe(held);
    const again = granted(await complete(right, core.process()));
    expect(again).toMatchObject({ accountId: signedIn.accountId, deviceId: signedIn.deviceId });
    await expectOne(signedIn);
  });

  it.each(places)('at step %i, %s %s, is gone after a minute, and a new code leads to one account', async (step, when) => {
    const right = await code();
    await expect(complete(right, processOver(killedAt(core.ports, step, when).ports))).rejects.toThrow(Killed);
    const held = await core.ports.directory.find(identifier);
    core.clock.advance(limits.codeOutcomeLifeMs);
    const wasSpent = step > 1 || when === 'after';
    if (wasSpent) expect(await complete(right)).toEqual({ ok: false, rejection: { type: 'VerificationGone' } });

    const signedIn = granted(await complete(await code()));
    expect(await accountsIn()).toHaveLength(1);
    expect((await accountsIn())[0]!.stream).toBe(`account-${signedIn.accountId}`);
    if (held !== undefined) expect(signedIn.accountId).toBe(held);
    // A device that was linked and never heard of it stays without tokens.
    expect((await devicesIn()).map(({ stream }) => stream)).toContain(`device-${signedIn.deviceId}`);
  });

  it('is not repeated by another device, which learns nothing', async () => {
    const right = await code();
    granted(await complete(right));
    const other = await complete(right, process, deviceKeys());
    expect(other).toEqual({ ok: false, rejection: { type: 'VerificationGone' } });
    expect(await core.stored()).toHaveLength(2);
  });

  it('gives a living token at the last repetition', async () => {
    const right = await code();
    const first = granted(await complete(right));
    const second = granted(await complete(right));
    const at = core.clock.now();
    const { rotateRefresh } = {
      rotateRefresh: (token: string) => core.ports.credentials.rotateRefresh(token, first.deviceId, at),
    };
    expect((await rotateRefresh(second.refreshToken)).outcome).toBe('rotated');
    expect((await rotateRefresh(first.refreshToken)).outcome).toBe('unknown');
  });
});

describe('signing in again', () => {
  it('with a second device links it to the same account', async () => {
    const first = granted(await complete(await code()));
    const second = granted(await complete(await code(), process, deviceKeys()));
    expect(second.accountId).toBe(first.accountId);
    expect(second.deviceId).not.toBe(first.deviceId);
    expect(await accountsIn()).toHaveLength(1);
    expect(await devicesIn()).toHaveLength(2);
  });

  it('at the same moment with two devices makes one account', async () => {
    const [one, two] = [await code(), await code()];
    const [first, second] = await Promise.all([complete(one, core.process()), complete(two, core.process(), deviceKeys())]);
    expect(granted(first).accountId).toBe(granted(second).accountId);
    expect(await accountsIn()).toHaveLength(1);
    expect(await devicesIn()).toHaveLength(2);
  });

  it('with another identifier is another account', async () => {
    const first = granted(await complete(await code()));
    const other = granted(await complete(await code({ kind: 'email', value: 'bob@example.org' })));
    expect(other.accountId).not.toBe(first.accountId);
  });

  it('goes on with the account that an identifier was reserved for, however far that sign-in had come', async () => {
    const first = await code();
    await expect(complete(first, processOver(killedAt(core.ports, 3, 'before').ports))).rejects.toThrow(Killed);
    const held = await core.ports.directory.find(identifier);
    const signedIn = granted(await complete(await code(), process, deviceKeys()));
    expect(signedIn.accountId).toBe(held);
    expect(await core.typesOf(`account-${held}`)).toEqual(['AccountRegistered']);
  });

  it('is refused to a person whose keys are destroyed or on the way, and writes nothing', async () => {
    const { accountId } = granted(await complete(await code()));
    const before = await core.stored();
    await core.ports.keys.fence(accountId);
    expect(await complete(await code(), process, deviceKeys())).toEqual({ ok: false, rejection: { type: 'AccountErased' } });
    await core.ports.keys.destroy(accountId);
    expect(await complete(await code(), process, deviceKeys())).toEqual({ ok: false, rejection: { type: 'AccountErased' } });
    expect(await core.stored()).toEqual(before);
  });
});

describe('a code', () => {
  const wrongOf = (right: string): string => right.replace(/^./, (digit) => String((Number(digit) + 1) % 10));

  it('that is wrong is counted, and the fifth time is the last', async () => {
    const { verificationId, code: right } = await code();
    for (const triesLeft of [4, 3, 2, 1, 0]) {
      const refused = await complete({ verificationId, code: wrongOf(right) });
      expect(refused).toEqual({ ok: false, rejection: { type: 'CodeWrong', triesLeft } });
    }
    expect(await complete({ verificationId, code: right })).toEqual({ ok: false, rejection: { type: 'VerificationGone' } });
    expect(await core.stored()).toEqual([]);
    expect(await core.ports.directory.find(identifier)).toBeUndefined();
  });

  it('that is right after four wrong ones signs in', async () => {
    const { verificationId, code: right } = await code();
    for (let tries = 0; tries < 4; tries += 1) await complete({ verificationId, code: wrongOf(right) });
    granted(await complete({ verificationId, code: right }));
  });

  it('that has expired, or was never sent, is gone', async () => {
    const right = await code();
    core.clock.advance(limits.codeLifeMs);
    expect(await complete(right)).toEqual({ ok: false, rejection: { type: 'VerificationGone' } });
    const never = { verificationId: core.ids.uuid() as VerificationId, code: '123456' };
    expect(await complete(never)).toEqual({ ok: false, rejection: { type: 'VerificationGone' } });
  });

  it('is not spent by a device whose key is of no known kind', async () => {
    const right = await code();
    const unsupported = { ...device, publicKey: 'AAAA' };
    expect(await complete(right, process, unsupported)).toEqual({ ok: false, rejection: { type: 'DeviceKeyUnsupported' } });
    granted(await complete(right));
  });
});
