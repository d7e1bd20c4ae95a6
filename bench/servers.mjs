/** The processes that are measured: on one core, with the driver on the other, ended by their own id. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const READY_WITHIN_MS = 180_000;
const LOOK_EVERY_MS = 5;
/** Of the kernel's accounting, on every Linux that runs Node. */
const TICK_MS = 10;

const cores = coresOfThis();
export const isPinned = cores.length > 1;
const [SERVER_CORE, DRIVER_CORE] = cores;

function coresOfThis() {
  if (spawnSync('taskset', ['--version']).status !== 0) return [];
  const list = execFileSync('taskset', ['-cp', String(process.pid)], { encoding: 'utf8' })
    .split(':')
    .at(-1)
    .trim();
  return list.split(',').flatMap((part) => {
    const [from, to = from] = part.split('-').map(Number);
    return Array.from({ length: to - from + 1 }, (_, at) => from + at);
  });
}

/** This process makes the load: it keeps to its own core, with all its threads; it may open as many sockets as anybody may. */
export function pinDriver() {
  spawnSync('prlimit', ['--pid', String(process.pid), `--nofile=${hardLimit()}`]);
  if (isPinned) execFileSync('taskset', ['-acp', String(DRIVER_CORE), String(process.pid)], { stdio: 'ignore' });
}

function hardLimit() {
  const [, hard] = /Max open files\s+\d+\s+(\d+)/.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
  return hard ?? '1024';
}

const running = new Set();

/** Any program: on the servers' core, with all that it said, ended by its own id. */
export class Program {
  constructor(command, { endSignal = 'SIGKILL', ...options } = {}) {
    const pinned = isPinned ? ['taskset', '-c', String(SERVER_CORE), ...command] : command;
    this.startedMs = performance.now();
    this.endSignal = endSignal;
    this.child = spawn(pinned[0], pinned.slice(1), { cwd: ROOT, ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    this.said = '';
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => {
        this.said += text;
      });
    }
    running.add(this);
    this.ended = new Promise((resolve) => {
      this.child.on('close', (code) => {
        running.delete(this);
        this.isOver = true;
        resolve(code);
      });
    });
  }

  /** Processor time used by it and its children so far. Unlike a rate it hardly depends on what else the machine does. */
  cpuMs() {
    return [this.child.pid, ...childrenOf(this.child.pid)].map(ticksOf).reduce((sum, ticks) => sum + ticks) * TICK_MS;
  }

  stop(signal = 'SIGTERM') {
    if (!this.isOver) process.kill(this.child.pid, signal);
    return this.ended;
  }
}

/** User and system time, of children that have ended too. */
function ticksOf(pid) {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1).split(' ');
    return fields
      .slice(11, 15)
      .map(Number)
      .reduce((sum, ticks) => sum + ticks);
  } catch {
    return 0;
  }
}

function childrenOf(pid) {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean);
  } catch {
    return [];
  }
}

export class ServerProcess extends Program {
  constructor(script, { args = [], env = {}, nodeArgs = [] } = {}) {
    super([process.execPath, ...nodeArgs, script, ...args], { env: { ...process.env, ...env } });
  }

  async url() {
    for (;;) {
      const [, url] = /(http:\/\/127\.0\.0\.1:\d+)/.exec(this.said) ?? [];
      if (url !== undefined) return url;
      if (this.isOver || performance.now() - this.startedMs > READY_WITHIN_MS)
        throw new Error(`A server did not start.\n${this.said.slice(-2_000)}`);
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    }
  }

  /** Resident bytes now. */
  residentBytes() {
    const [, kib] = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${this.child.pid}/status`, 'utf8')) ?? [];
    return Number(kib) * 1_024;
  }
}

export const endAll = () => Promise.all([...running].map((one) => one.stop(one.endSignal)));

/**
 * The built server on the folders, with every limit on rates and connections as high as its setting goes; `isWatched` opens
 * the operators' door too, for `metric`.
 */
export async function startOurs(folder, { nodeArgs = [], isWatched = false, readyWithinMs = READY_WITHIN_MS } = {}) {
  const { envSchema } = await import('../dist/adapters/config/env.js');
  const roomy = Object.entries(envSchema.shape)
    .filter(([name]) => /_(?:HOUR|MINUTE|SECOND|CONNECTIONS|ADDRESS)_MAX$/.test(name))
    .map(([name, type]) => [name, String(type.unwrap().maxValue)]);
  const env = {
    ...Object.fromEntries(roomy),
    ...{ PORT: '0', SOTTOVOCE_HOST: '127.0.0.1', SOTTOVOCE_LOG: 'error', SOTTOVOCE_DRAIN_MS: '500' },
    ...{ SOTTOVOCE_DATA: join(folder, 'data'), SOTTOVOCE_KEYS: join(folder, 'keys') },
  };
  const adminPort = isWatched ? await freePort() : undefined;
  if (isWatched) env.SOTTOVOCE_ADMIN_PORT = String(adminPort);
  const server = new ServerProcess(join(ROOT, 'dist/main.js'), { env, nodeArgs });
  server.metrics = isWatched ? `http://127.0.0.1:${adminPort}/metrics` : undefined;
  server.address = await server.url();
  await untilReady(server, readyWithinMs);
  return server;
}

/** A number that a watched server of ours shows of itself. */
export async function metric(server, name) {
  const text = await (await fetch(server.metrics)).text();
  const [, value] = new RegExp(`^${name} (\\S+)$`, 'm').exec(text) ?? [];
  if (value === undefined) throw new Error(`The server shows no ${name}.`);
  return Number(value);
}

async function untilReady(server, withinMs) {
  while (performance.now() - server.startedMs < withinMs) {
    const response = await fetch(`${server.address}/health/ready`).catch(() => undefined);
    await response?.text();
    if (response?.status === 200) return;
    if (server.isOver) throw new Error(`The server ended.\n${server.said.slice(-2_000)}`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
  throw new Error('The server was not ready in time.');
}

/** A port that nobody listens on, for a program that cannot choose one by itself. */
export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

export async function startFloor(folder, args = []) {
  const server = new ServerProcess(join(ROOT, 'bench/floor-server.mjs'), { args: [folder, ...args] });
  server.address = await server.url();
  return server;
}
