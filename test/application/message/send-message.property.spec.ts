/**
 * Goal: one post per message id and the right answer for every send, whatever happens. Method: `send-scenario.ts` over an
 * atomic store, one that writes one after the other, and one that treats event ids as EventStoreDB does.
 */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { play, scenarios } from '../../support/send-scenario.js';

const RUNS = 1_500;

describe('sending, repeated by several processes through every fault', () => {
  it('posts each message once, with the content that was acknowledged, and refuses nobody wrongly', async () => {
    const property = fc.asyncProperty(scenarios, (scenario) => play(scenario));
    const { failed, counterexample, errorInstance, seed } = await fc.check(property, { numRuns: RUNS });
    expect({ failed, counterexample, error: (errorInstance as Error | null)?.message, seed }).toMatchObject({ failed: false });
  }, 180_000);
});
