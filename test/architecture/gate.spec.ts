/**
 * Goal: the gate fails when anything in it fails or cannot run, and says so in its last line.
 * Method: the real gate runs in a small tree of its own, with suites that pass, fail, crash, say nothing or do not exist.
 */
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ROOT } from './source-files.js';

const { NODE_OPTIONS: _, ...env } = process.env;
let tree: string;

const specOf = (body: string): string => `import { expect, it } from '@jest/globals';\n${body}\n`;
const files: Readonly<Record<string, string>> = {
  'package.json': '{ "type": "module" }',
  'test/support/preload.ts': 'export {};',
  'test/contracts/green.spec.ts': specOf("it('one', () => {}); it('two', () => {});"),
  'test/journeys/red.spec.ts': specOf("it('is told', () => { expect('here').toBe('there'); }); it('passes', () => {});"),
  'test/journeys/crash.spec.ts': "throw new Error('no case was reached');",
  'test/journeys/empty.spec.ts': 'export {};',
  'test/projections/skipping.spec.ts': specOf("it('one', () => {}); it.skip('two', () => {});"),
  'test/elsewhere/green.spec.ts': specOf("it('one', () => {});"),
  'test/smoke/good.mjs': "console.log('3 passed, 0 failed');",
  'test/smoke/bad.mjs': "console.log('3 passed, 2 failed'); process.exitCode = 1;",
  'test/smoke/mute.mjs': '',
  'test/smoke/dying.mjs': "console.log('3 passed, 0 failed'); process.exitCode = 3;",
};

function gate(...suites: string[]): Promise<{ readonly lines: string[]; readonly code: number | string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [join(tree, 'bin/gate.mjs'), ...suites], { cwd: tree, env }, (failure, stdout) => {
      resolve({ lines: stdout.trimEnd().split('\n'), code: failure?.code ?? 0 });
    });
  });
}

beforeAll(async () => {
  tree = await mkdtemp(join(tmpdir(), 'sottovoce-gate-spec-'));
  for (const name of ['bin', 'jest.config.mjs']) await cp(join(ROOT, name), join(tree, name), { recursive: true });
  await symlink(join(ROOT, 'node_modules'), join(tree, 'node_modules'));
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(tree, path)), { recursive: true });
    await writeFile(join(tree, path), content);
  }
});

afterAll(() => rm(tree, { recursive: true, force: true }));

describe('the gate', () => {
  it('passes when all of its suites pass, and counts their cases', async () => {
    const { lines, code } = await gate('contracts', 'others', 'smoke-good');
    expect(lines.at(-1)).toBe('6 passed, 0 failed, 0 skipped');
    expect(code).toBe(0);
  });

  it('goes on after a failure, and fails for a red case, a crash and a file without cases', async () => {
    const { lines, code } = await gate('journeys', 'unit');
    expect(lines.at(-1)).toBe('2 passed, 3 failed, 1 skipped');
    expect(lines).toContainEqual(expect.stringMatching(/^FAILED journeys: test\/journeys\/red\.spec\.ts: is told$/));
    expect(lines).toContainEqual(expect.stringMatching(/Expected: "there"/));
    expect(lines).toContainEqual(expect.stringMatching(/^FAILED journeys: test\/journeys\/crash\.spec\.ts: could not run$/));
    expect(lines).toContainEqual(expect.stringMatching(/no case was reached/));
    expect(lines).toContainEqual(expect.stringMatching(/^FAILED journeys: test\/journeys\/empty\.spec\.ts: could not run$/));
    expect(code).toBe(1);
  });

  it('fails for a smoke test that fails, says nothing, or dies after good figures', async () => {
    const { lines, code } = await gate('smoke');
    expect(lines.at(-1)).toBe('9 passed, 4 failed, 0 skipped');
    expect(code).toBe(1);
  });

  it('fails for a group without specs, a check that cannot run, and a suite that does not exist', async () => {
    const { lines, code } = await gate('architecture', 'types-domain', 'nonsense');
    expect(lines.at(-1)).toBe('0 passed, 3 failed, 0 skipped');
    expect(code).toBe(1);
  });
});
