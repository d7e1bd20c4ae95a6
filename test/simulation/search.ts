/** Runs worlds one after the other and judges each; what a search has met and found, for a person and as a report. */
import { judge } from './checker/checker.js';
import { Counters } from './counters.js';
import { planOf } from './plan.js';
import { type Failure, shrunken } from './shrink.js';
import { hashOf, simulate } from './simulate.js';
import { historyStory, planStory } from './story.js';

export interface Found extends Failure {
  readonly story: string;
}

export interface SearchResult {
  readonly seeds: number;
  readonly simulatedMs: number;
  readonly turns: number;
  readonly faults: number;
  readonly checkedTwice: number;
  readonly counters: Counters;
  readonly failures: readonly Found[];
}

export interface SearchOptions {
  readonly seeds: Iterable<string>;
  readonly isTimeUp: () => boolean;
  readonly progress: (result: SearchResult) => void;
  /** Every so many seeds one is run twice and must give the same history. */
  readonly twiceEvery: number;
  readonly failuresMax: number;
  /** How long a story may be made shorter. */
  readonly shrinkUntil: () => () => boolean;
}

export async function search(options: SearchOptions): Promise<SearchResult> {
  const counters = new Counters();
  const failures: Found[] = [];
  const sums = { seeds: 0, simulatedMs: 0, turns: 0, faults: 0, checkedTwice: 0 };
  const result = (): SearchResult => ({ ...sums, counters, failures });
  for (const seed of options.seeds) {
    if (options.isTimeUp() || failures.length >= options.failuresMax) break;
    const plan = planOf(seed);
    const run = await simulate(plan);
    sums.seeds += 1;
    sums.simulatedMs += run.simulatedMs;
    sums.turns += run.turns;
    sums.faults += plan.items.filter((item) => 'fault' in item).length;
    counters.addAll(run.counters);
    const verdict = judge(run.records);
    if (verdict !== undefined) failures.push(await told({ plan, verdict }, options.shrinkUntil()));
    if (sums.seeds % options.twiceEvery === 0) {
      sums.checkedTwice += 1;
      if (hashOf(await simulate(plan)) !== hashOf(run)) failures.push(unrepeatable(seed));
    }
    options.progress(result());
  }
  return result();
}

async function told(failure: Failure, isTimeUp: () => boolean): Promise<Found> {
  const small = await shrunken(failure, isTimeUp);
  const run = await simulate(small.plan);
  const verdict = judge(run.records) ?? small.verdict;
  const causes = run.causes.slice(0, 3).map((cause) => `inside: ${cause}`);
  return { ...small, story: [planStory(small.plan), historyStory(run.records, verdict), ...causes].join('\n') };
}

function unrepeatable(seed: string): Found {
  const what = 'two runs of one seed had two histories: something takes time or chance from elsewhere';
  return { plan: planOf(seed), verdict: { invariant: 'I14', what, about: [] }, story: `seed ${seed}: ${what}` };
}
