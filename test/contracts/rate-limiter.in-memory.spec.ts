import { InMemoryRateLimiter, type RateWindows } from '../../src/adapters/in-memory/in-memory-rate-limiter.js';
import { dumpOf } from '../support/dump.js';
import { rateLimiterContract } from './rate-limiter.contract.js';

const SECRET = Buffer.alloc(32, 7);

rateLimiterContract('in-memory', async (windowsMax) => {
  const windows: RateWindows = new Map();
  const again = async () => new InMemoryRateLimiter(SECRET, { windowsMax, windows });
  return { limiter: await again(), again, dump: async () => dumpOf(windows), close: async () => {} };
});
