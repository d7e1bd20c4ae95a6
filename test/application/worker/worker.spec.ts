/** Goal: every job gets its turns, in short steps; a store that is away is tried again, and a defect is not hidden. */
import { describe, expect, it } from '@jest/globals';
import { Unavailable } from '../../../src/application/ports/failures.js';
import { shuffled } from '../../../src/application/worker/shuffled.js';
import { type Job, runWorker, type Turn, type TurnTaken, type WorkerReport } from '../../../src/application/worker/worker.js';
import { CountingIdSource } from '../../support/counting-id-source.js';
import { TestClock } from '../../support/test-clock.js';
import { until } from '../../support/until.js';

const NOTHING: Turn = { count: 0, more: false };

function working(jobs: readonly Job[]) {
  const clock = new TestClock();
  const told: string[] = [];
  const turns: ({ readonly job: string } & TurnTaken)[] = [];
  const report: WorkerReport = {
    done: (job, count, taken) => {
      if (count > 0) told.push(`${job} ${count}`);
      turns.push({ job, ...taken });
    },
    failed: (job, error, taken) => {
      told.push(`${job} ${(error as Error).name}`);
      turns.push({ job, ...taken });
    },
  };
  const ending = new AbortController();
  const ended = runWorker(jobs, { clock, ids: new CountingIdSource('worker') }, report, ending.signal);
  const pass = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += 20) {
      await until('the worker waits', () => clock.waiting > 0);
      clock.advance(20);
      await Promise.resolve();
    }
  };
  return { told, turns, ended, pass, clock, stop: () => ending.abort() };
}

const job = (name: string, everyMs: number, turn: Job['turn']): Job => ({ name, everyMs, turn });

describe('the worker', () => {
  it('gives each job its turns, and goes on at once with one that has more to do', async () => {
    const taken: string[] = [];
    let left = 3;
    const long = job('long', 10_000, async () => {
      taken.push('long');
      left -= 1;
      return { count: 5, more: left > 0 };
    });
    const short = job('short', 1_000, async () => {
      taken.push('short');
      return NOTHING;
    });
    const { told, ended, pass, stop } = working([long, short]);
    await pass(10_500);
    expect(taken.filter((name) => name === 'long').length).toBeGreaterThanOrEqual(3);
    const shorts = taken.filter((name) => name === 'short').length;
    expect(shorts).toBeGreaterThanOrEqual(7);
    expect(shorts).toBeLessThanOrEqual(14);
    expect(told.slice(0, 3)).toEqual(['long 5', 'long 5', 'long 5']);
    stop();
    await ended;
  });

  it('tries again when a store was away, and says so', async () => {
    let tries = 0;
    const flaky = job('flaky', 100, async () => {
      tries += 1;
      if (tries === 1) throw new Unavailable('The store is away.');
      return { count: 1, more: false };
    });
    const { told, ended, pass, stop } = working([flaky]);
    await pass(400);
    expect(told.slice(0, 2)).toEqual(['flaky Unavailable', 'flaky 1']);
    stop();
    await ended;
  });

  it('says of every turn when it ended and how long it took, also when there was nothing to do', async () => {
    const outcomes: (() => Promise<Turn>)[] = [async () => NOTHING, () => Promise.reject(new Unavailable('The store is away.'))];
    const long = job('long', 100, async () => {
      worker.clock.advance(250);
      return (await outcomes.shift()?.()) ?? NOTHING;
    });
    const worker = working([long]);
    await worker.pass(600);
    expect(worker.turns.length).toBeGreaterThanOrEqual(2);
    expect(worker.turns.filter(({ durationMs }) => durationMs !== 250)).toEqual([]);
    const [first, second] = worker.turns;
    expect(second!.at - first!.at).toBeGreaterThanOrEqual(250);
    worker.stop();
    await worker.ended;
  });

  it('ends by a defect, and by being told to', async () => {
    const broken = job('broken', 20, () => Promise.reject(new TypeError('a defect')));
    const { ended, clock } = working([broken]);
    const caught = ended.catch((error: Error) => error.name);
    await until('the worker waits', () => clock.waiting > 0);
    clock.advance(1_000);
    expect(await caught).toBe('TypeError');
    const idle = working([job('idle', 1_000_000, async () => NOTHING)]);
    idle.stop();
    await idle.ended;
  });

  it('removes in an order that tells nothing', () => {
    const ids = new CountingIdSource('shuffle');
    const items = Array.from({ length: 50 }, (_, index) => index);
    const orders = Array.from({ length: 5 }, () => shuffled(items, ids).join());
    expect(new Set([...orders, items.join()]).size).toBe(6);
    expect([...shuffled(items, ids)].sort((one, other) => one - other)).toEqual(items);
  });
});
