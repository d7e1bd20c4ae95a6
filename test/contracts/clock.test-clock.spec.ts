import { TestClock } from '../support/test-clock.js';
import { clockContract } from './clock.contract.js';

clockContract('test', async () => {
  const clock = new TestClock();
  return { clock, pass: async (ms) => clock.advance(ms), close: async () => {} };
});
