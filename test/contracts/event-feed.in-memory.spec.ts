import { type Checkpoints, InMemoryEventFeed } from '../../src/adapters/in-memory/in-memory-event-feed.js';
import { EventLog, InMemoryEventStore } from '../../src/adapters/in-memory/in-memory-event-store.js';
import { eventFeedContract } from './event-feed.contract.js';

eventFeedContract('in memory', async () => {
  const log = new EventLog();
  const checkpoints: Checkpoints = new Map();
  const restart = async () => {
    const store = new InMemoryEventStore({}, log);
    return { store, feed: new InMemoryEventFeed(store, checkpoints) };
  };
  return { ...(await restart()), restart, close: async () => undefined };
});
