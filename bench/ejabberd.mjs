/**
 * ejabberd over PostgreSQL, from Debian's packages, in a folder that goes with it and on loopback alone. Every message is
 * archived for both sides (`mod_mam`, `default: always`), each with a commit of its own; streams are managed (XEP-0198).
 * It runs as one Erlang node without distribution, so no port mapper listens anywhere.
 */
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { unpacked, versionOf } from './debian-packages.mjs';
import { hasPostgres, startPostgres } from './postgres.mjs';
import { freePort, Program } from './servers.mjs';

/** Of Debian 12. */
const ERTS = 'erts-13.1.5/bin';
const PACKAGES = ['ejabberd', 'erlang-p1-pgsql'];
const LOOK_EVERY_MS = 50;
const READY_WITHIN_MS = 60_000;
/** A stanza is answered with this class: the sender's copy is flushed; the recipient's is flushed before it is delivered. */
export const HOST = 'localhost';

const configuration = (port, postgres) => `
hosts: ["${HOST}"]
loglevel: error
auth_method: sql
auth_password_format: plain
default_db: sql
sql_type: pgsql
sql_server: "127.0.0.1"
sql_port: ${postgres.port}
sql_database: ejabberd
sql_username: bench
sql_password: bench
shaper: {}
listen:
  - port: ${port}
    ip: "127.0.0.1"
    module: ejabberd_c2s
    backlog: 4096
    shaper: none
    access: all
modules:
  mod_mam:
    db_type: sql
    default: always
  mod_stream_mgmt: {}
`;

export const userOf = (at) => `person${at}`;
export const PASSWORD = 'bench';

/** Both programs, with so many accounts. */
export async function startEjabberd(folder, accounts, say) {
  const withPostgres = hasPostgres();
  const tree = unpacked(withPostgres ? PACKAGES : [...PACKAGES, 'postgresql-15'], say);
  mkdirSync(folder, { recursive: true });
  chmodSync(join(folder, '..'), 0o711);
  const postgres = await startPostgres(withPostgres ? '/' : tree, join(folder, 'postgres'));
  postgres.sql('CREATE DATABASE ejabberd');
  postgres.sql(readFileSync(join(tree, 'usr/share/ejabberd/sql/pg.sql'), 'utf8'), 'ejabberd');
  const rows = Array.from({ length: accounts }, (_, at) => `('${userOf(at)}', '${PASSWORD}')`);
  postgres.sql(`INSERT INTO users (username, password) VALUES ${rows.join(', ')}`, 'ejabberd');
  const port = await freePort();
  const program = startNode(tree, folder, configuration(port, postgres));
  await untilListening(program, port, folder);
  return {
    port,
    versions: { ejabberd: versionOf('ejabberd'), postgres: postgres.version },
    /** Rows of the archive, two for each message. */
    archived: () => Number(postgres.sql('SELECT count(*) FROM archive', 'ejabberd')),
    cpuMs: () => program.cpuMs() + postgres.program.cpuMs(),
    async stop() {
      await program.stop();
      await postgres.program.stop('SIGINT');
    },
  };
}

function startNode(tree, folder, configured) {
  const file = join(folder, 'ejabberd.yml');
  writeFileSync(file, configured);
  const root = join(tree, 'usr/lib/erlang');
  const env = {
    ...process.env,
    ...{ ROOTDIR: root, BINDIR: join(root, ERTS), EMU: 'beam', PROGNAME: 'erl' },
    ...{ ERL_LIBS: join(tree, 'usr/lib/x86_64-linux-gnu'), ERL_MAX_PORTS: '32000', HOME: folder },
    ...{
      EJABBERD_CONFIG_PATH: file,
      EJABBERD_LOG_PATH: join(folder, 'ejabberd.log'),
      ERL_CRASH_DUMP: join(folder, 'crash.dump'),
    },
    LD_LIBRARY_PATH: join(tree, 'usr/lib/x86_64-linux-gnu'),
  };
  const options = ['-noinput', '+K', 'true', '+P', '250000', '-mnesia', 'dir', `"${join(folder, 'mnesia')}"`, '-s', 'ejabberd'];
  return new Program([join(root, ERTS, 'erlexec'), ...options], { env });
}

async function untilListening(program, port, folder) {
  for (;;) {
    const isOpen = await new Promise((resolve) => {
      const socket = connect(port, '127.0.0.1', () => resolve(true));
      socket.on('error', () => resolve(false)).on('connect', () => socket.destroy());
    });
    if (isOpen) return;
    if (program.isOver || performance.now() - program.startedMs > READY_WITHIN_MS)
      throw new Error(`ejabberd did not start.\n${program.said.slice(-2_000)}\n${logOf(folder)}`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}

function logOf(folder) {
  try {
    return readFileSync(join(folder, 'ejabberd.log'), 'utf8').slice(-2_000);
  } catch {
    return '';
  }
}
