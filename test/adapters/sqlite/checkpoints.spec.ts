/** Goal: the thread copies what a writer commits while that goes on, ends when told to, and says when it cannot. */
import { readFileSync, statSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { transformSync } from '@swc/core';
import Database from 'better-sqlite3';
import { Checkpoints } from '../../../src/adapters/sqlite/checkpoints.js';
import { openSqliteDatabase } from '../../../src/adapters/sqlite/sqlite-database.js';
import { until } from '../../support/until.js';

/** The thread as a module of its own: no loader of this process reaches into it. */
function built(): URL {
  const source = readFileSync(join(process.cwd(), 'src/adapters/sqlite/checkpoint-thread.ts'), 'utf8');
  const { code } = transformSync(source, { swcrc: false, jsc: { target: 'es2022', parser: { syntax: 'typescript' } } });
  const library = pathToFileURL(createRequire(import.meta.url).resolve('better-sqlite3')).href;
  const whole = code.replace(/(['"])better-sqlite3\1/, JSON.stringify(library));
  return new URL(`data:text/javascript;base64,${Buffer.from(whole).toString('base64')}`);
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
