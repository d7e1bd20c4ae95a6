import { SystemClock } from '../../src/adapters/system/system-clock.js';
import { until } from '../support/until.js';
import { clockContract } from './clock.contract.js';

clockContract('system', async () => {
  const clock = new SystemClock();
  const pass = (ms: number) => {
    const startedMs = performance.now();
    return until('time goes by', () => performance.now() - startedMs >= ms);
  };
  return { clock, pass, close: async () => {} };
});
