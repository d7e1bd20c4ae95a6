import { SqliteDirectory } from '../../src/adapters/sqlite/sqlite-directory.js';
import { AccountsFile } from '../support/accounts-file.js';
import { directoryContract } from './directory.contract.js';

const SECRET = Buffer.alloc(32, 7);

directoryContract('sqlite', async () => {
  const file = await AccountsFile.make();
  const again = async () => new SqliteDirectory(file.connect(), SECRET);
  return { directory: await again(), again, dump: async () => file.dump(), close: () => file.close() };
});
