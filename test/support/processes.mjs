/** Real processes for smoke tests: what they say is waited for with a deadline, and they are ended by their own id only. */
import { spawn, spawnSync } from 'node:child_process';
import { createServer } from 'node:net';

const running = new Set();

/** One process of Node with a pipe to its input; everything it says is kept. */
export class Running {
  output = '';
  errors = '';

  constructor(name, args, { cwd, env = {} }) {
    this.name = name;
    this.child = spawn(process.execPath, args, { cwd, env: { ...process.env, ...env }, stdio: ['pipe', 'pipe', 'pipe'] });
    running.add(this);
    this.child.stdout.setEncoding('utf8').on('data', (text) => {
      this.output += text;
    });
    this.child.stderr.setEncoding('utf8').on('data', (text) => {
      this.errors += text;
    });
    this.child.stdin.on('error', () => undefined);
    this.ending = new Promise((resolve) => {
      this.child.on('close', (code, signal) => {
        running.delete(this);
        this.isOver = true;
        resolve({ code, signal });
      });
    });
  }

  type(line) {
    this.child.stdin.write(`${line}\n`);
  }

  endInput() {
    this.child.stdin.end();
  }

  kill(signal) {
    process.kill(this.child.pid, signal);
    return this.ending;
  }

  /** Where the output stands now: what comes later is looked for from here. */
  get mark() {
    return this.output.length;
  }

  async says(pattern, { from = 0, withinMs = 10_000 } = {}) {
    await until(
      `${this.name} says ${pattern}`,
      () => pattern.test(this.output.slice(from)),
      withinMs,
      () => this.tail(),
    );
    return pattern.exec(this.output.slice(from));
  }

  async ends(withinMs) {
    const late = Symbol('late');
    const ended = await Promise.race([this.ending, sleep(withinMs).then(() => late)]);
    if (ended === late) throw new Error(`${this.name} has not ended after ${withinMs} ms.\n${this.tail()}`);
    return ended;
  }

  tail() {
    return `${this.output}${this.errors}`.split('\n').slice(-15).join('\n');
  }
}

export async function endAll() {
  await Promise.all([...running].map((one) => one.kill('SIGKILL')));
}

export const sleep = (ms) =>
  new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });

const LOOK_EVERY_MS = 25;

export async function until(what, holds, withinMs, evidence = () => '') {
  const untilMs = performance.now() + withinMs;
  while (!(await holds())) {
    if (performance.now() > untilMs) throw new Error(`After ${withinMs} ms it is still not so: ${what}\n${evidence()}`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}

export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** Counts cases; a case that fails does not keep the others from running. */
export class Cases {
  passed = 0;
  failed = 0;

  async run(title, withinMs, act) {
    const startedMs = performance.now();
    const late = sleep(withinMs).then(() => {
      throw new Error(`It took longer than ${withinMs} ms.`);
    });
    late.catch(() => undefined);
    try {
      await Promise.race([act(), late]);
      this.passed += 1;
      console.log(`  ok    ${title} (${Math.round(performance.now() - startedMs)} ms)`);
    } catch (error) {
      this.failed += 1;
      console.log(`  FAIL  ${title}\n${String(error?.message ?? error).replace(/^/gm, '          ')}`);
    }
  }
}

/** What a smoke test runs is what is written: it builds what has changed, and nothing otherwise. */
export function build(root) {
  const built = spawnSync(process.execPath, [`${root}/bin/build.cjs`], { cwd: root, encoding: 'utf8' });
  if (built.status !== 0) throw new Error(`The build failed.\n${built.stdout}${built.stderr}`);
}
