import { InMemoryViews } from '../../src/adapters/in-memory/in-memory-views.js';
import { type BuildsUnderTest, viewBuildsContract } from './view-builds.contract.js';

const over = (views: InMemoryViews): BuildsUnderTest => ({
  ...{ views, writer: views, builds: views },
  // A process that keeps nothing has no restart: what is there stays.
  restart: async () => over(views),
  close: async () => {},
});

viewBuildsContract('in-memory', async () => over(new InMemoryViews()));
