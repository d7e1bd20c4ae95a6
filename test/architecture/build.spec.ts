/**
 * Goal: dist is built when it must be and only then, and a reader of it never finds half a build.
 * Method: the real build runs in a small tree of its own.
 */
import { spawn } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ROOT } from './source-files.js';

const SETTINGS = ['bin', 'package.json', 'package-lock.json', 'tsconfig.json', 'tsconfig.build.json', '.swcrc', 'nest-cli.json'];
let tree: string;

function build(...flags: string[]): Promise<{ readonly output: string; readonly code: number | null }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(tree, 'bin/build.cjs'), ...flags], { cwd: tmpdir() });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ output, code }));
  });
}

const source = (text: string): Promise<void> => writeFile(join(tree, 'src/main.ts'), text);
const built = (name: string): Promise<string> => readFile(join(tree, 'dist', name), 'utf8');
const leftovers = async (): Promise<string[]> => (await readdir(tree)).filter((name) => name.startsWith('.dist'));

beforeAll(async () => {
  tree = await mkdtemp(join(tmpdir(), 'sottovoce-build-spec-'));
  for (const name of SETTINGS) await cp(join(ROOT, name), join(tree, name), { recursive: true });
  await symlink(join(ROOT, 'node_modules'), join(tree, 'node_modules'));
  await mkdir(join(tree, 'src'));
  await source('export const greeting: string = "one";\n');
  await writeFile(join(tree, 'src/second.ts'), 'export const second = 2;\n');
});

afterAll(() => rm(tree, { recursive: true, force: true }));

describe('the build', () => {
  it('is made once by several that start together, and not again while nothing changes', async () => {
    const all = await Promise.all([build(), build(), build()]);
    expect(all.map(({ code }) => code)).toEqual([0, 0, 0]);
    expect(all.filter(({ output }) => /^Built dist in \d+\.\d s\.\n$/.test(output))).toHaveLength(1);
    expect(all.filter(({ output }) => output === '')).toHaveLength(2);
    expect(await built('main.js')).toContain('one');
    await utimes(join(tree, 'src/main.ts'), new Date(), new Date());
    expect(await build()).toEqual({ output: '', code: 0 });
  });

  it('is made again when a source changes, also to an older time, and forgets what was deleted', async () => {
    expect(await built('second.js')).toContain('second');
    await rm(join(tree, 'src/second.ts'));
    await source('export const greeting: string = "two";\n');
    await utimes(join(tree, 'src/main.ts'), new Date(0), new Date(0));
    expect((await build()).output).toMatch(/^Built dist/);
    expect(await built('main.js')).toContain('two');
    await expect(built('second.js')).rejects.toThrow();
  });

  it('that fails leaves the last good one, and says why', async () => {
    await source('export const = ;\n');
    const { output, code } = await build();
    expect(code).toBe(1);
    expect(output).toMatch(/src\/main\.ts/);
    expect(await built('main.js')).toContain('two');
    expect(await leftovers()).toEqual([]);
  });

  it('is forced although nothing changed, and does not wait for a builder that died', async () => {
    await source('export const greeting: string = "two";\n');
    expect((await build()).output).toBe('');
    await writeFile(join(tree, '.dist-lock'), '2147483647');
    expect((await build('--force')).output).toMatch(/^Built dist/);
    expect(await leftovers()).toEqual([]);
  });
});
