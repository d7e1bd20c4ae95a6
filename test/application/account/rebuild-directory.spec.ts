/** Goal: whoever the log knows is found again by their identifier, and whoever was erased is not. */
import { expect, it } from '@jest/globals';
import { InMemoryDirectory } from '../../../src/adapters/in-memory/in-memory-directory.js';
import { rebuildDirectory } from '../../../src/application/account/rebuild-directory.js';
import { ApplicationUnderTest } from '../../support/application-under-test.js';

it('fills an empty directory from the log, twice alike, without the erased', async () => {
  const core = await ApplicationUnderTest.open();
  const process = core.process();
  const [ada, ben, erased] = [await core.signIn(process), await core.signIn(process), await core.signIn(process)];
  await core.ports.keys.destroy(erased.accountId);
  const directory = new InMemoryDirectory(Buffer.alloc(32, 1));
  for (const _ of ['once', 'twice']) expect(await rebuildDirectory({ ...process.deps, directory })).toBe(2);
  expect(await directory.find(ada.identifier)).toBe(ada.accountId);
  expect(await directory.find(ben.identifier)).toBe(ben.accountId);
  expect(await directory.find(erased.identifier)).toBeUndefined();
});
