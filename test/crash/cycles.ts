/**
 * The crash loop: a real server on real files is killed again and again while people talk, at instants that chance
 * chooses and at marked steps, and started again on the same folders. After each crash a copy of what it left is opened
 * and compared with what clients were told; after each restart the clients themselves must see all of it, once.
 */
import { cp, lstat, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Crowd } from './crowd.js';
import { Dice } from './dice.js';
import { doorProblems } from './door-check.js';
import { folderProblems } from './folder-check.js';
import { type ChosenMark, chosenMark, marks } from './marks.js';
import { ServerProcess } from './server-process.js';
import { Told } from './told.js';

/** So many crashes on the same data, then a new folder. */
const CYCLES_PER_FOLDER = 10;
const LIVE_MS_MAX = 700;
const MARK_WITHIN_MS = 2_500;
const START_MS = 1_500;
const AT_RANDOM = 'a random instant';
const WHILE_STARTING = 'a random instant of a start';

export interface CyclesReport {
  readonly cycles: number;
  readonly seed: number;
  readonly failed?: { readonly cycle: number; readonly folder: string; readonly problems: readonly string[] };
  readonly sent: number;
  readonly acked: number;
  readonly readyMs: { readonly median: number; readonly p99: number; readonly max: number; readonly count: number };
  /** How many crashes came where. */
  readonly crashes: Readonly<Record<string, number>>;
  readonly seconds: number;
}

interface Life {
  readonly folder: string;
  readonly told: Told;
  readonly crowd: Crowd;
}

export class CrashLoop {
  private readonly dice: Dice;
  private readonly readyMs: number[] = [];
  private readonly crashes: Record<string, number> = {};
  private readonly order: string[];
  private sent = 0;
  private acked = 0;
  private life: Life | undefined;
  private story = '';

  constructor(
    private readonly cycles: number,
    private readonly seed: number,
    private readonly say: (line: string) => void,
  ) {
    this.dice = new Dice(seed);
    this.order = this.shuffled(Object.keys(marks));
  }

  async run(): Promise<CyclesReport> {
    const startedMs = performance.now();
    let failed: CyclesReport['failed'];
    for (let cycle = 1; cycle <= this.cycles && failed === undefined; cycle += 1) {
      const problems = await this.cycle(cycle).catch((error: unknown) => [String((error as Error)?.stack ?? error)]);
      if (problems.length > 0) failed = { cycle, folder: this.life!.folder, problems };
      this.say(`cycle ${cycle}/${this.cycles}, ${this.acked + this.life!.told.ackedCount} acked: killed at ${this.story}`);
    }
    if (failed === undefined) await this.end();
    else this.count();
    const sorted = [...this.readyMs].sort((one, other) => one - other);
    const at = (share: number): number => Math.round(sorted[Math.floor((sorted.length - 1) * share)] ?? 0);
    const readyMs = { median: at(0.5), p99: at(0.99), max: at(1), count: sorted.length };
    const { cycles, seed, sent, acked, crashes } = this;
    const seconds = Math.round((performance.now() - startedMs) / 1_000);
    return { cycles, seed, ...(failed && { failed }), sent, acked, readyMs, crashes, seconds };
  }

  private async cycle(cycle: number): Promise<readonly string[]> {
    if ((cycle - 1) % CYCLES_PER_FOLDER === 0) await this.begin();
    const life = this.life!;
    const how = cycle % 3 === 0 ? AT_RANDOM : this.dice.chance(0.06) ? WHILE_STARTING : this.order[cycle % this.order.length]!;
    const mark = how in marks ? chosenMark(how, this.dice) : undefined;
    this.story = mark === undefined ? how : `${how} (${mark.count})`;
    const died = await this.serve(life, how, mark);
    this.crashes[died] = (this.crashes[died] ?? 0) + 1;
    return this.problemsOf(life);
  }

  /** One life of the server, to its violent end; says where that came. */
  private async serve({ folder, crowd, told }: Life, how: string, mark: ChosenMark | undefined): Promise<string> {
    const server = new ServerProcess(folder, mark);
    if (how === WHILE_STARTING) setTimeout(() => void server.kill('SIGKILL'), this.dice.below(START_MS));
    const ready = await server.ready();
    if (ready !== undefined) {
      this.readyMs.push(ready.readyMs);
      await crowd.comeBack(ready.url);
      if (how === AT_RANDOM) told.problems.push(...(await doorProblems(crowd.devices, told, () => server.isOver)));
      const livesMs = mark === undefined ? this.dice.below(LIVE_MS_MAX) : MARK_WITHIN_MS;
      const living = new AbortController();
      const over = Promise.race([server.ended, pause(livesMs, living.signal)]);
      const kill = over.then(() => server.kill('SIGKILL'));
      await crowd.live(server.ended);
      living.abort();
      await kill;
    }
    crowd.gone();
    await server.ended;
    if (server.signal !== 'SIGKILL') throw new Error(`The server ended by itself (${server.exitCode}).\n${server.output}`);
    return server.killedBy === 'us' && mark !== undefined ? 'a random instant, the mark not reached' : how;
  }

  private async problemsOf({ folder, told, crowd }: Life): Promise<readonly string[]> {
    const copy = `${folder}-copy`;
    // The socket file of a server that was killed cannot be copied, and holds nothing.
    await cp(folder, copy, { recursive: true, filter: async (path) => !(await lstat(path)).isSocket() });
    try {
      const seen = crowd.devices.flatMap(({ problems }) => problems);
      return [...told.problems, ...seen, ...(await folderProblems(copy, told))];
    } finally {
      await rm(copy, { recursive: true, force: true });
    }
  }

  private async begin(): Promise<void> {
    await this.end();
    const folder = await mkdtemp(join(tmpdir(), 'sottovoce-crash-'));
    const told = new Told();
    this.life = { folder, told, crowd: new Crowd(folder, this.dice, told) };
  }

  private count(): void {
    const { told } = this.life!;
    this.sent += told.messages.size;
    this.acked += told.ackedCount;
  }

  private async end(): Promise<void> {
    if (this.life === undefined) return;
    this.count();
    await rm(this.life.folder, { recursive: true, force: true });
    this.life = undefined;
  }

  private shuffled(names: readonly string[]): string[] {
    return names
      .map((name) => ({ name, at: this.dice.roll() }))
      .sort((one, other) => one.at - other.at)
      .map(({ name }) => name);
  }
}

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
