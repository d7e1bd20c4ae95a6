import { InMemoryViews } from '../../src/adapters/in-memory/in-memory-views.js';
import { projectionWriterContract } from './projection-writer.contract.js';

projectionWriterContract('in-memory', async () => {
  const views = new InMemoryViews();
  return { views, writer: views, close: async () => {} };
});
