#!/usr/bin/env node
/**
 * The gate: everything that is checked, in one run that goes on after a failure, so that one run shows all.
 * A suite that cannot run is a failure. The last line is always "N passed, N failed, N skipped".
 * `npm test` runs all suites, `npm test -- architecture types` the named ones.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const SUITE_LIFE_MS = 10 * 60 * 1000;
/** No spec file takes this long; a loop in one is not stopped by the time limit of its cases. */
const QUIET_MS_MAX = 3 * 60 * 1000;
/** A process that has reported everything and does not end holds something open. */
const LINGER_MS_MAX = 20 * 1000;
const OUTPUT_LINES_MAX = 120;
const MESSAGE_LINES_MAX = 30;
/** A short run of the crash programmes; each run of the gate has another seed, and says which. */
const CRASH = 'test/crash/crash.mjs';
const CRASHES = ['--cycles', '15', '--flips', '60'];

const scratch = mkdtempSync(join(tmpdir(), 'sottovoce-gate-'));
const running = new Set();
const print = (text) => process.stdout.write(`${text}\n`);
const bin = (path) => join(ROOT, 'node_modules', path);

function killGroup(child) {
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    for (const child of running) killGroup(child);
    rmSync(scratch, { recursive: true, force: true });
    process.exit(1);
  });
}

/** Runs Node with the arguments; resolves when it has ended, however it did. `watch` says why it must be ended, if it must. */
function runNode(args, { isLive = false, env = {}, watch = () => undefined } = {}) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, args, {
      cwd: ROOT,
      detached: true,
      env: { ...process.env, FORCE_COLOR: '0', NO_COLOR: '1', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    running.add(child);
    const startedAt = performance.now();
    let output = '';
    let ending;
    const keep = (chunk) => {
      output += chunk;
      if (isLive) process.stdout.write(chunk);
    };
    child.stdout.setEncoding('utf8').on('data', keep);
    child.stderr.setEncoding('utf8').on('data', keep);
    const watching = setInterval(() => {
      const isLate = performance.now() - startedAt > SUITE_LIFE_MS;
      ending ??= isLate ? `did not end within ${SUITE_LIFE_MS / 60_000} minutes` : watch();
      if (ending !== undefined) killGroup(child);
    }, 1000);
    const settle = (code, signal) => {
      clearInterval(watching);
      running.delete(child);
      resolve({ output, code, problem: ending ?? (signal ? `was ended by ${signal}` : undefined) });
    };
    child.on('error', (error) => {
      ending ??= error.message;
      settle(1, null);
    });
    child.on('close', settle);
  });
}

const tail = (text, max) => {
  const lines = text.trimEnd().split('\n');
  return lines.length <= max ? lines.join('\n') : [...lines.slice(0, max), `... ${lines.length - max} more lines`].join('\n');
};

const single = (failure) => ({
  passed: failure ? 0 : 1,
  failed: failure ? 1 : 0,
  skipped: 0,
  failures: failure ? [failure] : [],
});

/** A check that is one case: it passes when its process ends well. */
async function check(title, args) {
  const { output, code, problem } = await runNode(args);
  const isGood = code === 0 && problem === undefined;
  return single(isGood ? undefined : { title, message: `${problem ?? `ended with ${code}`}\n${tail(output, OUTPUT_LINES_MAX)}` });
}

const lint = () =>
  check('format and lint', [bin('@biomejs/biome/bin/biome'), 'check', '--error-on-warnings', '--max-diagnostics=50', '.']);
const types = () => check('types', [bin('typescript/bin/tsc'), '--noEmit', '--pretty', 'false']);
const typesOfDomain = () =>
  check('types of the domain, without ambient globals', [
    bin('typescript/bin/tsc'),
    '-p',
    'src/domain/tsconfig.json',
    '--pretty',
    'false',
  ]);

function filesUnder(folder, ending) {
  const start = join(ROOT, folder);
  if (!existsSync(start)) return [];
  return readdirSync(start, { recursive: true })
    .filter((name) => name.endsWith(ending))
    .map((name) => `${folder}/${name.split(sep).join('/')}`)
    .sort();
}

/** Stack lines of the runner say nothing; ours do. */
const ownLines = (message) =>
  message
    .split('\n')
    .filter((line) => !/^\s+at (?:.*(?:node_modules|node:internal)|new Promise \(<anonymous>\))/.test(line))
    .join('\n')
    .replaceAll(ROOT, '');

/** What the reporter has written so far: a record per spec file that ended, and whether the run is complete. */
function readReport(report) {
  const lines = existsSync(report) ? readFileSync(report, 'utf8').split('\n').slice(0, -1) : [];
  const records = lines.map((line) => JSON.parse(line));
  return { ended: records.filter(({ path }) => path !== undefined), isComplete: records.some(({ isComplete }) => isComplete) };
}

/** Why a Jest process must be ended: it is done and lingers, or nothing in it has ended for too long. */
function jestWatch(report) {
  let seen = -1;
  let sinceMs = performance.now();
  return () => {
    const { ended, isComplete } = readReport(report);
    const now = ended.length + (isComplete ? 1 : 0);
    if (now !== seen) sinceMs = performance.now();
    seen = now;
    const quietMs = performance.now() - sinceMs;
    if (isComplete && quietMs > LINGER_MS_MAX) return 'reported and then did not end: something is still open';
    return quietMs > QUIET_MS_MAX ? `no spec file ended for ${QUIET_MS_MAX / 60_000} minutes` : undefined;
  };
}

async function jest(name, specs) {
  if (specs.length === 0) return single({ title: `${name}: no spec files`, message: 'A group without specs guards nothing.' });
  const report = join(scratch, `${name}.jsonl`);
  const node = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning', bin('jest/bin/jest.js')];
  const flags = ['--ci', '--reporters=<rootDir>/bin/gate-reporter.mjs', '--runTestsByPath'];
  const options = { isLive: true, env: { GATE_REPORT: report }, watch: jestWatch(report) };
  const { output, code, problem } = await runNode([...node, ...flags, ...specs], options);
  const { ended, isComplete } = readReport(report);
  const failures = ended.flatMap((file) =>
    file.failures.map(({ title, message }) => ({ title, message: tail(ownLines(message), MESSAGE_LINES_MAX) })),
  );
  const evidence = tail(output, OUTPUT_LINES_MAX);
  for (const spec of specs) {
    if (!ended.some(({ path }) => path.split(sep).join('/') === spec))
      failures.push({ title: `${spec}: did not end`, message: '' });
  }
  if (problem !== undefined) failures.push({ title: `${name}: ${problem}`, message: '' });
  else if (!isComplete) failures.push({ title: `${name}: ended with ${code} before its report`, message: evidence });
  else if (code !== 0 && failures.length === 0) failures.push({ title: `${name}: ended with ${code}`, message: evidence });
  const sum = (key) => ended.reduce((total, file) => total + file[key], 0);
  return { passed: sum('passed'), failed: failures.length, skipped: sum('skipped'), failures };
}

async function smoke(path, args = []) {
  const { output, code, problem } = await runNode([path, ...args], { isLive: true });
  const figures = [...output.matchAll(/^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?\s*$/gm)].at(-1);
  const [passed, failed, skipped] = (figures ?? []).slice(1).map((figure) => Number(figure ?? 0));
  const evidence = tail(output.split('\n').slice(-OUTPUT_LINES_MAX).join('\n'), OUTPUT_LINES_MAX);
  if (figures === undefined || passed + failed === 0 || problem !== undefined) {
    return single({ title: path, message: `${problem ?? `ended with ${code} and no figures`}\n${evidence}` });
  }
  const isUncounted = code !== 0 && failed === 0;
  const failures = failed > 0 || isUncounted ? [{ title: `${path}: ended with ${code}`, message: evidence }] : [];
  return { passed, failed: failed + (isUncounted ? 1 : 0), skipped, failures };
}

const GROUPS = {
  architecture: ['architecture'],
  unit: ['domain', 'application', 'projections'],
  contracts: ['contracts'],
  others: undefined,
  journeys: ['journeys'],
};

/** Every spec file is in one group; those whose folder no group names are in `others`. */
function jestSuites() {
  const named = Object.values(GROUPS).flatMap((folders) => folders ?? []);
  const specs = filesUnder('test', '.spec.ts').map((path) => ({ path, folder: path.split('/')[1] }));
  return Object.entries(GROUPS).flatMap(([name, folders]) => {
    const isMine = ({ folder }) => (folders ? folders.includes(folder) : !named.includes(folder));
    const paths = specs.filter(isMine).map(({ path }) => path);
    return folders === undefined && paths.length === 0 ? [] : [{ name, run: () => jest(name, paths) }];
  });
}

function allSuites() {
  const smokes = filesUnder('test/smoke', '.mjs').map((path) => ({
    name: `smoke-${basename(path, '.mjs')}`,
    run: () => smoke(path),
  }));
  const crashes = existsSync(join(ROOT, CRASH)) ? [{ name: 'crash', run: () => smoke(CRASH, CRASHES) }] : [];
  const checks = [
    { name: 'lint', run: lint },
    { name: 'types', run: types },
    { name: 'types-domain', run: typesOfDomain },
  ];
  // The checks have one thread each and share the cores; Jest uses all cores by itself. Of the processes that the smoke
  // tests and the crash loop start, most wait for one another: the two go side by side.
  return { together: checks, inTurn: jestSuites(), sideBySide: [smokes, crashes] };
}

async function timed({ name, run }) {
  const startedAt = performance.now();
  print(`> ${name}`);
  const result = await run().catch((error) =>
    single({ title: `${name}: could not run`, message: String(error?.stack ?? error) }),
  );
  const outcome = { name, ...result, seconds: (performance.now() - startedAt) / 1000 };
  const verdict = outcome.failed === 0 ? 'ok' : 'FAILED';
  print(`< ${name}: ${verdict}, ${outcome.passed} passed, ${outcome.failed} failed, ${outcome.seconds.toFixed(1)} s`);
  return outcome;
}

function printFailures(outcomes) {
  for (const { name, failures } of outcomes) {
    for (const { title, message } of failures) {
      print(`\nFAILED ${name}: ${title}`);
      if (message.trim() !== '') print(message.trimEnd().replace(/^/gm, '    '));
    }
  }
}

function printTable(outcomes, seconds) {
  const width = Math.max(5, ...outcomes.map(({ name }) => name.length));
  const row = (name, cells) => `${name.padEnd(width)}  ${cells.map((cell) => String(cell).padStart(8)).join('')}`;
  print(`\n${row('suite', ['passed', 'failed', 'skipped', 'time'])}`);
  for (const { name, passed, failed, skipped, seconds: took } of outcomes) {
    print(row(name, [passed, failed, skipped, `${took.toFixed(1)} s`]));
  }
  print(`${row('all', ['', '', '', `${seconds.toFixed(1)} s`])}\n`);
}

async function main(wanted) {
  const startedAt = performance.now();
  const { together, inTurn, sideBySide } = allSuites();
  const names = [...together, ...inTurn, ...sideBySide.flat()].map(({ name }) => name);
  const isWanted = ({ name }) =>
    wanted.length === 0 || wanted.some((word) => name === word || (word === 'smoke' && name.startsWith('smoke-')));
  const unknown = wanted.filter(
    (word) => !names.some((name) => name === word || (word === 'smoke' && name.startsWith('smoke-'))),
  );
  const outcomes = await Promise.all(together.filter(isWanted).map(timed));
  const oneByOne = async (suites) => {
    for (const suite of suites.filter(isWanted)) outcomes.push(await timed(suite));
  };
  await oneByOne(inTurn);
  await Promise.all(sideBySide.map(oneByOne));
  for (const word of unknown) {
    outcomes.push({ name: word, seconds: 0, ...single({ title: 'no such suite', message: `There are: ${names.join(', ')}.` }) });
  }
  printFailures(outcomes);
  printTable(outcomes, (performance.now() - startedAt) / 1000);
  const sum = (key) => outcomes.reduce((total, outcome) => total + outcome[key], 0);
  print(`${sum('passed')} passed, ${sum('failed')} failed, ${sum('skipped')} skipped`);
  process.exitCode = sum('failed') > 0 || sum('passed') === 0 ? 1 : 0;
}

try {
  await main(process.argv.slice(2));
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
