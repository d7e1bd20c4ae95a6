/**
 * Backup and restore of the embedded shape, in two archives that never lie together: the log, and the wrapped keys. The log
 * is copied first, so that the keys of every event in it are in the later copy. Root key and key-encryption keys, the
 * directory, sessions and views are in neither (ADR 0030). Runs in a process of its own, beside a server or without one.
 */
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve, sep } from 'node:path';
import { syncFolder } from './adapters/files/durable-file.js';
import { openDataFolder } from './adapters/sqlite/data-folder.js';
import { checkedNumber, copyDatabase } from './adapters/sqlite/database-copy.js';
import { EVENTS_FILE } from './adapters/sqlite/events-schema.js';
import { KEYS_FILE } from './adapters/sqlite/keys-schema.js';
import { SystemClock } from './adapters/system/system-clock.js';
import type { Clock } from './application/ports/clock.js';
import { StartRefused } from './application/ports/failures.js';
import { instant } from './domain/kernel/instant.js';

const MANIFEST = 'backup.json';
/** In the data folder: when the last backup was made, for whoever asks how old it is. */
export const LAST_BACKUP_FILE = 'last-backup.json';
const HEAD = 'SELECT max(position) FROM events';
const DESTRUCTIONS = 'SELECT value FROM destruction_sequence';

export interface Archives {
  readonly log: string;
  readonly keys: string;
}

interface Manifest {
  readonly holds: 'log' | 'keys';
  readonly madeAt: number;
  /** Of the log its last position; of the keys how many destructions they have seen. */
  readonly through: number;
}

export async function backUp(
  dataFolder: string,
  archives: Archives,
  clock: Pick<Clock, 'now'> = new SystemClock(),
): Promise<Record<'log' | 'keys', Manifest>> {
  const [log, keys] = [resolve(archives.log), resolve(archives.keys)];
  if (isWithin(log, keys) || isWithin(keys, log))
    throw new StartRefused('The archives of the log and of the keys must lie apart.');
  for (const target of [log, keys]) if (existsSync(target)) throw new StartRefused(`${target} exists: name a new folder.`);
  const made = {
    log: await archive(log, dataFolder, { file: EVENTS_FILE, holds: 'log', query: HEAD }, clock),
    keys: await archive(keys, dataFolder, { file: KEYS_FILE, holds: 'keys', query: DESTRUCTIONS }, clock),
  };
  writeFileSync(join(dataFolder, LAST_BACKUP_FILE), JSON.stringify(made), { mode: 0o600 });
  return made;
}

interface Part {
  readonly file: string;
  readonly holds: Manifest['holds'];
  readonly query: string;
}

/** The folder is there under its name when all of it is. */
async function archive(target: string, from: string, { file, holds, query }: Part, clock: Pick<Clock, 'now'>): Promise<Manifest> {
  const partial = `${target}.partial`;
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(partial, { recursive: true, mode: 0o700 });
  const madeAt = instant(clock.now());
  await copyDatabase(join(from, file), join(partial, file));
  const manifest: Manifest = { holds, madeAt, through: checkedNumber(join(partial, file), query) };
  writeFileSync(join(partial, MANIFEST), JSON.stringify(manifest), { mode: 0o600, flush: true });
  await syncFolder(partial);
  renameSync(partial, target);
  await syncFolder(dirname(target));
  return manifest;
}

/** Present while a restore is being made; a server refuses to start beside it. */
const RESTORING_FILE = 'restoring';
/** Present until the first start after a restore has finished it. */
const RESTORED_FILE = 'restored';

/** Brings both archives into an empty data folder. The key folder that belongs to them is the operator's to put back. */
export async function restore(archives: Archives, dataFolder: string): Promise<Record<'log' | 'keys', Manifest>> {
  const [log, keys] = [manifestOf(archives.log, 'log'), manifestOf(archives.keys, 'keys')];
  if (keys.madeAt < log.madeAt)
    throw new StartRefused('The archive of the keys is older than that of the log: people in the log would have no keys.');
  if (existsSync(dataFolder) && readdirSync(dataFolder).length > 0)
    throw new StartRefused(`${dataFolder} is not empty: name another folder.`);
  const folder = openDataFolder(dataFolder);
  try {
    writeFileSync(join(folder.path, RESTORING_FILE), '', { mode: 0o600, flush: true });
    copyFileSync(join(archives.log, EVENTS_FILE), join(folder.path, EVENTS_FILE));
    copyFileSync(join(archives.keys, KEYS_FILE), join(folder.path, KEYS_FILE));
    const through = {
      log: checkedNumber(join(folder.path, EVENTS_FILE), HEAD),
      keys: checkedNumber(join(folder.path, KEYS_FILE), DESTRUCTIONS),
    };
    if (through.log !== log.through || through.keys !== keys.through)
      throw new StartRefused('An archive does not hold what it says: take another one.');
    renameSync(join(folder.path, RESTORING_FILE), join(folder.path, RESTORED_FILE));
    await syncFolder(folder.path);
    return { log, keys };
  } finally {
    folder.close();
  }
}

/** A restored folder begins closed: `finish` is done before anybody is let in, as often as it takes. */
export async function finishRestore(dataFolder: string, finish: () => Promise<unknown>): Promise<void> {
  if (existsSync(join(dataFolder, RESTORING_FILE))) {
    throw new StartRefused(`A restore into ${dataFolder} was cut short: empty the folder and restore again.`);
  }
  if (!existsSync(join(dataFolder, RESTORED_FILE))) return;
  await finish();
  rmSync(join(dataFolder, RESTORED_FILE));
  await syncFolder(dataFolder);
}

function manifestOf(archive: string, holds: Manifest['holds']): Manifest {
  try {
    const manifest = JSON.parse(readFileSync(join(archive, MANIFEST), 'utf8')) as Manifest;
    if (manifest.holds === holds) return manifest;
  } catch (cause) {
    throw new StartRefused(`${archive} is no archive of Sottovoce: it has no readable ${MANIFEST}.`, { cause });
  }
  throw new StartRefused(`${archive} is not the archive of the ${holds}.`);
}

const isWithin = (outer: string, inner: string): boolean => inner === outer || inner.startsWith(outer + sep);
