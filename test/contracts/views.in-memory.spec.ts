import { InMemoryViews } from '../../src/adapters/in-memory/in-memory-views.js';
import { viewsContract } from './views.contract.js';

viewsContract('in-memory', async () => {
  const views = new InMemoryViews();
  return { views, writer: views, close: async () => {} };
});
