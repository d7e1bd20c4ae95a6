/** Opening database files and data folders: what makes a start impossible is one clear line that says what to do. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import Database from 'better-sqlite3';
import { openDataFolder } from '../../src/adapters/sqlite/data-folder.js';
import { NEVER_RELEASED, openSqliteDatabase } from '../../src/adapters/sqlite/sqlite-database.js';
import { StartRefused } from '../../src/application/ports/failures.js';

const SCHEMA = ['CREATE TABLE one (a INTEGER)', 'CREATE TABLE two (b INTEGER)'];

function refusalOf(start: () => unknown): string {
  try {
    start();
  } catch (error) {
    expect(error).toBeInstanceOf(StartRefused);
    expect((error as Error).message).not.toContain('\n');
    return (error as Error).message;
  }
  throw new Error('The start was not refused.');
}

describe('A database file', () => {
  let folder: string;
  let file: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sottovoce-test-database-'));
    file = join(folder, 'some.sqlite');
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('is durable at every commit, bounded in its log, and zeroes what is deleted', () => {
    const connection = openSqliteDatabase(file, SCHEMA, { walAutocheckpoint: 321 });
    const pragma = (name: string) => connection.pragma(name, { simple: true });
    expect(['journal_mode', 'synchronous', 'foreign_keys', 'secure_delete', 'wal_autocheckpoint'].map(pragma)).toEqual([
      'wal',
      2,
      1,
      1,
      321,
    ]);
    expect(pragma('busy_timeout')).toBeGreaterThan(0);
    expect(pragma('journal_size_limit')).toBeGreaterThan(0);
    expect(pragma('mmap_size') ?? 0).toBe(0);
    connection.close();
  });

  it('is brought from the schema it has to the one that is known, and no step is made twice', () => {
    openSqliteDatabase(file, SCHEMA.slice(0, 1)).close();
    for (let start = 0; start < 2; start += 1) {
      const connection = openSqliteDatabase(file, SCHEMA);
      expect(connection.pragma('user_version', { simple: true })).toBe(2);
      connection.exec('INSERT INTO one VALUES (1); INSERT INTO two VALUES (2)');
      connection.close();
    }
  });

  it('keeps the schema it had when a step fails', () => {
    openSqliteDatabase(file, SCHEMA.slice(0, 1)).close();
    expect(() => openSqliteDatabase(file, [SCHEMA[0]!, `${SCHEMA[1]}; CREATE TABLE one (c)`])).toThrow();
    const connection = openSqliteDatabase(file, SCHEMA);
    expect(connection.pragma('user_version', { simple: true })).toBe(2);
    connection.close();
  });

  it('that no release has written is refused, and is never left behind by a crash between two steps', () => {
    const schema = [NEVER_RELEASED, ...SCHEMA];
    expect(() => openSqliteDatabase(file, [NEVER_RELEASED, 'CREATE NONSENSE'])).toThrow();
    openSqliteDatabase(file, schema).close();
    const old = new Database(file);
    expect(old.pragma('user_version', { simple: true })).toBe(3);
    old.pragma('user_version = 1');
    old.close();
    expect(refusalOf(() => openSqliteDatabase(file, schema))).toContain('before the first release');
  });

  it('of a newer schema is refused and not touched', () => {
    const newer = new Database(file);
    newer.pragma('user_version = 3');
    newer.close();
    const message = refusalOf(() => openSqliteDatabase(file, SCHEMA));
    expect(message).toMatch(/has schema 3, this version knows 2: start a newer version/);
    const same = new Database(file);
    expect(same.pragma('journal_mode', { simple: true })).toBe('delete');
    same.close();
  });

  it('that is no database is refused', async () => {
    await writeFile(file, 'Dear diary, '.repeat(1_000));
    expect(refusalOf(() => openSqliteDatabase(file, SCHEMA))).toContain('cannot be opened as a database (SQLITE_NOTADB)');
    expect(refusalOf(() => openSqliteDatabase(folder, SCHEMA))).toContain('SQLITE_CANTOPEN');
    expect(refusalOf(() => openSqliteDatabase(join(folder, 'no', 'where'), SCHEMA))).toContain('cannot be opened');
  });
});

describe('A data folder', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sottovoce-test-folder-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('is made when it is missing, and held by one process', () => {
    const path = join(folder, 'a', 'data');
    const first = openDataFolder(path);
    expect(refusalOf(() => openDataFolder(path))).toMatch(/is in use by another process: stop that one first/);
    const elsewhere = openDataFolder(join(folder, 'b'));
    first.close();
    first.close();
    openDataFolder(path).close();
    elsewhere.close();
  });

  it('cannot be a file', async () => {
    const file = join(folder, 'file');
    await writeFile(file, '');
    expect(refusalOf(() => openDataFolder(file))).toContain('is a file, or lies below one: choose another one');
    expect(refusalOf(() => openDataFolder(join(file, 'data')))).toContain('is a file, or lies below one: choose another one');
  });
});
