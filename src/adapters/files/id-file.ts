import { readFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { crc32 } from 'node:zlib';
import { StartRefused } from '../../application/ports/failures.js';
import { isUuid } from '../../domain/kernel/ids.js';
import { createFile } from './durable-file.js';

/** What stands behind the id tells a changed bit, which would make another id of it. */
const line = (id: string): string => `${id} ${crc32(id).toString(16).padStart(8, '0')}\n`;

/** An id that a folder keeps for ever: the one in the file, or the proposed one, which is then on disk. */
export async function readOrCreateId(path: string, proposed: string): Promise<string> {
  await createFile(dirname(path), basename(path), line(proposed));
  const text = await readFile(path, 'utf8');
  const [id = ''] = text.split(' ');
  if (isUuid(id) && text === line(id)) return id;
  throw new StartRefused(`${path} does not hold an id: remove the file; devices will then sync anew.`);
}
