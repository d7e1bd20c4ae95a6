/**
 * Goal: one post per message id and the right answer for every send, whatever happens. Method: `send-scenario.ts` over an
 * atomic store, one that writes one after the other, one that treats event ids as EventStoreDB does, and the embedded one.
 */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { EventsFolder } from '../../support/events-folder.js';
import { play, type Scenario, scenarios } from '../../support/send-scenario.js';

/** More by hand, for a longer search: SEND_RUNS=100000. */
const RUNS = Number(process.env.SEND_RUNS ?? 3_000);
const RUNS_ON_DISK = 15;

async function holdsFor(numRuns: number, run: (scenario: Scenario) => Promise<void>): Promise<void> {
  const { failed, counterexample, counterexamplePath, errorInstance, seed } = await fc.check(fc.asyncProperty(scenarios, run), {
    numRuns,
  });
  const error = (errorInstance as Error | null)?.message;
  expect({ failed, counterexample, error, seed, path: counterexamplePath }).toMatchObject({ failed: false });
}

describe('sending, repeated by several processes through every fault', () => {
  it('posts each message once, with the content that was acknowledged, and refuses nobody wrongly', async () => {
    await holdsFor(RUNS, (scenario) => play(scenario));
  }, 600_000);

  it('does so on the disk', async () => {
    await holdsFor(RUNS_ON_DISK, async (scenario) => {
      const folder = await EventsFolder.make();
      try {
        await play(scenario, { store: folder.open() });
      } finally {
        await folder.remove();
      }
    });
  }, 120_000);
});
