/** The server that the crash loop kills: a process of its own on the built files, with real folders and a free port. */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { roomyTraffic } from '../support/roomy-traffic.js';
import type { ChosenMark } from './marks.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const READY_WITHIN_MS = 30_000;
const LOOK_EVERY_MS = 5;
const OUTPUT_CHARACTERS_KEPT = 8_000;

/** Small enough that a short life of the store seals, merges and drops segments of its index. */
export const SMALL_INDEX = { segmentEvents: 160, segmentsPerLevel: 3 } as const;
const WAL_PAGES = 200;

const SETTINGS = {
  PORT: '0',
  SOTTOVOCE_LOG: 'info',
  SOTTOVOCE_SIGN_INS_PER_TARGET_HOUR_MAX: '1000',
  SOTTOVOCE_SIGN_INS_PER_ADDRESS_HOUR_MAX: '100000',
  SOTTOVOCE_LOOKUPS_PER_ACCOUNT_MINUTE_MAX: '10000',
  ...roomyTraffic,
  SOTTOVOCE_DRAIN_MS: '2000',
};

export class ServerProcess {
  readonly ended: Promise<void>;
  isOver = false;
  /** Who has ended it: the loop, or the process itself at its mark. */
  killedBy: 'us' | 'itself' = 'itself';
  output = '';
  private readonly child: ChildProcess;
  private readonly spawnedMs = performance.now();

  constructor(folder: string, mark: ChosenMark | undefined) {
    const orders = { ...SMALL_INDEX, walPages: mark?.walPages ?? WAL_PAGES, ...(mark === undefined ? {} : { mark }) };
    const folders = { SOTTOVOCE_DATA: join(folder, 'data'), SOTTOVOCE_KEYS: join(folder, 'keys') };
    const preload = new URL('./die-at-mark.ts', import.meta.url).href;
    this.child = spawn(process.execPath, ['--enable-source-maps', '--import', preload, join(ROOT, 'dist', 'main.js')], {
      cwd: folder,
      env: { ...process.env, ...SETTINGS, ...folders, SOTTOVOCE_CRASH_ORDERS: JSON.stringify(orders) },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.output = (this.output + text).slice(-OUTPUT_CHARACTERS_KEPT);
      });
    }
    this.ended = new Promise((resolve) => {
      this.child.on('close', () => {
        this.isOver = true;
        resolve();
      });
    });
  }

  /** Its address and how long it took from the spawn on; undefined when it died before it was ready. */
  async ready(): Promise<{ readonly url: string; readonly readyMs: number } | undefined> {
    for (;;) {
      const url = /"event":"started".*?"url":"([^"]+)"/.exec(this.output)?.[1];
      const isReady =
        url !== undefined &&
        (await fetch(`${url}/health/ready`)
          .then(({ ok }) => ok)
          .catch(() => false));
      const readyMs = performance.now() - this.spawnedMs;
      if (isReady) return { url, readyMs };
      if (this.isOver) return undefined;
      if (readyMs > READY_WITHIN_MS) throw new Error(`The server is not ready after ${READY_WITHIN_MS} ms.\n${this.output}`);
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    }
  }

  async kill(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    if (!this.isOver && this.child.kill(signal)) this.killedBy = 'us';
    await this.ended;
  }

  /** How it ended, after `ended`. */
  get signal(): NodeJS.Signals | null {
    return this.child.signalCode;
  }

  get exitCode(): number | null {
    return this.child.exitCode;
  }
}
