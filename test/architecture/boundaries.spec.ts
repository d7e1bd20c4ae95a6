/**
 * Goal: nobody imports what .dependency-cruiser.cjs does not allow, and every one of its rules still bites.
 * Method: src is cruised as it is; then a copy of it is cruised in which each rule is broken by a planted file.
 */
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ROOT } from './source-files.js';

interface Cruise {
  readonly modules: readonly { readonly source: string }[];
  readonly summary: {
    readonly violations: readonly { readonly from: string; readonly to: string; readonly rule: { readonly name: string } }[];
  };
}

interface Rule {
  readonly name: string;
  readonly comment: string;
}

const CRUISER = join(ROOT, 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs');
const CONFIG = join(ROOT, '.dependency-cruiser.cjs');
const rules = (createRequire(import.meta.url)(CONFIG) as { readonly forbidden: readonly Rule[] }).forbidden;

/** The process ends with the number of violations, so only its report says whether it ran. */
function cruise(folder: string): Promise<Cruise> {
  const args = [CRUISER, '--config', CONFIG, '--output-type', 'json', 'src'];
  return new Promise((resolve, reject) => {
    execFile(process.execPath, args, { cwd: folder, maxBuffer: 64 * 1024 * 1024 }, (failure, stdout, stderr) => {
      try {
        resolve(JSON.parse(stdout) as Cruise);
      } catch {
        reject(new Error(`dependency-cruiser gave no report: ${stderr}`, { cause: failure }));
      }
    });
  });
}

function advice({ from, to, rule }: Cruise['summary']['violations'][number]): string {
  return `${from} -> ${to}: ${rule.name}: ${rules.find((known) => known.name === rule.name)?.comment}`;
}

/** What the planted files import; each is itself allowed. */
const targets: Readonly<Record<string, string>> = {
  'src/probe-root.ts': 'export const root = 1;',
  'src/domain/probe-one/events.ts': "export type Fact = { readonly type: 'ProbeLaid' };",
  'src/domain/probe-one/probe-one.ts': 'export const decide = 1;',
  'src/application/probe-target.ts': 'export const application = 1;',
  'src/projections/probe-target.ts': 'export const projection = 1;',
  'src/adapters/in-memory/probe-target.ts': 'export const inMemory = 1;',
  'src/adapters/crypto/probe-target.ts': 'export const crypto = 1;',
  'src/adapters/nest/probe-target.ts': 'export const nest = 1;',
  'src/adapters/http/probe-target.ts': 'export const http = 1;',
  'src/adapters/control/probe-target.ts': 'export const control = 1;',
  'src/domain/kernel/probe-cycle.ts': "import './probe-cycle-back.js'; export const there = 1;",
};

/** One violating file each: [path, source, the rule that must report it]. */
const probes: readonly (readonly [path: string, source: string, rule: string])[] = [
  ['src/adapters/log/probe-alias.ts', "import '@/domain/kernel/ids';", 'every-import-resolves'],
  ['src/domain/kernel/probe-nowhere.ts', "import './there-is-no-such-file.js';", 'every-import-resolves'],
  ['src/domain/kernel/probe-cycle-back.ts', "import './probe-cycle.js'; export const back = 1;", 'no-cycles'],
  ['src/domain/kernel/probe-node.ts', "import 'node:crypto';", 'domain-imports-only-domain'],
  ['src/domain/message/probe-nest.ts', "import '@nestjs/common';", 'domain-imports-only-domain'],
  ['src/domain/message/probe-port.ts', "import '../../application/probe-target.js';", 'domain-imports-only-domain'],
  ['src/domain/message/probe-adapter.ts', "import '../../adapters/in-memory/probe-target.js';", 'domain-imports-only-domain'],
  [
    'src/domain/message/probe-type.ts',
    "import type { root } from '../../probe-root.js'; export type Root = typeof root;",
    'domain-imports-only-domain',
  ],
  [
    'src/domain/probe-two/probe-sibling.ts',
    "import type { Fact } from '../probe-one/events.js'; export type Two = Fact;",
    'an-aggregate-imports-only-itself-and-kernel',
  ],
  ['src/domain/kernel/probe-aggregate.ts', "import '../probe-one/probe-one.js';", 'an-aggregate-imports-only-itself-and-kernel'],
  ['src/application/probe-cqrs.ts', "import '@nestjs/cqrs';", 'application-imports-only-domain-and-itself'],
  ['src/application/probe-npm.ts', "import 'jose';", 'application-imports-only-domain-and-itself'],
  ['src/application/probe-node.ts', "import 'node:timers';", 'application-imports-only-domain-and-itself'],
  [
    'src/application/probe-adapter.ts',
    "import '../adapters/in-memory/probe-target.js';",
    'application-imports-only-domain-and-itself',
  ],
  ['src/application/probe-view.ts', "import '../projections/probe-target.js';", 'application-imports-only-domain-and-itself'],
  ['src/projections/probe-decider.ts', "import '../domain/probe-one/probe-one.js';", 'projections-import-only-facts'],
  ['src/projections/probe-port.ts', "import '../application/probe-target.js';", 'projections-import-only-facts'],
  ['src/projections/probe-npm.ts', "import 'rxjs';", 'projections-import-only-facts'],
  ['src/projections/probe-node.ts', "import 'node:fs';", 'projections-import-only-facts'],
  ['src/adapters/mongodb/probe.ts', "import '../in-memory/probe-target.js';", 'a-technology-imports-no-other'],
  ['src/adapters/crypto/probe-out.ts', "import '../in-memory/probe-target.js';", 'a-technology-imports-no-other'],
  ['src/adapters/sqlite/probe-seam.ts', "import '../nest/probe-target.js';", 'a-technology-imports-no-other'],
  ['src/adapters/http/probe-store.ts', "import '../in-memory/probe-target.js';", 'a-door-imports-only-the-seam'],
  ['src/adapters/websocket/probe-http.ts', "import '../http/probe-target.js';", 'a-door-imports-only-the-seam'],
  ['src/adapters/cli/probe-http.ts', "import '../http/probe-target.js';", 'a-tool-imports-the-seam-and-the-control-channel'],
  ['src/adapters/control/probe-http.ts', "import '../http/probe-target.js';", 'a-technology-imports-no-other'],
  ['src/adapters/cli/demo.ts', "import '../http/probe-target.js';", 'a-command-composes-little'],
  ['src/adapters/http/probe-root.ts', "import '../../probe-root.js';", 'an-adapter-does-not-compose'],
  ['src/probe-second-root.ts', "import './adapters/in-memory/probe-target.js';", 'only-composition-imports-across-adapters'],
  ['src/adapters/http/probe-dev.ts', "import 'fast-check';", 'src-imports-only-declared-dependencies'],
  ['src/adapters/http/probe-undeclared.ts', "import 'fastify';", 'src-imports-only-declared-dependencies'],
];

/** What must stay allowed, so that a rule that refuses everything is noticed too. */
const allowed: readonly (readonly [path: string, source: string])[] = [
  ['src/domain/probe-one/probe-fine.ts', "import '../kernel/decider.js'; import './probe-one.js';"],
  ['src/application/probe-fine.ts', "import '../domain/probe-one/probe-one.js'; import './probe-target.js';"],
  ['src/projections/probe-fine.ts', "import '../domain/probe-one/events.js'; import '../domain/kernel/decider.js';"],
  ['src/adapters/sqlite/probe-fine.ts', "import '../crypto/probe-target.js'; import 'node:crypto'; import 'better-sqlite3';"],
  ['src/adapters/http/probe-fine.ts', "import '../nest/probe-target.js'; import '../crypto/probe-target.js';"],
  ['src/adapters/websocket/probe-fine.ts', "import '../nest/probe-target.js'; import '../../projections/probe-target.js';"],
  [
    'src/adapters/cli/probe-fine.ts',
    "import '../nest/probe-target.js'; import '../control/probe-target.js'; import '../../probe-root.js';",
  ],
  ['src/domain/kernel/probe-type-cycle.ts', "import './probe-type-back.js'; export type There = 1;"],
  ['src/domain/kernel/probe-type-back.ts', "import type { There } from './probe-type-cycle.js'; export const back: There = 1;"],
];

let real: Cruise;
let planted: Cruise;
let copy: string;

beforeAll(async () => {
  copy = await mkdtemp(join(tmpdir(), 'sottovoce-boundaries-'));
  await cp(join(ROOT, 'src'), join(copy, 'src'), { recursive: true });
  for (const name of ['package.json', 'tsconfig.json']) await cp(join(ROOT, name), join(copy, name));
  await symlink(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
  for (const [path, source] of [...Object.entries(targets), ...probes, ...allowed]) {
    await mkdir(dirname(join(copy, path)), { recursive: true });
    await writeFile(join(copy, path), `${source}\n`);
  }
  [real, planted] = await Promise.all([cruise(ROOT), cruise(copy)]);
}, 60_000);

afterAll(() => rm(copy, { recursive: true, force: true }));

describe('boundaries of src', () => {
  it('holds no import that a rule refuses', () => {
    expect(real.summary.violations.map(advice)).toEqual([]);
  });

  it.each(['domain', 'application', 'projections', 'adapters'])('has files in %s for the rules to guard', (layer) => {
    expect(real.modules.filter(({ source }) => source.startsWith(`src/${layer}/`)).length).toBeGreaterThan(0);
  });
});

describe('probes of the boundary rules', () => {
  it.each(probes)('%s (%s) is refused by %s', (path, _source, rule) => {
    const reported = planted.summary.violations.filter(({ from }) => from === path).map((violation) => violation.rule.name);
    expect(reported).toContain(rule);
  });

  it.each(allowed)('%s (%s) is allowed', (path) => {
    expect(planted.modules.map(({ source }) => source)).toContain(path);
    expect(planted.summary.violations.filter(({ from }) => from === path).map(advice)).toEqual([]);
  });

  it('has a probe for every rule, and every rule says what to do instead', () => {
    expect([...new Set(probes.map(([, , rule]) => rule))].sort()).toEqual(rules.map(({ name }) => name).sort());
    for (const { comment } of rules) expect(comment).toMatch(/\w{3,}.*\.$/);
  });
});
