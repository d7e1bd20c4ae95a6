import {
  EventLog,
  InMemoryEventStore,
  type InMemoryEventStoreOptions,
} from '../../src/adapters/in-memory/in-memory-event-store.js';
import { CrashingEventStore, CrashPlan } from '../support/crashing-event-store.js';
import { eventStoreContract } from './event-store.contract.js';

function openInMemory(options: InMemoryEventStoreOptions) {
  const log = new EventLog();
  let store = new InMemoryEventStore(options, log);
  const restart = async () => {
    store.close();
    store = new InMemoryEventStore(options, log);
    return store;
  };
  return { store, restart, shut: async () => store.close(), close: async () => store.close() };
}

eventStoreContract('in memory', async () => openInMemory({}));
eventStoreContract('in memory, one write after the other', async () => openInMemory({ sequential: true }));

for (const seed of [1, 2, 3]) {
  eventStoreContract(`in memory, dying between writes (seed ${seed})`, async () => {
    const plan = new CrashPlan(seed);
    const inner = openInMemory({ sequential: true });
    const restart = async () => new CrashingEventStore(await inner.restart(), plan);
    return { ...inner, store: new CrashingEventStore(inner.store, plan), restart };
  });
}
