/**
 * Goal: domain, application and projections are functions of their inputs, and the rest takes time and chance from one place.
 * Method: the rules run on every file of src, then each on files that exist only here: some must be refused, some allowed.
 */
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import ts from 'typescript';
import { rules, violations } from './purity.js';
import { filesUnder, ROOT } from './source-files.js';

const D = 'src/domain/message/probe.ts';
const A = 'src/application/message/probe.ts';
const P = 'src/projections/probe.ts';
const H = 'src/adapters/http/probe.ts';
const S = 'src/adapters/system/probe.ts';

const refused: readonly (readonly [rule: string, path: string, source: string])[] = [
  ['pure: no clock', D, 'const at = Date.now();'],
  ['pure: no clock', D, "const at = Date['now']();"],
  ['pure: no clock', A, 'const at = Date.now();'],
  ['decisions: no dates', A, 'const at = new Date(0);'],
  ['pure: no clock', P, 'const at = Date();'],
  ['pure: no clock', A, 'const { now } = Date;'],
  ['pure: no chance', D, 'const chance = Math.random();'],
  ['pure: no chance', A, 'const { random } = Math;'],
  ['pure: no timers', A, 'setTimeout(() => {}, 1);'],
  ['pure: no timers', P, 'setInterval(() => {}, 1);'],
  ['pure: no timers', A, 'setImmediate(() => {});'],
  ['pure: no timers', A, 'const signal = AbortSignal.timeout(5);'],
  ['pure: no ambient objects', D, 'const pid = process.pid;'],
  ['pure: no ambient objects', A, 'const id = crypto.randomUUID();'],
  ['pure: no ambient objects', P, "console.log('x');"],
  ['pure: no ambient objects', A, 'const wait = globalThis.setTimeout;'],
  ['pure: no decorators', D, '@Injectable() class Probe {}'],
  ['pure: no decorators', A, 'class Probe { @Field() name = 1; }'],
  ['domain: a refusal is a value', D, "export function f() { throw new Error('no'); }"],
  ['domain: a refusal is a value', 'src/domain/kernel/decider.ts', "export function fold() { throw new Error('no'); }"],
  ['time only from adapters/system', H, 'const at = Date.now();'],
  ['time only from adapters/system', H, 'const at = new Date();'],
  ['time only from adapters/system', H, 'const options = { clock: Date };'],
  ['time only from adapters/system', H, 'const ms = performance.now();'],
  ['time only from adapters/system', H, "import { performance as p } from 'node:perf_hooks';"],
  ['time only from adapters/system', H, 'const at = process.hrtime.bigint();'],
  ['time only from adapters/system', H, 'const s = process.uptime();'],
  ['chance only from adapters/system', H, 'const chance = Math.random();'],
  ['chance only from adapters/system', H, "import { randomUUID } from 'node:crypto';"],
  ['chance only from adapters/system', H, 'const id = crypto.randomUUID();'],
  ['waiting only in adapters/system', H, 'setTimeout(() => {}, 1);'],
  ['waiting only in adapters/system', H, 'setInterval(() => {}, 1);'],
  ['waiting only in adapters/system', H, "import { setTimeout as sleep } from 'node:timers/promises';"],
  ['waiting only in adapters/system', H, 'const signal = AbortSignal.timeout(5);'],
  ['waiting only in adapters/system', H, 'Atomics.wait(cells, 0, 0, 5);'],
  ['waiting only in adapters/system', H, 'Atomics.waitAsync(cells, 0, 0, 5);'],
  ['keys and nonces only where they are made', H, "import { randomBytes } from 'node:crypto';"],
  ['keys and nonces only where they are made', H, "import { randomInt as chance } from 'node:crypto';"],
  ['keys and nonces only where they are made', A, "import { randomFillSync } from 'node:crypto';"],
  ['keys and nonces only where they are made', H, 'crypto.randomFill(bytes, () => {});'],
  ['keys and nonces only where they are made', H, 'crypto.getRandomValues(bytes);'],
  ['keys and nonces only where they are made', H, "import { webcrypto } from 'node:crypto';"],
  ['scheduling only by ports', H, 'setImmediate(() => {});'],
  ['scheduling only by ports', A, 'queueMicrotask(() => {});'],
  ['scheduling only by ports', H, 'process.nextTick(() => {});'],
  ['one reader of process.env', H, 'const port = process.env.PORT;'],
  ['one reader of process.env', H, "const port = process['env'].PORT;"],
  ['one reader of process.env', H, 'const { env } = process;'],
  ['one reader of process.env', H, "import { env } from 'node:process';"],
  ['nothing durable on the bus', H, "import { EventBus } from '@nestjs/cqrs';"],
  ['nothing durable on the bus', H, "import { AggregateRoot } from '@nestjs/cqrs';"],
  ['nothing durable on the bus', H, "import { EventPublisher } from '@nestjs/cqrs';"],
  ['nothing durable on the bus', H, "import { Saga as Story } from '@nestjs/cqrs';"],
  ['nothing durable on the bus', H, "import { forwardRef } from '@nestjs/common';"],
  ['no barrels: index.ts', 'src/adapters/http/index.ts', 'export const x = 1;'],
  ['no barrels: index.ts', 'test/support/index.ts', 'export const x = 1;'],
  ['no barrels: export *', H, "export * from './problem.js';"],
  ['no barrels: export *', 'test/support/probe.ts', "export * as all from './test-clock.js';"],
];

const allowed: readonly (readonly [path: string, source: string])[] = [
  [
    D,
    'export interface Run { readonly process: string; readonly console?: number } const run: Run = { process: "x" }; run.process;',
  ],
  [D, 'const month = Date.UTC(2026, 0, 1); const most = Math.max(1, 2);'],
  ['src/domain/kernel/decider.ts', "export function unreachable(value: never): never { throw new Error('left out'); }"],
  [A, 'class LaneFull extends Error {} export function f() { throw new LaneFull(); }'],
  [A, 'export const wait = (deps: Deps) => deps.clock.wait(5); deps.clock.now();'],
  [H, 'const text = new Date(5).toISOString(); socket.setTimeout(5); x instanceof Date; const code = process.exitCode;'],
  ['src/adapters/crypto/probe.ts', 'const nonce = randomBytes(12);'],
  ['src/adapters/sqlite/probe.ts', 'setImmediate(() => {});'],
  [S, "import { randomUUID } from 'node:crypto'; Date.now(); new Date(); setTimeout(() => {}, 1); Math.random();"],
  ['src/adapters/config/env.ts', 'const env = process.env;'],
  ['test/support/probe.ts', 'const at = Date.now(); setTimeout(() => {}, 1);'],
];

describe('purity of src', () => {
  it.each(['domain', 'application', 'projections', 'adapters'])('has files in %s to read', (layer) => {
    expect(filesUnder(`src/${layer}`, '.ts').length).toBeGreaterThan(0);
  });

  it('holds nothing that a rule refuses', () => {
    expect([...filesUnder('src', '.ts'), ...filesUnder('test', '.ts')].flatMap(violations)).toEqual([]);
  });
});

describe('probes of the purity rules', () => {
  it.each(refused)('%s refuses, in %s, %s', (rule, path, text) => {
    expect(violations({ path, text })).toContainEqual(expect.stringContaining(`: ${rule}. `));
  });

  it.each(allowed)('allowed in %s: %s', (path, text) => {
    expect(violations({ path, text })).toEqual([]);
  });

  it('has a probe for every rule', () => {
    expect([...new Set(refused.map(([rule]) => rule))].sort()).toEqual(rules.map(({ name }) => name).sort());
  });
});

describe('the domain sees no ambient globals', () => {
  const globals = ['console.log()', 'setTimeout', 'process.pid', 'crypto.subtle', 'Buffer.from', 'fetch', 'structuredClone'];
  const folder = join(ROOT, 'src/domain');
  const probePath = (index: number): string => join(folder, 'kernel', `probe-${index}.ts`);
  const fine = join(folder, 'kernel', 'probe-fine.ts');
  const sources = new Map([
    ...globals.map((name, index) => [probePath(index), `export const probe = ${name};`] as const),
    [fine, 'export const probe: readonly number[] = [1].toSorted();'],
  ]);
  let program: ts.Program;

  const errorsOf = (path: string): string[] =>
    ts
      .getPreEmitDiagnostics(program, program.getSourceFile(path))
      .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' '));

  beforeAll(() => {
    const config = ts.readConfigFile(join(folder, 'tsconfig.json'), ts.sys.readFile);
    const { options } = ts.parseJsonConfigFileContent(config.config, ts.sys, folder);
    const host = ts.createCompilerHost(options);
    const { getSourceFile, fileExists } = host;
    host.fileExists = (path) => sources.has(path) || fileExists(path);
    host.getSourceFile = (path, version) =>
      sources.has(path) ? ts.createSourceFile(path, sources.get(path) ?? '', version) : getSourceFile(path, version);
    program = ts.createProgram([...sources.keys()], options, host);
  }, 60_000);

  it.each(globals.map((name, index) => [name, index] as const))('%s does not compile', (_name, index) => {
    expect(errorsOf(probePath(index))).toEqual([expect.stringMatching(/^Cannot find name/)]);
  });

  it('and the language itself does', () => {
    expect(errorsOf(fine)).toEqual([]);
  });
});
