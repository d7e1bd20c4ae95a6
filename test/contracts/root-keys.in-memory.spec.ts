import { InMemoryKeyFolder, InMemoryRootKeys } from '../../src/adapters/in-memory/in-memory-root-keys.js';
import { rootKeysContract } from './root-keys.contract.js';

rootKeysContract('in-memory', async () => {
  const folder = new InMemoryKeyFolder();
  return { keys: new InMemoryRootKeys(folder), again: async () => new InMemoryRootKeys(folder), close: async () => {} };
});
