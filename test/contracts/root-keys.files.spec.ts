import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FileRootKeys } from '../../src/adapters/files/file-root-keys.js';
import { rootKeysContract } from './root-keys.contract.js';

rootKeysContract('files', async () => {
  const parent = await mkdtemp(join(tmpdir(), 'sottovoce-test-root-keys-'));
  const folder = join(parent, 'keys');
  return {
    keys: await FileRootKeys.open({ folder, mayCreate: true }),
    again: () => FileRootKeys.open({ folder, mayCreate: false }),
    close: () => rm(parent, { recursive: true, force: true }),
  };
});
