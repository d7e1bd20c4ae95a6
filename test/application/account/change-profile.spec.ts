/** Goal: a name is remembered sealed, and not at all for whoever is erased. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Sealed } from '../../../src/domain/kernel/personal.js';
import { ApplicationUnderTest, granted, type Person, type Process } from '../../support/application-under-test.js';
import { fieldProblems } from '../../support/event-fields.js';

let core: ApplicationUnderTest;
let process: Process;
let ada: Person;

beforeEach(async () => {
  core = await ApplicationUnderTest.open();
  process = core.process();
  ada = await core.signIn(process);
});

const change = (displayName: string) => core.whileTimePasses(process.changeProfile({ displayName }, ada.context));

describe('changing a profile', () => {
  it('stores the name sealed under its owner’s key', async () => {
    const { position } = granted(await change('Ada Lovelace'));
    const changed = (await core.eventsOf(`account-${ada.accountId}`)).at(-1)!;
    expect(changed.type).toBe('ProfileChanged');
    expect(changed.meta.position).toBe(position);
    expect(fieldProblems(changed.type, changed.data)).toEqual([]);
    const { displayName } = changed.data as unknown as { displayName: Sealed };
    expect(await core.ports.keys.open([displayName])).toMatchObject([{ value: 'Ada Lovelace' }]);
    await core.ports.keys.destroy(ada.accountId);
    expect(await core.ports.keys.open([displayName])).toEqual([{ erased: true }]);
  });

  it('that two processes do at once stores both', async () => {
    const other = core.process();
    const both = [process, other].map((one, index) => one.changeProfile({ displayName: `Ada ${index}` }, ada.context));
    for (const result of await core.whileTimePasses(Promise.all(both))) granted(result);
    expect(await core.typesOf(`account-${ada.accountId}`)).toEqual(['AccountRegistered', 'ProfileChanged', 'ProfileChanged']);
  });

  it('that two processes do at once on condition of one version happens once, and the other is told the new one', async () => {
    const both = [process, core.process()].map((one, index) =>
      one.changeProfile({ displayName: `Ada ${index}`, ifVersion: 1 }, ada.context),
    );
    const results = await core.whileTimePasses(Promise.all(both));
    expect(results.filter(({ ok }) => ok)).toMatchObject([{ value: { version: 2 } }]);
    expect(results.filter(({ ok }) => !ok)).toEqual([{ ok: false, rejection: { type: 'VersionMismatch', currentVersion: 2 } }]);
    expect(await core.typesOf(`account-${ada.accountId}`)).toEqual(['AccountRegistered', 'ProfileChanged']);
  });

  it('is refused to whoever is on the way to erasure, or erased', async () => {
    const before = await core.stored();
    await core.ports.keys.fence(ada.accountId);
    expect(await change('Ada')).toEqual({ ok: false, rejection: { type: 'AccountErased' } });
    await core.ports.keys.destroy(ada.accountId);
    expect(await change('Ada')).toEqual({ ok: false, rejection: { type: 'AccountErased' } });
    expect(await core.stored()).toEqual(before);
  });

  it('is refused where there is no account', async () => {
    const nobody = core.as({ accountId: core.ids.uuid() as never, deviceId: core.ids.uuid() as never });
    const refused = await core.whileTimePasses(process.changeProfile({ displayName: 'Ada' }, nobody));
    expect(refused).toEqual({ ok: false, rejection: { type: 'AccountNotFound' } });
  });
});
