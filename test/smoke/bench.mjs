#!/usr/bin/env node
/**
 * Goal: the benchmark measures and reports, on any machine, and says what is wrong with a wrong call. How fast anything
 * is, is nobody's business here.
 * Method: one quick round of the first item against the floor; the file and the table it leaves are read.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, Cases, endAll, Running } from '../support/processes.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'sottovoce-smoke-bench-'));
const file = join(folder, 'figures.json');
const cases = new Cases();
build(ROOT);
const bench = (...args) => new Running('the bench', [join(ROOT, 'bench/bench.mjs'), ...args], { cwd: ROOT });

async function measures() {
  const run = bench('--items', 'a', '--rounds', '1', '--seconds', '0.3', '--quick', '--json', file);
  const { code } = await run.ends(60_000);
  if (code !== 0) throw new Error(run.tail());
  const { machine, versions, items } = JSON.parse(readFileSync(file, 'utf8'));
  const isWhole = machine.cores > 0 && versions.sqlite !== undefined && items.length > 0;
  const isMeasured = items.every(({ id, ours, reference, ratio, rounds }) => {
    const { p25, median, p75 } = ratio;
    return id === 'a' && ours > 0 && reference > 0 && p25 <= median && median <= p75 && rounds.length > 0;
  });
  if (!isWhole || !isMeasured) throw new Error(JSON.stringify(items));
  if (!/64 in flight, rate/.test(run.output)) throw new Error(run.tail());
}

async function explains() {
  const run = bench('--items', 'a,nonsense');
  const { code } = await run.ends(10_000);
  if (code !== 1 || !/There is no item nonsense/.test(run.errors) || !/--rounds/.test(run.errors)) throw new Error(run.tail());
  const other = bench('--peer', 'nobody');
  if ((await other.ends(10_000)).code !== 1 || !/There is no peer nobody/.test(other.errors)) throw new Error(other.tail());
}

try {
  await cases.run('one quick round is measured and reported', 60_000, measures);
  await cases.run('a wrong call is told how to ask', 15_000, explains);
} finally {
  await endAll();
  rmSync(folder, { recursive: true, force: true });
}
console.log(`${cases.passed} passed, ${cases.failed} failed`);
process.exit(cases.failed > 0 ? 1 : 0);
