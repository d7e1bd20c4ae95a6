/** Has the writes of a history recorded by a library that the system's compiler makes, and reads the record. */
import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Operation } from './disk-model.js';
import { type HistoryOptions, type Line, linesOf, liveHistory, TOLD_FILE } from './recorded-history.js';

const SOURCE = fileURLToPath(new URL('./record-writes.c', import.meta.url));
const NEEDED =
  'Cutting the power needs Linux with glibc and a C compiler, to record what a process writes: on Debian and Ubuntu "apt-get install gcc libc6-dev".';

export interface Recording {
  readonly folder: string;
  readonly operations: readonly (Operation | { readonly kind: 'told'; readonly line: Line })[];
}

/** Compiles the recorder into a folder and answers its path. */
export function compiledRecorder(folder: string): string {
  const library = join(folder, 'record-writes.so');
  const made = spawnSync('cc', ['-shared', '-fPIC', '-O2', '-o', library, SOURCE, '-ldl', '-lpthread'], { encoding: 'utf8' });
  if (process.platform !== 'linux' || made.error !== undefined) throw new Error(NEEDED);
  if (made.status !== 0) throw new Error(`${NEEDED}\n${made.stderr}`);
  return library;
}

export async function recorded(library: string, options: HistoryOptions): Promise<Recording> {
  const scratch = await mkdtemp(join(tmpdir(), 'sottovoce-crash-record-'));
  const record = join(scratch, 'record');
  const env = (folder: string) => ({
    ...{ LD_PRELOAD: library, SOTTOVOCE_RECORD: record, SOTTOVOCE_RECORD_UNDER: `${folder}/`, UV_USE_IO_URING: '0' },
    ...options.env,
  });
  const folder = await liveHistory(options, env);
  try {
    return { folder, operations: operationsIn(await readFile(record), join(folder, TOLD_FILE)) };
  } finally {
    for (const used of [scratch, folder]) await rm(used, { recursive: true, force: true });
  }
}

function operationsIn(record: Buffer, toldPath: string): Recording['operations'] {
  const operations: Recording['operations'][number][] = [];
  let told: string | undefined;
  for (let at = 0; at < record.length; ) {
    const lineEnd = record.indexOf(0x0a, at);
    const text = record.toString('utf8', at, lineEnd);
    const kind = text.slice(0, text.indexOf(' '));
    const rest = text.slice(kind.length + 1);
    at = lineEnd + 1;
    if (kind === 'write') {
      const [inode = '', offset, length] = rest.split(' ');
      const bytes = record.subarray(at, at + Number(length));
      at += Number(length);
      if (inode === told) operations.push(...linesOf(bytes.toString()).map((line) => ({ kind: 'told', line }) as const));
      else operations.push({ kind, inode, offset: Number(offset), bytes });
    } else {
      const operation = operationOf(kind, rest);
      if (operation.kind === 'create' && operation.path === toldPath) told = operation.inode;
      else operations.push(operation);
    }
  }
  return operations;
}

function operationOf(kind: string, rest: string): Operation {
  const [one = '', other = ''] = rest.split(kind === 'rename' || kind === 'link' ? '\t' : / (.*)/s);
  if (kind === 'create') return { kind, inode: one, path: other };
  if (kind === 'truncate') return { kind, inode: one, length: Number(other) };
  if (kind === 'sync') return { kind, inode: rest };
  if (kind === 'sync-folder' || kind === 'unlink') return { kind, path: rest };
  if (kind === 'rename' || kind === 'link') return { kind, path: one, to: other };
  // A folder is needed by what lies in it, and is made again with it.
  if (kind === 'mkdir') return { kind: 'sync-folder', path: '' };
  throw new Error(`The record holds "${kind} ${rest}".`);
}
