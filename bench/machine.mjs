/** What the figures were taken on, and the two probes that tell whether it held still meanwhile. */
import { execFileSync } from 'node:child_process';
import { closeSync, fdatasyncSync, openSync, rmSync, writeSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { quantile } from './figures.mjs';

const SYNCS = 100;
const SYNC_BYTES = 4_096;
const LOOPS = 8_000_000;
const MOVED_MAX = 0.3;

export function machine() {
  const all = cpus();
  return { cores: all.length, cpu: all[0]?.model ?? 'unknown', memoryGiB: Math.round(totalmem() / 2 ** 30), kernel: release() };
}

export function versions(root) {
  const database = new Database(':memory:');
  const sqlite = database.prepare('SELECT sqlite_version()').pluck().get();
  database.close();
  return { node: process.versions.node, sqlite, openssl: process.versions.openssl, commit: commitOf(root) };
}

function commitOf(root) {
  try {
    const git = (...args) =>
      execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
    return git('rev-parse', '--short', 'HEAD') + (git('status', '--porcelain', 'src', 'bench') === '' ? '' : ', changed');
  } catch {
    return 'unknown';
  }
}

/** The disk's flush and the processor's pace, now. */
export function probe(folder) {
  const file = join(folder, 'probe');
  const handle = openSync(file, 'w');
  const bytes = Buffer.alloc(SYNC_BYTES, 1);
  const syncs = [];
  for (let at = 0; at < SYNCS; at += 1) {
    const startedAt = performance.now();
    writeSync(handle, bytes);
    fdatasyncSync(handle);
    syncs.push(performance.now() - startedAt);
  }
  closeSync(handle);
  rmSync(file);
  const startedAt = performance.now();
  let sum = 0;
  for (let at = 0; at < LOOPS; at += 1) sum = (sum * 31 + at) | 0;
  const loopMs = performance.now() - startedAt + (sum === 1 ? 1e-9 : 0);
  return { syncMs: quantile(syncs, 0.5), loopMs };
}

/** The same, of three: what holds for a whole item must not hang on one moment. */
export function steadyProbe(folder) {
  const probes = [1, 2, 3].map(() => probe(folder));
  const of = (name) =>
    quantile(
      probes.map((one) => one[name]),
      0.5,
    );
  return { syncMs: of('syncMs'), loopMs: of('loopMs') };
}

/** Why nothing that was measured between the two probes counts; undefined when it does. */
export function moved(before, after) {
  for (const name of ['syncMs', 'loopMs']) {
    const [low, high] = [before[name], after[name]].sort((one, other) => one - other);
    if (high / low > 1 + MOVED_MAX) return `${name} moved from ${before[name].toPrecision(3)} to ${after[name].toPrecision(3)}`;
  }
  return undefined;
}
