import { SqliteEventFeed } from '../../src/adapters/sqlite/sqlite-event-feed.js';
import { EventsFolder } from '../support/events-folder.js';
import { eventFeedContract } from './event-feed.contract.js';

eventFeedContract('sqlite', async () => {
  const folder = await EventsFolder.make();
  const restart = async () => {
    const store = folder.open();
    return { store, feed: new SqliteEventFeed(store, folder.writer) };
  };
  return { ...(await restart()), restart, close: () => folder.remove() };
});
