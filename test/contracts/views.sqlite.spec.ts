import Database from 'better-sqlite3';
import { SqliteProjectionWriter } from '../../src/adapters/sqlite/sqlite-projection-writer.js';
import { SqliteViews } from '../../src/adapters/sqlite/sqlite-views.js';
import { EXAMPLES } from '../support/example-views.js';
import { viewsContract } from './views.contract.js';

viewsContract('sqlite', async () => {
  const connection = new Database(':memory:');
  const writer = new SqliteProjectionWriter(connection, EXAMPLES);
  return { views: new SqliteViews(connection, EXAMPLES), writer, close: async () => void connection.close() };
});
