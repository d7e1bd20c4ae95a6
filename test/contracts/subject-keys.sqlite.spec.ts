import { SqliteSubjectKeys } from '../../src/adapters/sqlite/sqlite-subject-keys.js';
import { KeyStoreFile } from '../support/key-store-file.js';
import { TestClock } from '../support/test-clock.js';
import { subjectKeysContract } from './subject-keys.contract.js';

subjectKeysContract('sqlite', async () => {
  const clock = new TestClock();
  const file = await KeyStoreFile.make();
  const open = async (connection = file.connect(), rootKeys = file.rootKeys()) =>
    SqliteSubjectKeys.open(connection, await rootKeys, clock, { buckets: 1 });
  return {
    keys: await open(file.connectCounted()),
    clock,
    another: () => open(),
    mortal: async (life) => open(file.connect(), Promise.resolve(life.on(await file.rootKeys()))),
    copyStore: async () => {
      const copy = await file.copy();
      return () => open(file.connect(copy));
    },
    tombstones: async () => file.tombstones(),
    dump: async () => file.dump(),
    storeCalls: () => file.statements,
    close: () => file.close(),
  };
});
