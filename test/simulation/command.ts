/**
 * `npm run simulate`: worlds from seeds, judged by what could be seen of them. `--planted` runs the table of planted bugs
 * instead. Ends with one line of figures; with 1 when anything was wrong. See docs/how-to/run-the-simulation.md.
 */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { counted } from './counters.js';
import { keptSeeds } from './kept-seeds.js';
import { runPlanted } from './planted-run.js';
import { type SearchResult, search } from './search.js';

const HOUR_MS = 3_600_000;
const PROGRESS_MS = 10_000;
const SHRINK_MS = 60_000;
const FAILURES_MAX = 3;

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '200' },
    from: { type: 'string', default: '1' },
    minutes: { type: 'string', default: '60' },
    seed: { type: 'string' },
    'twice-every': { type: 'string', default: '50' },
    kept: { type: 'boolean', default: false },
    planted: { type: 'boolean', default: false },
    only: { type: 'string' },
    'in-gate': { type: 'boolean', default: false },
    recorded: { type: 'boolean', default: false },
    json: { type: 'string' },
    write: { type: 'string' },
  },
});

const startedMs = performance.now();
const say = (text: string): void => void process.stdout.write(`${text}\n`);
const untilMs = startedMs + Number(values.minutes) * 60_000;
const isTimeUp = (): boolean => performance.now() > untilMs;

function* seedsFrom(first: number, count: number): Generator<string> {
  for (let index = 0; index < count; index += 1) yield String(first + index);
}

function seeds(): Iterable<string> {
  if (values.seed !== undefined) return [values.seed];
  const fresh = seedsFrom(Number(values.from), Number(values.seeds));
  return values.kept ? [...keptSeeds.map(({ seed }) => seed), ...fresh] : fresh;
}

const figures = ({ seeds: count, simulatedMs, turns, faults }: SearchResult): string => {
  const hours = (performance.now() - startedMs) / HOUR_MS;
  const simulated = simulatedMs / HOUR_MS;
  // On a machine that does other things too, the clock on the wall says little.
  const { user, system } = process.cpuUsage();
  const coreHours = (user + system) / 1_000 / HOUR_MS;
  return `${count} seeds, ${simulated.toFixed(2)} simulated hours (${(simulated / hours).toFixed(0)} per hour, ${(simulated / coreHours).toFixed(0)} per hour of a core), ${turns} turns, ${faults} planned faults`;
};

function report(result: SearchResult): void {
  const met = Object.entries(counted).map(([name, meaning]) => ({
    name,
    meaning,
    times: result.counters.hits.get(name as never) ?? 0,
  }));
  for (const { plan, story } of result.failures) say(`\nFAILED seed ${plan.seed}\n${story}`);
  if (values.seed === undefined) {
    for (const { name, times } of met) say(`${String(times).padStart(9)}  ${name}`);
    for (const name of result.counters.missed) say(`NEVER MET: ${name}: ${counted[name]}`);
  }
  if (values.json === undefined) return;
  const commit = execFileSync('git', ['rev-parse', 'HEAD'], { encoding: 'utf8' }).trim();
  const { seeds: count, simulatedMs, turns, faults, checkedTwice, failures } = result;
  const wallMs = Math.round(performance.now() - startedMs);
  const body = { commit, from: values.from, seeds: count, simulatedMs, wallMs, turns, faults, checkedTwice, met, failures };
  writeFileSync(values.json, `${JSON.stringify(body, null, 2)}\n`);
}

async function main(): Promise<number> {
  if (values.planted) {
    const { only, write, recorded } = values;
    return runPlanted({
      say,
      isTimeUp,
      from: Number(values.from),
      seedsMax: Number(values.seeds),
      isRecorded: recorded,
      isInGate: values['in-gate'],
      ...(only && { only }),
      ...(write && { write }),
    });
  }
  let toldMs = startedMs;
  const progress = (result: SearchResult): void => {
    if (performance.now() - toldMs < PROGRESS_MS) return;
    toldMs = performance.now();
    say(`${figures(result)}, ${result.failures.length} failures so far`);
  };
  const shrinkUntil = () => {
    const endMs = performance.now() + SHRINK_MS;
    return () => performance.now() > endMs;
  };
  const result = await search({
    seeds: seeds(),
    isTimeUp,
    progress,
    shrinkUntil,
    twiceEvery: Number(values['twice-every']),
    failuresMax: FAILURES_MAX,
  });
  report(result);
  const verdict = result.failures.length === 0 && result.seeds > 0 ? 'nothing wrong' : `${result.failures.length} FAILED`;
  say(`${figures(result)}, ${result.checkedTwice} run twice: ${verdict}`);
  return result.failures.length === 0 && result.seeds > 0 ? 0 : 1;
}

process.exitCode = await main();
