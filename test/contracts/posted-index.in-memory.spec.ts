import { InMemoryPostedIndex } from '../../src/adapters/in-memory/in-memory-posted-index.js';
import { LogOfPosts } from '../support/log-of-posts.js';
import { postedIndexContract } from './posted-index.contract.js';

postedIndexContract('InMemoryPostedIndex', async () => {
  const log = new LogOfPosts();
  return {
    index: new InMemoryPostedIndex(log),
    append: async (events) => log.append(events),
    removeContent: async (messageId) => log.removeContent(messageId),
    indexed: async () => undefined,
    close: async () => undefined,
  };
});
