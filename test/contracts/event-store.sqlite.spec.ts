import { CrashingEventStore, CrashPlan } from '../support/crashing-event-store.js';
import { EventsFolder } from '../support/events-folder.js';
import { eventStoreContract } from './event-store.contract.js';

async function openSqlite() {
  const folder = await EventsFolder.make();
  const shut = async () => folder.shut();
  return { store: folder.open(), restart: async () => folder.open(), shut, close: () => folder.remove() };
}

eventStoreContract('sqlite', openSqlite);

for (const seed of [1, 2, 3]) {
  eventStoreContract(`sqlite, dying between writes (seed ${seed})`, async () => {
    const plan = new CrashPlan(seed);
    const inner = await openSqlite();
    const restart = async () => new CrashingEventStore(await inner.restart(), plan);
    return { ...inner, store: new CrashingEventStore(inner.store, plan), restart };
  });
}
