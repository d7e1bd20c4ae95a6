import { SqliteCredentials } from '../../src/adapters/sqlite/sqlite-credentials.js';
import { AccountsFile } from '../support/accounts-file.js';
import { CountingIdSource } from '../support/counting-id-source.js';
import { credentialsContract } from './credentials.contract.js';

const SECRET = Buffer.alloc(32, 7);

credentialsContract('sqlite', async () => {
  const file = await AccountsFile.make();
  const ids = new CountingIdSource('sqlite');
  const again = async () => new SqliteCredentials(file.connect(), SECRET, ids);
  return { credentials: await again(), again, dump: async () => file.dump(), close: () => file.close() };
});
