import { SqliteRateLimiter } from '../../src/adapters/sqlite/sqlite-rate-limiter.js';
import { AccountsFile } from '../support/accounts-file.js';
import { rateLimiterContract } from './rate-limiter.contract.js';

const SECRET = Buffer.alloc(32, 7);

rateLimiterContract('sqlite', async (windowsMax) => {
  const file = await AccountsFile.make();
  const again = async () => new SqliteRateLimiter(file.connect(), SECRET, { windowsMax });
  return { limiter: await again(), again, dump: async () => file.dump(), close: () => file.close() };
});
