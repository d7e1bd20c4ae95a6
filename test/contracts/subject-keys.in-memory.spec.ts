import { InMemoryKeyRows } from '../../src/adapters/in-memory/in-memory-key-rows.js';
import { InMemoryKeyFolder, InMemoryRootKeys } from '../../src/adapters/in-memory/in-memory-root-keys.js';
import { InMemorySubjectKeys } from '../../src/adapters/in-memory/in-memory-subject-keys.js';
import { dumpOf } from '../support/dump.js';
import { KillSwitch } from '../support/kill-switch.js';
import { TestClock } from '../support/test-clock.js';
import { subjectKeysContract } from './subject-keys.contract.js';

subjectKeysContract('in-memory', async () => {
  const clock = new TestClock();
  const rows = new InMemoryKeyRows();
  const rootKeys = new InMemoryRootKeys(new InMemoryKeyFolder());
  const counter = new KillSwitch();
  const open = (over: InMemoryKeyRows, keys = rootKeys) => InMemorySubjectKeys.open(keys, clock, over, { buckets: 1 });
  return {
    keys: await open(counter.on(rows)),
    clock,
    another: () => open(rows),
    mortal: (life) => open(rows, life.on(rootKeys)),
    copyStore: async () => {
      const copy = rows.copy();
      return () => open(copy);
    },
    tombstones: async () => rows.tombstones,
    dump: async () => dumpOf(rows),
    storeCalls: () => counter.calls,
    close: async () => {},
  };
});
