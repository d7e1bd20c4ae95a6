/**
 * Preloaded into the server of the crash programmes, so that nothing of them stands in the product: it watches the
 * statements and the files of the process and kills it at the mark that the environment names: before a step, after it,
 * or from another thread while it is under way. It also makes the stream index seal and checkpoints come early.
 */
import fs from 'node:fs';
import { createRequire, registerHooks, syncBuiltinESMExports } from 'node:module';
import { Worker } from 'node:worker_threads';

interface Orders {
  readonly mark?: {
    /** Regular expressions over the file's path and over the statement, or `fs.<call>`. */
    readonly file: string;
    readonly step: string;
    readonly when: 'before' | 'during' | 'after';
    readonly count: number;
    readonly delayMicros: number;
  };
  readonly segmentEvents?: number;
  readonly segmentsPerLevel?: number;
  readonly walPages?: number;
  /** Another pragma than FULL, to see that cut power is noticed. */
  readonly synchronous?: string;
}

type Method = (this: unknown, ...args: unknown[]) => unknown;
type Methods = Record<string, Method>;

const orders: Orders = JSON.parse(process.env.SOTTOVOCE_CRASH_ORDERS ?? '{}');
const { mark } = orders;
const fileOfMark = new RegExp(mark?.file ?? '$^');
const stepOfMark = new RegExp(mark?.step ?? '$^');
let seen = 0;

const die = (): void => void process.kill(process.pid, 'SIGKILL');

/** A thread that waits for its sign and kills the process some microseconds later. */
const sign = new Int32Array(new SharedArrayBuffer(4));
const KILLER = `
  const { workerData: { sign, delayMicros } } = require('node:worker_threads');
  Atomics.wait(sign, 0, 0);
  const untilMs = performance.now() + delayMicros / 1000;
  while (performance.now() < untilMs);
  process.kill(process.pid, 'SIGKILL');`;
if (mark?.when === 'during') {
  new Worker(KILLER, { eval: true, workerData: { sign, delayMicros: mark.delayMicros } }).unref();
}

function watched(file: string, step: string, act: () => unknown): unknown {
  const isMark = mark !== undefined && fileOfMark.test(file) && stepOfMark.test(step);
  if (isMark) seen += 1;
  if (!isMark || seen !== mark.count) return act();
  if (mark.when === 'before') die();
  if (mark.when === 'during') {
    Atomics.store(sign, 0, 1);
    Atomics.notify(sign, 0);
  }
  const result = act();
  if (mark.when === 'after') die();
  return result;
}

function watchStatements(): void {
  const Database = createRequire(import.meta.url)('better-sqlite3');
  const scratch = new Database(':memory:');
  const statement = Object.getPrototypeOf(scratch.prepare('SELECT 1')) as Methods;
  scratch.close();
  for (const name of ['run', 'get', 'all']) {
    const method = statement[name]!;
    statement[name] = function (this: { source: string; database: { name: string } }, ...args) {
      return watched(this.database.name, this.source.trim(), () => method.apply(this, args));
    } as Method;
  }
  const database = Database.prototype as Methods;
  for (const name of ['exec', 'pragma']) {
    const method = database[name]!;
    database[name] = function (this: { name: string }, ...args) {
      const given = [pragmaInstead(String(args[0])), ...args.slice(1)];
      return watched(this.name, String(given[0]).trim(), () => method.apply(this, given));
    } as Method;
  }
}

function pragmaInstead(text: string): string {
  if (orders.walPages !== undefined && text.startsWith('wal_autocheckpoint')) return `wal_autocheckpoint = ${orders.walPages}`;
  return orders.synchronous !== undefined && text === 'synchronous = FULL' ? `synchronous = ${orders.synchronous}` : text;
}

function watchFiles(): void {
  const files = fs.promises as unknown as Methods;
  for (const name of ['open', 'link', 'unlink', 'rename']) {
    const method = files[name]!;
    files[name] = async function (this: unknown, ...args) {
      const [first, second] = args;
      const path = name === 'rename' || name === 'link' ? `${first} ${second}` : String(first);
      if (mark?.when !== 'after') return watched(path, `fs.${name}`, () => method.apply(this, args));
      const result = await method.apply(this, args);
      watched(path, `fs.${name}`, () => undefined);
      return result;
    } as Method;
  }
  syncBuiltinESMExports();
}

/** Sets a constant of a built file to another number; one that is not found would make the programme say nothing. */
function replaced(source: string, constant: string, value: number | undefined): string {
  if (value === undefined) return source;
  const declaration = new RegExp(`const ${constant} = [\\d_]+;`);
  if (!declaration.test(source)) throw new Error(`The stream index has no constant ${constant} any more.`);
  return source.replace(declaration, `const ${constant} = ${value};`);
}

registerHooks({
  load(url, context, next) {
    const loaded = next(url, context);
    if (!/\/sqlite\/stream-index\.[jt]s$/.test(url)) return loaded;
    const source = replaced(String(loaded.source), 'SEGMENT_EVENTS', orders.segmentEvents);
    return { ...loaded, source: replaced(source, 'SEGMENTS_PER_LEVEL', orders.segmentsPerLevel) };
  },
});

watchStatements();
watchFiles();
