/** Goal: renaming, revoking and tickets: what is stored, what ends, and what a second time does. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { DeviceId } from '../../../src/domain/kernel/ids.js';
import { limits } from '../../../src/domain/kernel/limits.js';
import type { Sealed } from '../../../src/domain/kernel/personal.js';
import { ApplicationUnderTest, granted, type Person, type Process, processOver } from '../../support/application-under-test.js';
import { fieldProblems } from '../../support/event-fields.js';
import { Killed, killedAt } from '../../support/killed-ports.js';

let core: ApplicationUnderTest;
let process: Process;
let ada: Person;
let tablet: Person;
let bob: Person;

beforeEach(async () => {
  core = await ApplicationUnderTest.open();
  process = core.process();
  ada = await core.signIn(process);
  tablet = await core.signIn(process, { identifier: ada.identifier });
  bob = await core.signIn(process);
});

const refusal = (type: string) => ({ ok: false, rejection: { type } });
const revoke = (deviceId: DeviceId, by: Person = ada, on: Process = process) =>
  core.whileTimePasses(on.revokeDevice({ deviceId }, by.context));
const rename = (deviceId: DeviceId, name: string, by: Person = ada) =>
  core.whileTimePasses(process.renameDevice({ deviceId, name }, by.context));
const isLive = (device: Person) => core.ports.credentials.isLive(device.deviceId, core.clock.now());

describe('renaming a device', () => {
  it('stores its name sealed', async () => {
    const { position } = granted(await rename(tablet.deviceId, 'Kitchen tablet'));
    const renamed = (await core.eventsOf(`device-${tablet.deviceId}`)).at(-1)!;
    expect(renamed.type).toBe('DeviceRenamed');
    expect(renamed.meta).toMatchObject({ position, feedKey: ada.accountId });
    expect(fieldProblems(renamed.type, renamed.data)).toEqual([]);
    const { name } = renamed.data as unknown as { name: Sealed };
    expect(await core.ports.keys.open([name])).toMatchObject([{ value: 'Kitchen tablet' }]);
  });

  it('is for one’s own, linked devices', async () => {
    expect(await rename(bob.deviceId, 'Mine')).toEqual(refusal('DeviceNotFound'));
    expect(await rename(core.ids.uuid() as DeviceId, 'Mine')).toEqual(refusal('DeviceNotFound'));
    granted(await revoke(tablet.deviceId));
    expect(await rename(tablet.deviceId, 'Mine')).toEqual(refusal('DeviceRevokedAlready'));
    await core.ports.keys.fence(ada.accountId);
    expect(await rename(ada.deviceId, 'Mine')).toEqual(refusal('AccountErased'));
  });
});

describe('revoking a device', () => {
  it('stores it, and ends the tokens and tickets of that device alone', async () => {
    const { ticket } = granted(await process.issueSocketTicket({}, tablet.context));
    granted(await revoke(tablet.deviceId));
    expect(await core.typesOf(`device-${tablet.deviceId}`)).toEqual(['DeviceLinked', 'DeviceRevoked']);
    expect([await isLive(tablet), await isLive(ada), await isLive(bob)]).toEqual([false, true, true]);
    expect(await core.ports.credentials.takeTicket(ticket, undefined, core.clock.now())).toBeUndefined();
  });

  it('of this device is signing out', async () => {
    granted(await revoke(ada.deviceId));
    expect([await isLive(ada), await isLive(tablet)]).toEqual([false, true]);
  });

  it('a second time stores nothing, and ends again what should have ended', async () => {
    granted(await revoke(tablet.deviceId));
    const before = await core.stored();
    await core.ports.credentials.issueRefresh(tablet, core.clock.now());
    expect(granted(await revoke(tablet.deviceId))).toEqual({});
    expect(await core.stored()).toEqual(before);
    expect(await isLive(tablet)).toBe(false);
  });

  it('of somebody else’s device is refused, and ends nothing', async () => {
    expect(await revoke(bob.deviceId)).toEqual(refusal('DeviceNotFound'));
    expect(await isLive(bob)).toBe(true);
    expect(await core.typesOf(`device-${bob.deviceId}`)).toEqual(['DeviceLinked']);
  });

  it('works for a person on the way to erasure: it seals nothing', async () => {
    await core.ports.keys.fence(ada.accountId);
    granted(await revoke(tablet.deviceId));
    expect(await isLive(tablet)).toBe(false);
  });

  it.each([
    [1, 'after'],
    [2, 'before'],
  ] as const)('that dies at step %i, %s it, is finished by whoever repeats it', async (step, when) => {
    const dying = processOver(killedAt(core.ports, step, when).ports);
    await expect(revoke(tablet.deviceId, ada, dying)).rejects.toThrow(Killed);
    expect(await isLive(tablet)).toBe(true);
    granted(await revoke(tablet.deviceId));
    expect(await isLive(tablet)).toBe(false);
    expect(await core.typesOf(`device-${tablet.deviceId}`)).toEqual(['DeviceLinked', 'DeviceRevoked']);
  });

  it('leaves the device revoked for a sign-in that is repeated', async () => {
    const { verificationId } = granted(await process.startVerification({ identifier: bob.identifier }, core.anyone()));
    const { code } = core.codes.sent.at(-1)!;
    const device = { publicKey: bob.publicKey, name: 'Phone' };
    const signedIn = granted(
      await core.whileTimePasses(process.completeVerification({ verificationId, code, device }, core.anyone())),
    );
    granted(await revoke(signedIn.deviceId, bob));
    const again = await core.whileTimePasses(process.completeVerification({ verificationId, code, device }, core.anyone()));
    expect(again).toEqual(refusal('DeviceRevokedAlready'));
    expect(await core.ports.credentials.isLive(signedIn.deviceId, core.clock.now())).toBe(false);
  });
});

describe('a socket ticket', () => {
  it('is for one’s own device, for a short time, from where it was asked', async () => {
    const { ticket, expiresAt } = granted(await process.issueSocketTicket({ origin: 'https://chat.example' }, ada.context));
    expect(expiresAt - core.clock.now()).toBe(limits.socketTicketLifeMs);
    const taken = await core.ports.credentials.takeTicket(ticket, 'https://chat.example', core.clock.now());
    expect(taken).toEqual({ accountId: ada.accountId, deviceId: ada.deviceId });
  });
});
