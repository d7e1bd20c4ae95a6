/**
 * The file `root.key`: 32 random bytes as base64url, readable by its owner only. Everything sealed depends on it: once
 * there is a key store, a missing root key is never replaced by a new one, which would open nothing.
 */
import { createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import { mkdir, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { StartRefused } from '../../application/ports/failures.js';
import { KEY_BYTES } from '../crypto/wrapped-bytes.js';
import { createFile, hasCode, syncFolder } from './durable-file.js';

const ROOT_KEY = 'root.key';
const FORM = /^[A-Za-z0-9_-]{43}\n?$/;
const OTHERS = 0o077;

export interface KeyFolder {
  readonly folder: string;
  /** Only while there is nothing yet that a root key protects. */
  readonly mayCreate: boolean;
}

export async function readRootKey({ folder, mayCreate }: KeyFolder): Promise<KeyObject> {
  const path = join(folder, ROOT_KEY);
  if (mayCreate) await createRootKey(folder);
  const { text, mode } = await readOrRefuse(path);
  if (process.platform !== 'win32' && (mode & OTHERS) !== 0) {
    throw new StartRefused(
      `${path} can be read by others than its owner: run "chmod 600 ${path}", and think about who has read it.`,
    );
  }
  const bytes = Buffer.from(text, 'base64url');
  if (!FORM.test(text) || bytes.length !== KEY_BYTES) {
    throw new StartRefused(
      `${path} does not hold a root key of ${KEY_BYTES} bytes in base64url: put the file back from its backup.`,
    );
  }
  return createSecretKey(bytes);
}

async function createRootKey(folder: string): Promise<void> {
  try {
    const first = await mkdir(folder, { recursive: true, mode: 0o700 });
    if (first !== undefined) await syncFolder(dirname(first));
    await createFile(folder, ROOT_KEY, `${randomBytes(KEY_BYTES).toString('base64url')}\n`);
  } catch (cause) {
    throw new StartRefused(`No root key can be written in ${folder} (${codeOf(cause)}): check the folder and its permissions.`, {
      cause,
    });
  }
}

async function readOrRefuse(path: string): Promise<{ readonly text: string; readonly mode: number }> {
  try {
    const file = await open(path, 'r');
    try {
      return { mode: (await file.stat()).mode, text: await file.readFile('utf8') };
    } finally {
      await file.close();
    }
  } catch (cause) {
    const what = hasCode(cause, 'ENOENT') ? 'is missing' : `cannot be read (${codeOf(cause)})`;
    throw new StartRefused(`${path} ${what}, and the stored keys open with no other: put the file back from its backup.`, {
      cause,
    });
  }
}

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? (error as Error).message;
