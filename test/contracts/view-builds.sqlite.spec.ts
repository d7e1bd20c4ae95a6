import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqliteDatabase } from '../../src/adapters/sqlite/sqlite-database.js';
import { SqliteProjectionWriter } from '../../src/adapters/sqlite/sqlite-projection-writer.js';
import { SqliteViewBuilds } from '../../src/adapters/sqlite/sqlite-view-builds.js';
import { SqliteViews } from '../../src/adapters/sqlite/sqlite-views.js';
import { ViewTables } from '../../src/adapters/sqlite/view-tables.js';
import { EXAMPLES } from '../support/example-views.js';
import { type BuildsUnderTest, viewBuildsContract } from './view-builds.contract.js';

function over(folder: string): BuildsUnderTest {
  const connection = openSqliteDatabase(join(folder, 'read.sqlite'), []);
  const tables = new ViewTables(connection, EXAMPLES);
  return {
    views: new SqliteViews(connection, EXAMPLES, tables),
    writer: new SqliteProjectionWriter(connection, EXAMPLES, tables),
    builds: new SqliteViewBuilds(connection, tables),
    restart: async () => {
      connection.close();
      return over(folder);
    },
    close: async () => {
      connection.close();
      await rm(folder, { recursive: true });
    },
  };
}

viewBuildsContract('sqlite', async () => over(await mkdtemp(join(tmpdir(), 'sottovoce-builds-'))));
