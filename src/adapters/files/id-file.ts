import { readFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { StartRefused } from '../../application/ports/failures.js';
import { isUuid } from '../../domain/kernel/ids.js';
import { createFile } from './durable-file.js';

/** An id that a folder keeps for ever: the one in the file, or the proposed one, which is then on disk. */
export async function readOrCreateId(path: string, proposed: string): Promise<string> {
  await createFile(dirname(path), basename(path), `${proposed}\n`);
  const id = (await readFile(path, 'utf8')).trim();
  if (isUuid(id)) return id;
  throw new StartRefused(`${path} does not hold an id: remove the file; devices will then sync anew.`);
}
