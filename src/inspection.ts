/**
 * What an operator's tool finds out about a server's folders, from a process beside it and reading only. Each check says
 * what it saw, how bad that is, and what to do; nothing here opens a sealed value.
 */
import { existsSync, readFileSync, statfsSync, statSync } from 'node:fs';
import { join, resolve, sep } from 'node:path';
import { givenEnv, readEnv } from './adapters/config/env.js';
import { consumersOf, logStats, sqliteVersion, streamOf, viewsOf } from './adapters/sqlite/log-inspection.js';
import { SystemClock } from './adapters/system/system-clock.js';
import { LAST_BACKUP_FILE } from './backup.js';

export { consumersOf, logStats, streamOf, viewsOf };

export interface Finding {
  readonly check: string;
  readonly verdict: 'ok' | 'warn' | 'fail';
  readonly saw: string;
  readonly toDo?: string;
}

export interface Folders {
  readonly data: string;
  readonly keys: string;
}

type Source = Readonly<Record<string, string | undefined>>;

const NODE_MAJOR_MIN = 24;
const SQLITE_MIN = '3.51.3';
const DISK_FREE_WARN_BYTES = 2e9;
const DISK_FREE_FAIL_BYTES = 200e6;
const WAL_WARN_BYTES = 256 * 1_024 * 1_024;
const BACKUP_AGE_WARN_MS = 24 * 60 * 60 * 1_000;
const SOMAXCONN_MIN = 4_096;
const OPEN_FILES_MIN = 4_096;
/** Nobody can have written an event before this was written. */
const CLOCK_MIN_AT = 1_767_225_600_000;
const OTHERS_MAY = 0o077;
/** What `verify` looks at, too. */
export const FILES = ['events.sqlite', 'keys.sqlite', 'accounts.sqlite', 'read.sqlite'] as const;

/** The folders that a server would use, by the same environment; `data` in its place when it is given. */
export function foldersOf(data?: string): Folders {
  const { SOTTOVOCE_DATA = './data', SOTTOVOCE_KEYS = './keys' } = givenEnv();
  return { data: resolve(data ?? SOTTOVOCE_DATA), keys: resolve(SOTTOVOCE_KEYS) };
}

export function doctor(folders: Folders, source: Source = givenEnv()): readonly Finding[] {
  const nowAt = new SystemClock().now();
  return [
    atLeast('node', process.versions.node, `${NODE_MAJOR_MIN}.0.0`, 'Install Node 24, or run "npm ci", which brings it.'),
    atLeast('sqlite', sqliteVersion(), SQLITE_MIN, 'Run "npm ci": an older one can corrupt a file.'),
    configuration(source),
    {
      check: 'clock',
      ...verdict(nowAt > CLOCK_MIN_AT),
      saw: new Intl.DateTimeFormat('en', { dateStyle: 'long' }).format(nowAt),
      toDo: 'Set the clock, and keep it by NTP.',
    },
    keysApart(folders),
    ...Object.entries(folders).flatMap(([name, path]) => [mode(name, path), diskFree(name, path)]),
    ...FILES.map((file) => wal(folders.data, file)),
    backupAge(folders.data, nowAt),
    systemNumber(
      'somaxconn',
      '/proc/sys/net/core/somaxconn',
      SOMAXCONN_MIN,
      'sysctl net.core.somaxconn=4096: everybody comes back at once after a restart.',
    ),
    openFiles(),
  ];
}

export const verdict = (isGood: boolean, bad: 'warn' | 'fail' = 'fail') => ({ verdict: isGood ? ('ok' as const) : bad });

function atLeast(check: string, found: string, wanted: string, toDo: string): Finding {
  const [have, want] = [found, wanted].map((version) => version.split('.').map(Number)) as [number[], number[]];
  const at = want.findIndex((number, place) => number !== have[place]);
  return { check, ...verdict(at < 0 || (have[at] ?? 0) > (want[at] ?? 0)), saw: found, toDo };
}

function configuration(source: Source): Finding {
  try {
    const { SOTTOVOCE_HOST, SOTTOVOCE_TRUSTED_PROXIES, SOTTOVOCE_ADMIN_HOST } = readEnv(source);
    const isOpen = (host: string) => !['127.0.0.1', '::1', 'localhost'].includes(host);
    const pitfalls = [
      ...(isOpen(SOTTOVOCE_HOST) && SOTTOVOCE_TRUSTED_PROXIES === 0
        ? ['reachable from elsewhere without a trusted proxy: there is no TLS, and limits count by the address of the peer']
        : []),
      ...(isOpen(SOTTOVOCE_ADMIN_HOST) ? ["the operators' port is reachable from elsewhere and has no sign-in"] : []),
    ];
    return {
      check: 'configuration',
      ...verdict(pitfalls.length === 0, 'warn'),
      saw: pitfalls.join('; ') || 'no pitfall',
      toDo: 'See docs/operations.md, "Proxy and TLS".',
    };
  } catch (error) {
    return {
      check: 'configuration',
      verdict: 'fail',
      saw: (error as Error).message,
      toDo: 'See docs/reference/configuration.md.',
    };
  }
}

function keysApart({ data, keys }: Folders): Finding {
  const isApart = keys !== data && !keys.startsWith(data + sep) && !data.startsWith(keys + sep);
  return {
    check: 'keys apart',
    ...verdict(isApart),
    saw: isApart ? 'outside the data folder' : 'inside one another',
    toDo: 'Move the key folder out of the data folder: a copy of both brings an erased person back.',
  };
}

function mode(name: string, path: string): Finding {
  const check = `${name} folder`;
  if (!existsSync(path))
    return {
      check,
      verdict: 'warn',
      saw: `${path} is not there`,
      toDo: 'It is made at the first start. Otherwise name the right one.',
    };
  const bits = statSync(path).mode & 0o777;
  return { check, ...verdict((bits & OTHERS_MAY) === 0), saw: `mode ${bits.toString(8)}`, toDo: `chmod 700 ${path}` };
}

function diskFree(name: string, path: string): Finding {
  const check = `disk of ${name}`;
  if (!existsSync(path)) return { check, verdict: 'warn', saw: 'no folder', toDo: 'See the line above.' };
  const { bavail, bsize } = statfsSync(path);
  const free = bavail * bsize;
  const found = free < DISK_FREE_FAIL_BYTES ? 'fail' : free < DISK_FREE_WARN_BYTES ? 'warn' : 'ok';
  return { check, verdict: found, saw: `${megabytes(free)} free`, toDo: 'Make room: sends are refused when the disk is full.' };
}

function wal(folder: string, file: string): Finding {
  const bytes = statSync(join(folder, `${file}-wal`), { throwIfNoEntry: false })?.size ?? 0;
  return {
    check: `wal of ${file}`,
    ...verdict(bytes < WAL_WARN_BYTES, 'warn'),
    saw: megabytes(bytes),
    toDo: 'Something reads the file for a long time, such as a backup: let it end.',
  };
}

function backupAge(folder: string, nowAt: number): Finding {
  const toDo = 'Run a backup; docs/operations.md says how.';
  try {
    const { log } = JSON.parse(readFileSync(join(folder, LAST_BACKUP_FILE), 'utf8')) as {
      readonly log: { readonly madeAt: number };
    };
    const ageMs = nowAt - log.madeAt;
    return {
      check: 'backup',
      ...verdict(ageMs < BACKUP_AGE_WARN_MS, 'warn'),
      saw: `${Math.floor(ageMs / 3_600_000)} h old`,
      toDo,
    };
  } catch {
    return { check: 'backup', verdict: 'warn', saw: 'none was made from this folder', toDo };
  }
}

function systemNumber(check: string, path: string, min: number, toDo: string): Finding {
  try {
    const found = Number(readFileSync(path, 'utf8'));
    return { check, ...verdict(found >= min, 'warn'), saw: String(found), toDo };
  } catch {
    return { check, verdict: 'warn', saw: 'cannot be read here', toDo };
  }
}

function openFiles(): Finding {
  const toDo = 'Raise nofile (ulimit -n) above the sockets that you expect.';
  try {
    const [, soft = '0'] = /^Max open files\s+(\d+|unlimited)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
    return { check: 'open files', ...verdict(soft === 'unlimited' || Number(soft) >= OPEN_FILES_MIN, 'warn'), saw: soft, toDo };
  } catch {
    return { check: 'open files', verdict: 'warn', saw: 'cannot be read here', toDo };
  }
}

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
