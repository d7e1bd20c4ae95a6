/** Whoever watches a server under siege: its memory, its log, and how long an honest client waits for it. */
import { logProblem } from '../fuzz/verdict.js';
import { Line, Person } from '../support/person.js';
import type { ServedApp } from '../support/served-app.js';
import { Memory } from './memory.js';

/** A defect, not a target: nobody may have to wait so long. */
const HONEST_MS_MAX = 10_000;
const EVERY_MS = 250;
/** Where a crowd comes back, an honest client is told to wait like everybody: at least so long. */
const AGAIN_MS = 1_000;

export class Watch {
  told = '';
  readonly memory = new Memory();
  private readonly waitedMs: number[] = [];
  private readonly problems: string[] = [];
  private refused = 0;
  private isOver = false;
  private last: Promise<unknown> = Promise.resolve();
  private watching: Promise<void> = Promise.resolve();

  private constructor(
    private readonly app: ServedApp,
    private readonly honest: Person,
  ) {}

  static async begin(app: ServedApp): Promise<Watch> {
    const watch = new Watch(app, await Person.signIn(app.asApp));
    await watch.connect();
    watch.waitedMs.length = 0;
    watch.memory.add(app.memoryMib());
    watch.watching = watch.run();
    return watch;
  }

  /** An honest device opens a socket, says hello and is up to date: how long that took. One at a time, as it has one socket. */
  connect(): Promise<number> {
    const connected = this.last.then(() => this.connectNow());
    this.last = connected.catch(() => undefined);
    return connected;
  }

  private async connectNow(): Promise<number> {
    const startedMs = performance.now();
    let line = await Line.open(this.honest);
    while (!line.isOpen) {
      if (performance.now() - startedMs > HONEST_MS_MAX) throw new Error('It was not let in.');
      this.refused += 1;
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS * (1 + Math.random())));
      line = await Line.open(this.honest);
    }
    await line.caughtUp();
    const tookMs = performance.now() - startedMs;
    await line.close();
    this.waitedMs.push(tookMs);
    return tookMs;
  }

  /** What the programme wants to say beside the figures. */
  say(text: string): void {
    this.told += `${text}; `;
  }

  async end(): Promise<readonly string[]> {
    this.isOver = true;
    await this.watching;
    await this.connect().catch((error: unknown) => this.problems.push(`At the end an honest client is not served: ${error}`));
    if (this.app.ended !== undefined) this.problems.push(`The server ${this.app.ended}.`);
    else this.memory.add(this.app.memoryMib());
    const sorted = [...this.waitedMs].sort((one, other) => one - other);
    const [median, worst] = [sorted[Math.floor(sorted.length / 2)] ?? 0, sorted.at(-1) ?? 0];
    const { memory } = this;
    this.told += `${memory.told}; `;
    if (memory.problem !== undefined) this.problems.push(memory.problem);
    this.told += `an honest client connected ${sorted.length} times in ${median.toFixed(0)} ms (median), ${worst.toFixed(0)} ms at most`;
    if (this.refused > 0) this.told += `, and was told ${this.refused} times to come later`;
    if (worst > HONEST_MS_MAX) this.problems.push(`An honest client waited ${worst.toFixed(0)} ms.`);
    return this.problems;
  }

  private async run(): Promise<void> {
    while (!this.isOver && this.app.ended === undefined) {
      await this.connect().catch((error: unknown) => this.problems.push(`An honest client is not served: ${error}`));
      if (this.app.ended !== undefined) return;
      this.memory.add(this.app.memoryMib());
      for (const line of this.app.logged.splice(0)) {
        const problem = logProblem(line, 'no canary here');
        if (problem !== undefined) this.problems.push(problem);
      }
      await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
    }
  }
}
