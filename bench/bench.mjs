/**
 * The benchmark: `npm run bench -- --items a,b --rounds 9 --json figures.json`. What each item means, and what came out:
 * docs/performance.md. Only ratios say something, and only with their spread (ADR 0031).
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readArguments, USAGE, WrongArguments } from './arguments.mjs';
import { items, peers } from './items.mjs';
import { machine, moved, steadyProbe, versions } from './machine.mjs';
import { endAll, isPinned, pinDriver } from './servers.mjs';
import { printTable } from './table.mjs';
import { judged } from './targets.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const folders = new Set();
const print = (text) => process.stdout.write(`${text}\n`);

async function measure({ rounds, seconds, quick }, wanted) {
  const lines = [];
  const failures = [];
  for (const [id, item] of wanted) {
    const folder = mkdtempSync(join(tmpdir(), 'sottovoce-bench-'));
    folders.add(folder);
    const say = (text) => print(`${new Date().toISOString().slice(11, 19)}  (${id}) ${text}`);
    say(item.title);
    try {
      const before = steadyProbe(folder);
      const measured = await item.run({ folder, rounds, seconds, isQuick: quick, say });
      const reason = moved(before, steadyProbe(folder));
      if (reason !== undefined) say(`void: from before the item to after it ${reason}`);
      lines.push(...measured.map((line) => judged(line, reason)));
    } catch (error) {
      failures.push(id);
      say(`could not be measured: ${error.stack}`);
    } finally {
      await endAll();
      rmSync(folder, { recursive: true, force: true });
    }
  }
  return { lines, failures };
}

async function main() {
  const given = readArguments(process.argv.slice(2), Object.keys(items), Object.keys(peers));
  if (given.help) return print(USAGE);
  const wanted = given.items.map((id) => [id, items[id]]);
  if (given.peer !== undefined) wanted.push([given.peer, peers[given.peer]]);
  const minutes = wanted.reduce((sum, [, item]) => sum + item.seconds(given), 0) / 60;
  print(`${wanted.map(([id]) => id).join(', ')}: about ${Math.ceil(minutes)} min.`);
  const about = { machine: machine(), versions: versions(ROOT) };
  print(`${about.machine.cores} cores (${about.machine.cpu}), Linux ${about.machine.kernel}, Node ${about.versions.node}`);
  print(isPinned ? 'Each server has one core and the driver another one.' : 'Nothing is pinned: no taskset, or only one core.');
  pinDriver();
  const { lines, failures } = await measure(given, wanted);
  printTable(lines, print);
  if (given.json !== undefined) writeFileSync(given.json, `${JSON.stringify({ ...about, isPinned, items: lines }, null, 2)}\n`);
  if (failures.length > 0) print(`Not measured: ${failures.join(', ')}.`);
  process.exitCode = failures.length > 0 ? 1 : 0;
}

/** Nothing stays behind, however it ends: a frame that says what it should not is found out while it is read, outside any call. */
async function giveUp(error) {
  if (error instanceof Error) process.stderr.write(`${error.stack}\n`);
  await endAll();
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  process.exit(1);
}

for (const ending of ['SIGINT', 'SIGTERM', 'uncaughtException', 'unhandledRejection']) process.on(ending, giveUp);
try {
  await main();
} catch (error) {
  process.stderr.write(error instanceof WrongArguments ? `${error.message}\n\n${USAGE}` : `${error.stack}\n`);
  process.exitCode = 1;
} finally {
  await endAll();
}
process.exit();
