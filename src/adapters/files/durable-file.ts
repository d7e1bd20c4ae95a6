/** Files that are there whole or not at all, and still there after a power cut. */
import { randomBytes } from 'node:crypto';
import { type FileHandle, link, open, unlink } from 'node:fs/promises';
import { join } from 'node:path';

const OWNER_ONLY = 0o600;

export const hasCode = (error: unknown, ...codes: readonly string[]): boolean => {
  const { code } = error as NodeJS.ErrnoException;
  return code !== undefined && codes.includes(code);
};

/** Creates a file with its content; of N that create it at once exactly one does. A present file is never touched. */
export async function createFile(folder: string, name: string, content: string): Promise<'created' | 'exists'> {
  const temporary = join(folder, `${name}.${randomBytes(8).toString('hex')}.tmp`);
  await withFile(temporary, 'wx', async (file) => {
    await file.writeFile(content);
    await file.sync();
  });
  try {
    // A rename would replace a file that somebody else has created meanwhile; a link does not.
    await link(temporary, join(folder, name));
    return 'created';
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return 'exists';
    throw error;
  } finally {
    await unlink(temporary);
    await syncFolder(folder);
  }
}

/** Overwrites a file's bytes and leaves it empty. A file system that copies on write keeps the old bytes until it reuses them. */
export async function emptyFile(path: string): Promise<void> {
  await withFile(path, 'r+', async (file) => {
    const { size } = await file.stat();
    if (size === 0) return;
    await file.write(randomBytes(size), 0, size, 0);
    await file.sync();
    await file.truncate(0);
    await file.sync();
  });
}

/** Names are on disk when their folder is. */
export async function syncFolder(folder: string): Promise<void> {
  await withFile(folder, 'r', (file) => file.sync());
}

async function withFile(path: string, flags: string, act: (file: FileHandle) => Promise<void>): Promise<void> {
  const file = await open(path, flags, OWNER_ONLY);
  try {
    await act(file);
  } finally {
    await file.close();
  }
}
