/**
 * What may lie on a disk after the power went: everything that was synced, and of the rest what chance likes. A write
 * without a sync of its file is there, or not, or in some of its sectors; a name without a sync of its folder is there or
 * not. Nothing else is promised by POSIX, and nothing else is taken for granted here.
 */
import { dirname } from 'node:path';
import type { Dice } from './dice.js';

export type Operation =
  | { readonly kind: 'create'; readonly inode: string; readonly path: string }
  | { readonly kind: 'write'; readonly inode: string; readonly offset: number; readonly bytes: Buffer }
  | { readonly kind: 'truncate'; readonly inode: string; readonly length: number }
  | { readonly kind: 'sync'; readonly inode: string }
  | { readonly kind: 'sync-folder'; readonly path: string }
  | { readonly kind: 'rename' | 'link'; readonly path: string; readonly to: string }
  | { readonly kind: 'unlink'; readonly path: string };

type Change = Extract<Operation, { readonly kind: 'write' | 'truncate' }>;

interface File {
  durable: Buffer;
  pending: Change[];
}

type NameChange = { readonly path: string; readonly from?: string; readonly file?: File };

/** How what was not synced fares in one image. */
export const MODES = ['nothing', 'everything', 'the first', 'the last', 'some', 'torn'] as const;
export type Mode = (typeof MODES)[number];

const SECTOR_BYTES = 512;
const KEPT = 0.5;

export class DiskModel {
  private readonly files = new Map<string, File>();
  /** As the process sees it. */
  private readonly names = new Map<string, File>();
  private readonly durableNames = new Map<string, File>();
  private pendingNames: NameChange[] = [];

  apply(operation: Operation): void {
    if (operation.kind === 'create') this.create(operation.inode, operation.path);
    else if (operation.kind === 'write' || operation.kind === 'truncate')
      this.files.get(operation.inode)?.pending.push(operation);
    else if (operation.kind === 'sync') this.sync(operation.inode);
    else if (operation.kind === 'sync-folder') this.syncFolder(operation.path);
    else if (operation.kind === 'unlink') this.change({ path: operation.path });
    else this.move(operation);
  }

  /** The files of one image, by path. */
  image(mode: Mode, dice: Dice): ReadonlyMap<string, Buffer> {
    const names = new Map(this.durableNames);
    for (const change of chosen(this.pendingNames, mode, dice)) changeName(names, change);
    const contents = new Map<File, Buffer>();
    for (const file of new Set(names.values())) {
      let bytes = file.durable;
      for (const change of chosen(file.pending, mode, dice)) bytes = changed(bytes, change, mode, dice);
      contents.set(file, bytes);
    }
    return new Map([...names].map(([path, file]) => [path, contents.get(file)!]));
  }

  private create(inode: string, path: string): void {
    const file = { durable: Buffer.alloc(0), pending: [] };
    this.files.set(inode, file);
    this.change({ path, file });
  }

  private move({ kind, path, to }: Extract<Operation, { readonly kind: 'rename' | 'link' }>): void {
    const file = this.names.get(path);
    if (file !== undefined) this.change(kind === 'rename' ? { path: to, from: path, file } : { path: to, file });
  }

  private change(change: NameChange): void {
    changeName(this.names, change);
    this.pendingNames.push(change);
  }

  private sync(inode: string): void {
    const file = this.files.get(inode);
    if (file === undefined) return;
    for (const change of file.pending) file.durable = changed(file.durable, change);
    file.pending = [];
  }

  private syncFolder(folder: string): void {
    const isOf = ({ path }: NameChange): boolean => dirname(path) === folder;
    for (const change of this.pendingNames.filter(isOf)) changeName(this.durableNames, change);
    this.pendingNames = this.pendingNames.filter((change) => !isOf(change));
  }
}

function changeName(names: Map<string, File>, { path, from, file }: NameChange): void {
  if (from !== undefined) names.delete(from);
  if (file === undefined) names.delete(path);
  else names.set(path, file);
}

function chosen<Item>(items: readonly Item[], mode: Mode, dice: Dice): readonly Item[] {
  if (mode === 'nothing' || items.length === 0) return [];
  if (mode === 'everything') return items;
  const border = dice.below(items.length + 1);
  if (mode === 'the first') return items.slice(0, border);
  if (mode === 'the last') return items.slice(border);
  return items.filter(() => dice.chance(KEPT));
}

function changed(before: Buffer, change: Change, mode: Mode = 'everything', dice?: Dice): Buffer {
  if (change.kind === 'truncate') {
    return change.length <= before.length ? before.subarray(0, change.length) : enlarged(before, change.length);
  }
  const { offset, bytes } = change;
  const after = enlarged(before, Math.max(before.length, offset + bytes.length));
  if (mode !== 'torn' || dice === undefined) {
    bytes.copy(after, offset);
    return after;
  }
  for (let from = offset; from < offset + bytes.length; ) {
    const to = Math.min(offset + bytes.length, (Math.floor(from / SECTOR_BYTES) + 1) * SECTOR_BYTES);
    if (dice.chance(KEPT)) bytes.copy(after, from, from - offset, to - offset);
    from = to;
  }
  return after;
}

function enlarged(bytes: Buffer, length: number): Buffer {
  const after = Buffer.alloc(length);
  bytes.copy(after);
  return after;
}
