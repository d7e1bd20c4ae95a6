/** Leaves out of a failing plan whatever its failure does not need, so that a person can read what is left. */
import { judge, type Verdict } from './checker/checker.js';
import type { Plan } from './plan.js';
import { simulate } from './simulate.js';

export interface Failure {
  readonly plan: Plan;
  readonly verdict: Verdict;
}

/** What fails, and how it fails is still the same invariant. */
async function stillFails(plan: Plan, { verdict }: Failure): Promise<Failure | undefined> {
  const { records } = await simulate(plan).catch(() => ({ records: [] }));
  const found = judge(records);
  return found?.invariant === verdict.invariant ? { plan, verdict: found } : undefined;
}

/** Halves, quarters and so on of the items go, then losses, then batches; until the time is up. */
export async function shrunken(failure: Failure, isTimeUp: () => boolean): Promise<Failure> {
  let best = failure;
  const attempt = async (plan: Plan): Promise<boolean> => {
    const found = isTimeUp() ? undefined : await stillFails(plan, best);
    if (found !== undefined) best = found;
    return found !== undefined;
  };
  await attempt({ ...best.plan, lossRate: 0 });
  await attempt({ ...best.plan, batchMax: 500 });
  for (let size = Math.ceil(best.plan.items.length / 2); size >= 1 && !isTimeUp(); size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let start = 0; start < best.plan.items.length && !isTimeUp(); ) {
      const items = best.plan.items.filter((_, index) => index < start || index >= start + size);
      if (!(await attempt({ ...best.plan, items }))) start += size;
    }
  }
  await attempt({ ...best.plan, store: 'atomic' });
  const { people, processes } = best.plan;
  if (processes > 1) await attempt({ ...best.plan, processes: processes - 1 });
  if (people.length > 3) await attempt({ ...best.plan, people: people.slice(0, -1) });
  return best;
}
