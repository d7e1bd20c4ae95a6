/**
 * What only root keys in files can get wrong. Goal: with a root key that is lost, damaged, open to others or another
 * one, nothing starts and the message says what to do; and of a destroyed key no byte stays in the folder.
 */
import { randomBytes } from 'node:crypto';
import { chmod, copyFile, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { FileRootKeys } from '../../src/adapters/files/file-root-keys.js';
import { StartRefused, Unavailable } from '../../src/application/ports/failures.js';

let parent: string;
let folder: string;
const file = (name: string): string => join(folder, name);
const open = (mayCreate: boolean): Promise<FileRootKeys> => FileRootKeys.open({ folder, mayCreate });

/** The one line with which the start is refused. */
async function refusal(opening: Promise<unknown>): Promise<string> {
  const refused: unknown = await opening.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(refused).toBeInstanceOf(StartRefused);
  const { message } = refused as Error;
  expect(message).not.toContain('\n');
  return message;
}

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'sottovoce-test-key-files-'));
  folder = join(parent, 'deeper', 'keys');
});
afterEach(() => rm(parent, { recursive: true, force: true }));

describe('the first start', () => {
  it('makes a folder and files that nobody else can read', async () => {
    const keys = await open(true);
    await keys.create('one');
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    expect((await readdir(folder)).toSorted()).toEqual(['one.kek', 'root.key']);
    for (const name of await readdir(folder)) expect((await stat(file(name))).mode & 0o777).toBe(0o600);
  });

  it('takes a root key that is there already', async () => {
    await mkdir(folder, { recursive: true });
    await writeFile(file('root.key'), randomBytes(32).toString('base64url'), { mode: 0o600 });
    const before = await readFile(file('root.key'), 'utf8');
    await open(true);
    expect(await readFile(file('root.key'), 'utf8')).toBe(before);
  });

  it('of several processes at once agrees on one root key', async () => {
    const all = await Promise.all(Array.from({ length: 4 }, () => open(true)));
    const codes = await Promise.all(all.map(async (keys) => Buffer.from(await keys.mac('purpose', 'data')).toString('hex')));
    expect(new Set(codes).size).toBe(1);
  });

  it('is refused when the folder cannot be written', async () => {
    await writeFile(join(parent, 'deeper'), 'a file where a folder should be');
    expect(await refusal(open(true))).toMatch(/check the folder/);
  });
});

describe('a later start is refused when the root key', () => {
  beforeEach(async () => {
    await (await open(true)).create('one');
  });

  it('is missing, and no new one is made', async () => {
    await rename(file('root.key'), join(parent, 'lost'));
    expect(await refusal(open(false))).toMatch(/root\.key is missing.*put the file back from its backup/);
    expect(await readdir(folder)).toEqual(['one.kek']);
  });

  it('cannot be read', async () => {
    await rm(file('root.key'));
    await mkdir(file('root.key'));
    expect(await refusal(open(false))).toMatch(/cannot be read \(EISDIR\)/);
  });

  it.each([
    ['empty', ''],
    ['too short', randomBytes(31).toString('base64url')],
    ['too long', randomBytes(33).toString('base64url')],
    ['no base64url', `${randomBytes(32).toString('base64url').slice(0, 42)}!`],
    ['of two lines', `${randomBytes(32).toString('base64url')}\nmore`],
  ])('is malformed: %s', async (_, content) => {
    await writeFile(file('root.key'), content, { mode: 0o600 });
    const message = await refusal(open(false));
    expect(message).toMatch(/does not hold a root key/);
    if (content !== '') expect(message).not.toContain(content);
    expect(await refusal(open(true))).toMatch(/does not hold a root key/);
  });

  it.each([0o640, 0o604, 0o660, 0o644])('is open to others than its owner: mode %o', async (mode) => {
    await chmod(file('root.key'), mode);
    expect(await refusal(open(false))).toMatch(/chmod 600/);
    await chmod(file('root.key'), 0o600);
    await open(false);
  });

  it('is another one than the keys of the folder were wrapped with', async () => {
    await writeFile(file('root.key'), `${randomBytes(32).toString('base64url')}\n`, { mode: 0o600 });
    expect(await refusal(open(false))).toMatch(/root key does not open .*one\.kek/);
    expect(await refusal(open(true))).toMatch(/root key does not open .*one\.kek/);
  });
});

describe('a key file', () => {
  it('does not serve under another name', async () => {
    await (await open(true)).create('one');
    await copyFile(file('one.kek'), file('two.kek'));
    expect(await refusal(open(false))).toMatch(/two\.kek/);
  });

  it('holds its key wrapped: whoever has the file without the root key has nothing', async () => {
    const keys = await open(true);
    await keys.create('one');
    const wrapped = Buffer.from((await readFile(file('one.kek'), 'utf8')).trim(), 'base64url');
    expect(wrapped).toHaveLength(1 + 12 + 32 + 16);
  });

  it('is overwritten and leaves an empty mark when its key is destroyed', async () => {
    const keys = await open(true);
    await keys.create('one');
    await keys.destroy('one');
    expect((await readdir(folder)).toSorted()).toEqual(['one.destroyed', 'root.key']);
    expect((await stat(file('one.destroyed'))).size).toBe(0);
  });

  it.each(['one.kek', 'one.destroyed'])('whose destruction was cut short, %s, is finished by the next', async (left) => {
    const keys = await open(true);
    await keys.create('one');
    const bytes = (await keys.wrap('one', 'here', Buffer.from('plain'))) as Uint8Array;
    await rename(file('one.kek'), file(left));
    await keys.destroy('one');
    expect((await stat(file('one.destroyed'))).size).toBe(0);
    expect(await keys.unwrap('one', 'here', bytes)).toBe('absent');
  });

  it('whose destruction was cut short before it was overwritten is absent at once, and overwritten by the next start', async () => {
    const keys = await open(true);
    await keys.create('one');
    await rename(file('one.kek'), file('one.destroyed'));
    expect(await keys.wrap('one', 'here', Buffer.from('plain'))).toBe('absent');
    await open(false);
    expect((await stat(file('one.destroyed'))).size).toBe(0);
  });
});

describe('in use', () => {
  it.each(['', '../one', 'One', 'a/b', 'a.kek', `a${'b'.repeat(200)}`])('a name that is none is a defect: "%s"', async (name) => {
    const keys = await open(true);
    for (const call of [keys.create(name), keys.destroy(name), keys.wrap(name, '', Buffer.alloc(1))]) {
      await expect(call).rejects.toThrow('A name of a key');
    }
    expect(await readdir(folder)).toEqual(['root.key']);
  });

  it('a folder that is gone makes the keys unavailable, not absent', async () => {
    const keys = await open(true);
    await rm(folder, { recursive: true });
    await writeFile(folder, 'a file where the folder was');
    await expect(keys.create('one')).rejects.toBeInstanceOf(Unavailable);
    await expect(keys.destroy('one')).rejects.toBeInstanceOf(Unavailable);
    await expect(keys.wrap('one', 'here', Buffer.alloc(1))).rejects.toBeInstanceOf(Unavailable);
  });

  it('leaves no temporary file', async () => {
    const keys = await open(true);
    await Promise.all(Array.from({ length: 6 }, () => keys.create('one')));
    await keys.destroy('two');
    expect((await readdir(folder)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });
});
