/**
 * Goal: the code as it is passes in simulated worlds, and the code with a bug in it does not. Method: the command itself,
 * on some seeds and on all that once failed; and on planted bugs, each at the seed that finds it. A longer search is
 * `npm run simulate`, a full one of the planted bugs `npm run simulate -- --planted`.
 */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { type Counted, counted } from './counters.js';
import { keptSeeds } from './kept-seeds.js';
import { plantedBugs } from './planted-bugs.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PLANTED_BUGS_MIN = 30;
/** Rare branches that the gate goes through every time. */
const ALWAYS_MET = [
  ...['sync: next page', 'sync: next page elsewhere', 'sync: from between pages', 'sync: limited'],
  ...['socket: resync', 'socket: too slow', 'poll: woken', 'poll: empty', 'poll: abandoned', 'request: command'],
  ...['key: answered again', 'key: in progress', 'key: reused', 'key: done after a crash'],
] as const satisfies readonly Counted[];
const run = promisify(execFile);

/** What the command says, and how it ends. */
async function simulate(...args: readonly string[]): Promise<{ readonly code: number; readonly text: string }> {
  const node = ['--import', './test/simulation/hooks.mjs', 'test/simulation/command.ts', ...args];
  return run(process.execPath, node, { cwd: ROOT, maxBuffer: 64 * 1024 * 1024 }).then(
    ({ stdout }) => ({ code: 0, text: stdout }),
    ({ code, stdout, stderr }: { code: number; stdout: string; stderr: string }) => ({ code, text: `${stdout}\n${stderr}` }),
  );
}

describe('a simulated world', () => {
  it('shows nothing wrong, at some seeds and at all that once failed, and is the same when it is run again', async () => {
    const { code, text } = await simulate('--kept', '--seeds', '12', '--from', '34', '--twice-every', '6');
    expect({ code, text }).toMatchObject({ code: 0, text: expect.stringContaining(`${keptSeeds.length + 12} seeds, `) });
    expect(text).toMatch(/, [2-9]\d* run twice: nothing wrong\n$/);
    const met = Object.keys(counted).filter((name) => !text.includes(`NEVER MET: ${name}:`));
    expect(met).toEqual(expect.arrayContaining([...ALWAYS_MET]));
    expect(met.length).toBeGreaterThan(Object.keys(counted).length * 0.7);
  }, 240_000);

  it('with a bug in it is found out, at the seed of the table', async () => {
    const { code, text } = await simulate('--planted', '--recorded', '--in-gate');
    expect({ code, text }).toMatchObject({ code: 0 });
    expect(text).toMatch(/(\d+) of \1 planted bugs were found\n$/);
  }, 240_000);
});

describe('the table of planted bugs', () => {
  it('has enough of them, each under a name of its own', () => {
    expect(plantedBugs.length).toBeGreaterThanOrEqual(PLANTED_BUGS_MIN);
    expect(new Set(plantedBugs.map(({ name }) => name)).size).toBe(plantedBugs.length);
  });

  it.each(plantedBugs)('puts in its place what stands in the code exactly once: $name', ({ patches }) => {
    for (const { file, find } of patches) {
      const times = readFileSync(join(ROOT, 'src', file), 'utf8').split(find).length - 1;
      expect({ file, find, times }).toEqual({ file, find, times: 1 });
    }
  });

  it('is the one that the documents show', () => {
    const page = readFileSync(join(ROOT, 'docs/reference/planted-bugs.md'), 'utf8');
    for (const { name, seed } of plantedBugs) expect(page).toContain(`| ${name} | ${seed} |`);
  });
});
