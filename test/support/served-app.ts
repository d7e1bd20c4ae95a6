/** A server as a process of its own, built, on temporary folders: for programmes that judge it from outside, by its memory too. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { AppUnderTest } from './app-under-test.js';
import { roomyTraffic } from './roomy-traffic.js';
import { until } from './until.js';

const DIST = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const KIB = 1_024;
const START_MS = 60_000;
const ROOMY = {
  SOTTOVOCE_SIGN_INS_PER_TARGET_HOUR_MAX: '100000',
  SOTTOVOCE_SIGN_INS_PER_ADDRESS_HOUR_MAX: '1000000',
  SOTTOVOCE_LOOKUPS_PER_ACCOUNT_MINUTE_MAX: '100000',
  ...roomyTraffic,
};

// A programme that is told to stop takes its servers with it.
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.once(signal, () => process.exit(1));

export class ServedApp implements Pick<AppUnderTest, 'url' | 'folder' | 'logged' | 'codeOf'> {
  url = '';
  readonly folder = mkdtempSync(join(tmpdir(), 'sottovoce-served-'));
  /** Lines that the server wrote and that nobody has judged yet. */
  readonly logged: string[] = [];
  ended: string | undefined;
  private child: ChildProcess | undefined;
  private unfinished = '';

  static async start(env: Readonly<Record<string, string>> = {}, nodeFlags: readonly string[] = []): Promise<ServedApp> {
    const app = new ServedApp();
    const settings = {
      ...ROOMY,
      PORT: '0',
      SOTTOVOCE_DATA: join(app.folder, 'data'),
      SOTTOVOCE_KEYS: join(app.folder, 'keys'),
      ...env,
    };
    const child = spawn(process.execPath, [...nodeFlags, '--enable-source-maps', DIST], {
      cwd: app.folder,
      env: { ...process.env, ...settings },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    app.child = child;
    process.once('exit', () => child.kill('SIGKILL'));
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => app.take(text));
    child.on('close', (code, signal) => {
      app.ended = `ended with ${code ?? signal}`;
    });
    const started = () => app.logged.find((line) => line.includes('"event":"started"'));
    await until('the server starts', () => started() !== undefined || app.ended !== undefined, undefined, START_MS).catch(() => {
      child.kill('SIGKILL');
    });
    if (started() === undefined) throw new Error(`The server ${app.ended ?? 'does not start'}:\n${app.logged.join('\n')}`);
    app.url = JSON.parse(started() ?? '').url;
    return app;
  }

  /** As `Person` wants it: a whole server in this process has more, and nobody here asks for that. */
  get asApp(): AppUnderTest {
    return this as unknown as AppUnderTest;
  }

  async codeOf(verificationId: string): Promise<string> {
    const file = join(this.folder, 'data', 'dev-codes', verificationId);
    if (!existsSync(file)) throw new Error(`No code was sent for ${verificationId}`);
    return readFileSync(file, 'utf8').trim();
  }

  /** What the process holds in memory, in MiB. */
  memoryMib(): number {
    const status = readFileSync(`/proc/${this.child?.pid}/status`, 'utf8');
    return Math.round(Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0) / KIB);
  }

  signal(name: NodeJS.Signals): void {
    this.child?.kill(name);
  }

  async stop(): Promise<void> {
    this.child?.kill('SIGTERM');
    await until('the server ends', () => this.ended !== undefined).catch(() => this.child?.kill('SIGKILL'));
    rmSync(this.folder, { recursive: true, force: true });
  }

  private take(text: string): void {
    const lines = (this.unfinished + text).split('\n');
    this.unfinished = lines.pop() ?? '';
    this.logged.push(...lines);
  }
}
