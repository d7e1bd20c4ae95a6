/**
 * Goal: each rule of sending is needed, and would be missed. Method: a copy of the code with one rule switched off must
 * fail the property that the code as it is written passes, under a seed that a longer search has found.
 */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { copyWith } from '../../support/mutants.js';
import { WrongSending } from '../../support/send-claims.js';
import type { SendModules } from '../../support/send-modules.js';
import { mutants } from '../../support/send-mutants.js';
import { play, scenarios } from '../../support/send-scenario.js';

/** From the recorded run on, so that a harmless change of the code does not make a seed too weak. */
const RUNS_MAX = 1_500;
const RUNS_AS_WRITTEN = 500;

const outcome = (
  modules: SendModules,
  parameters: { readonly seed?: number; readonly path?: string; readonly numRuns: number },
) =>
  fc.check(
    fc.asyncProperty(scenarios, (scenario) => play(scenario, { modules })),
    { ...parameters, endOnFailure: true },
  );

describe('a rule of sending that is switched off is found out: the code', () => {
  it.each(mutants)(
    '$name',
    async ({ patches, seed, path }) => {
      const { modules, close } = await copyWith(patches);
      try {
        const { errorInstance, numRuns } = await outcome(modules, { seed, path, numRuns: RUNS_MAX });
        expect({ errorInstance, numRuns }).toMatchObject({ errorInstance: expect.any(WrongSending) });
      } finally {
        close();
      }
    },
    120_000,
  );

  it('as it is written passes, copied in the same way', async () => {
    const { modules, close } = await copyWith([]);
    try {
      const { failed, seed, counterexamplePath: path, errorInstance } = await outcome(modules, { numRuns: RUNS_AS_WRITTEN });
      expect({ failed, seed, path, errorInstance }).toMatchObject({ failed: false });
    } finally {
      close();
    }
  }, 120_000);
});
