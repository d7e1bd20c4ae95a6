/**
 * Programs of Debian's, for a comparison: fetched with apt from the lists that the machine has, and unpacked into a folder of
 * our own. Nothing is installed, no script of a package runs and no unit is started; the folder may be deleted at any time.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';

const CACHE = join(tmpdir(), `sottovoce-bench-packages-${userInfo().uid}`);
const run = (command, args, cwd) =>
  execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 2 ** 26 });

/** The folder with the packages and all that they need and the machine lacks. */
export function unpacked(names, say) {
  const kept = join(CACHE, [...names].sort().join('+'));
  if (existsSync(kept)) return kept;
  say(`fetching ${names.join(', ')} with apt, once for this machine: ${kept}`);
  const fresh = `${kept}.${process.pid}`;
  const files = join(fresh, 'fetched');
  mkdirSync(files, { recursive: true, mode: 0o755 });
  try {
    run('apt-get', ['download', ...missing(names)], files);
    for (const file of readdirSync(files)) run('dpkg-deb', ['-x', join(files, file), fresh]);
    rmSync(files, { recursive: true });
    renameSync(fresh, kept);
  } catch (error) {
    throw new Error(
      `${names.join(', ')} cannot be had from apt here (is "apt-get update" due?): ${error.stderr ?? error.message}`,
    );
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
  return kept;
}

/** What apt would install; what is there and would only be renewed is used as it is. */
function missing(names) {
  const plan = run('apt-get', ['install', '--simulate', '--no-install-recommends', ...names]);
  return [...plan.matchAll(/^Inst (\S+) \((?!\[)/gm)].map(([, name]) => name);
}

/** The version that a package of the folder says it has. */
export const versionOf = (name) => /^\s+Candidate: (\S+)/m.exec(run('apt-cache', ['policy', name]))?.[1];
