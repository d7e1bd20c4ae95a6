/**
 * A PostgreSQL of the bench's own, in a folder that goes with it, on loopback alone. It is as durable as it can be: a commit
 * is answered after its flush. Everything else is as PostgreSQL ships it.
 */
import { execFileSync } from 'node:child_process';
import { chownSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { freePort, Program } from './servers.mjs';

const BINARIES = 'usr/lib/postgresql/15/bin';
const DURABLE = { fsync: 'on', synchronous_commit: 'on', full_page_writes: 'on', listen_addresses: '127.0.0.1' };
const LOOK_EVERY_MS = 50;
const READY_WITHIN_MS = 30_000;

export const hasPostgres = () => existsSync(join('/', BINARIES, 'postgres'));

/** It refuses to be root. */
function owner() {
  if (process.getuid() !== 0) return {};
  const name = ['postgres', 'nobody'].find((one) => {
    try {
      return execFileSync('id', ['-u', one], { stdio: ['ignore', 'pipe', 'ignore'] }).length > 0;
    } catch {
      return false;
    }
  });
  const id = (flag) => Number(execFileSync('id', [flag, name], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

/** `root` is where its packages were unpacked, or `/`. */
export async function startPostgres(root, folder) {
  const bin = (name) => join(root, BINARIES, name);
  const who = owner();
  const env = { ...process.env, LD_LIBRARY_PATH: join(root, 'usr/lib/x86_64-linux-gnu'), LC_ALL: 'C.UTF-8' };
  mkdirSync(folder, { mode: 0o700 });
  if (who.uid !== undefined) chownSync(folder, who.uid, who.gid);
  const data = join(folder, 'data');
  const options = { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], cwd: '/' };
  execFileSync(bin('initdb'), ['-D', data, '-U', 'bench', '--auth=trust', '-E', 'UTF8', '--locale=C.UTF-8'], {
    ...options,
    ...who,
  });
  const port = await freePort();
  const settings = Object.entries(DURABLE).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const command = [bin('postgres'), '-D', data, '-p', String(port), '-k', folder, ...settings];
  const program = new Program(command, { env, ...who, endSignal: 'SIGQUIT' });
  const sql = (text, database = 'postgres') => {
    const args = ['-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-h', '127.0.0.1', '-p', port, '-U', 'bench', '-d', database];
    return execFileSync(bin('psql'), args, { ...options, stdio: ['pipe', 'pipe', 'pipe'], input: text }).trim();
  };
  await untilIt(program, () => sql('SELECT 1'));
  const version = sql('SHOW server_version');
  return { program, port, sql, version };
}

async function untilIt(program, works) {
  for (;;) {
    try {
      return works();
    } catch (error) {
      if (program.isOver || performance.now() - program.startedMs > READY_WITHIN_MS)
        throw new Error(`PostgreSQL did not start.\n${program.said.slice(-2_000)}\n${error.message}`);
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    }
  }
}
