/**
 * Goal: the model of a disk lets nothing be lost that was synced, and everything else. Method: one file, one write; all
 * that may become of it is met in many images, and nothing besides.
 */
import { describe, expect, it } from '@jest/globals';
import { Dice } from './dice.js';
import { DiskModel, MODES, type Operation } from './disk-model.js';

const SECTOR = 512;
const create: Operation = { kind: 'create', inode: '1', path: '/f/a' };
const write = (offset: number, text: string): Operation => ({ kind: 'write', inode: '1', offset, bytes: Buffer.from(text) });
const sync: Operation = { kind: 'sync', inode: '1' };
const syncFolder: Operation = { kind: 'sync-folder', path: '/f' };

/** What is met in many images, by path and content. */
function imagesOf(...operations: readonly Operation[]): Set<string> {
  const disk = new DiskModel();
  for (const operation of operations) disk.apply(operation);
  const dice = new Dice(7);
  return new Set(
    Array.from({ length: 300 }, (_, at) => {
      const files = [...disk.image(MODES[at % MODES.length]!, dice)];
      return files.map(([path, bytes]) => `${path} ${bytes}`).join(', ');
    }),
  );
}

describe('a model of a disk', () => {
  it('keeps what was synced, under a name that was synced', () => {
    expect(imagesOf(create, write(0, 'whole'), sync, syncFolder)).toEqual(new Set(['/f/a whole']));
  });

  it('may lose a name, and a write, that was not', () => {
    expect(imagesOf(create, write(0, 'whole'), sync)).toEqual(new Set(['', '/f/a whole']));
    expect(imagesOf(create, syncFolder, write(0, 'whole'))).toEqual(new Set(['/f/a ', '/f/a whole', '/f/a \0\0\0\0\0']));
  });

  it('may keep a later write and lose an earlier one, but never put the earlier one on top', () => {
    const met = imagesOf(create, syncFolder, write(0, 'aa'), sync, write(0, 'bb'), write(1, 'c'));
    expect(met).toEqual(new Set(['/f/a aa', '/f/a bb', '/f/a bc', '/f/a ac']));
  });

  it('tears a write at sectors and nowhere else', () => {
    const text = `${'x'.repeat(SECTOR)}${'y'.repeat(SECTOR)}`;
    const met = [...imagesOf(create, write(0, 'o'.repeat(2 * SECTOR)), sync, syncFolder, write(0, text))];
    const short = met.map((image) => image.slice('/f/a '.length).replaceAll(/(.)\1{511}/g, '$1')).sort();
    expect(short).toEqual(['oo', 'oy', 'xo', 'xy']);
  });

  it('may bring a removed or renamed file back until its folder is synced', () => {
    const made = [create, write(0, 'w'), sync, syncFolder] as const;
    expect(imagesOf(...made, { kind: 'unlink', path: '/f/a' })).toEqual(new Set(['', '/f/a w']));
    expect(imagesOf(...made, { kind: 'unlink', path: '/f/a' }, syncFolder)).toEqual(new Set(['']));
    const renamed = imagesOf(...made, { kind: 'rename', path: '/f/a', to: '/f/b' });
    expect(renamed).toEqual(new Set(['/f/a w', '/f/b w']));
  });
});
