/** Goal: the thread copies what a writer commits while that goes on, to the end where it can, ends when told to, and says when it cannot. */
import { readFileSync, statSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { transformSync } from '@swc/core';
import Database from 'better-sqlite3';
import { copyWhole } from '../../../src/adapters/sqlite/checkpoint-passes.js';
import { Checkpoints } from '../../../src/adapters/sqlite/checkpoints.js';
import { openSqliteDatabase } from '../../../src/adapters/sqlite/sqlite-database.js';
import { until } from '../../support/until.js';

function moduleOf(name: string, imports: Readonly<Record<string, string>>): URL {
  const source = readFileSync(join(process.cwd(), 'src/adapters/sqlite', name), 'utf8');
  const { code } = transformSync(source, { swcrc: false, jsc: { target: 'es2022', parser: { syntax: 'typescript' } } });
  const whole = Object.entries(imports).reduce(
    (text, [from, to]) => text.replace(new RegExp(`(['"])${from}\\1`), `'${to}'`),
    code,
  );
  return new URL(`data:text/javascript;base64,${Buffer.from(whole).toString('base64')}`);
}

/** The thread as a module of its own: no loader of this process reaches into it. */
function built(): URL {
  const library = pathToFileURL(createRequire(import.meta.url).resolve('better-sqlite3')).href;
  const passes = moduleOf('checkpoint-passes.ts', {}).href;
  return moduleOf('checkpoint-thread.ts', { 'better-sqlite3': library, './checkpoint-passes.js': passes });
}

/** A log in which so many pages stand whenever a pass begins. */
function passesOver(pages: readonly number[]): number {
  let passes = 0;
  copyWhole(() => pages[passes++] ?? Number.NaN);
  return passes;
}

describe('Checkpoints in a thread', () => {
  let folder: string;
  let file: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sottovoce-test-checkpoints-'));
    file = join(folder, 'some.sqlite');
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('copy what is committed while the writer goes on, and leave the file whole', async () => {
    const writer = openSqliteDatabase(file, ['CREATE TABLE rows (value TEXT)'], { walAutocheckpoint: 0 });
    const insert = writer.prepare('INSERT INTO rows VALUES (?)');
    const failures: unknown[] = [];
    const checkpoints = new Checkpoints([file], (error) => failures.push(error), built());
    let rows = 0;
    await until('the file has grown', () => {
      for (let at = 0; at < 20; at += 1) insert.run('x'.repeat(1_000));
      rows += 20;
      return statSync(file).size > 200_000;
    });
    await checkpoints.stop();
    expect(failures).toEqual([]);
    writer.close();
    const again = new Database(file, { readonly: true });
    expect(again.prepare('SELECT count(*) FROM rows').pluck().get()).toBe(rows);
    expect(again.pragma('integrity_check', { simple: true })).toBe('ok');
    again.close();
  });

  it('go again over what came in during a pass, until nothing did', () => {
    expect(passesOver([0, 0])).toBe(2);
    expect(passesOver([900, 1_130, 1_130])).toBe(3);
  });

  it('leave the rest to the next time where the writer never rests', () => {
    expect(passesOver([900, 1_130, 1_160, 1_190, 1_220])).toBe(4);
  });

  it('end when they are told to, although nothing happens', async () => {
    openSqliteDatabase(file, []).close();
    await new Checkpoints([file], () => undefined, built()).stop();
  });

  it('say that they cannot, and are over', async () => {
    const failures: unknown[] = [];
    const checkpoints = new Checkpoints([join(folder, 'absent.sqlite')], (error) => failures.push(error), built());
    await until('it has failed', () => failures.length > 0);
    await checkpoints.stop();
    expect(failures).toHaveLength(1);
  });
});
