/**
 * Goal: no port without its contract and its adapters, no promise of a port without its case, no store of personal data
 * outside the registry; and each of these checks still bites.
 */
import { describe, expect, it } from '@jest/globals';
import {
  adapterPaths,
  contractPath,
  missingPromises,
  portsOf,
  promisesOf,
  registryProblems,
  rowProblems,
  sentencesOf,
  type Table,
  tableProblems,
  titlesOf,
} from './parity.js';
import { exists, filesUnder, pathsUnder, type SourceFile, textOf } from './source-files.js';

const PORTS_TABLE = 'src/application/ports/ports.ts';
const REGISTRY = 'src/application/ports/personal-stores.ts';

async function load(path: string, name: string): Promise<unknown> {
  if (!exists(path)) throw new Error(`${path} is missing.`);
  const module = (await import(`../../${path.replace(/\.ts$/, '.js')}`)) as Record<string, unknown>;
  if (module[name] === undefined) throw new Error(`${path} does not export ${name}.`);
  return module[name];
}

const read = (path: string): SourceFile | undefined => (exists(path) ? { path, text: textOf(path) } : undefined);
const ports = portsOf(pathsUnder('src/application/ports'));
const specs = filesUnder('test/contracts', '.spec.ts');
const table = (await load(PORTS_TABLE, 'adapters').catch((error: Error) => error)) as Table | Error;
const rows = table instanceof Error ? [] : Object.entries(table);

describe('ports, contracts and adapters', () => {
  it('stand in one table', () => {
    expect(table).not.toBeInstanceOf(Error);
    expect(tableProblems(table as Table, ports)).toEqual([]);
  });

  it.each(rows)('%s has its contract and its adapters under it', (name, row) => {
    expect(rowProblems(name, row, specs, read)).toEqual([]);
  });

  it.each(ports.map(({ name, file }) => [name, file] as const))('every promise of %s is a case of its contract', (name, file) => {
    const port = read(file);
    if (port === undefined) throw new Error(`${file} is missing.`);
    const promises = promisesOf(port, name);
    if (promises === undefined) throw new Error(`${file} declares no interface ${name}.`);
    expect(promises.length).toBeGreaterThan(0);
    const row = (table as Table)[name];
    if (row?.contract === undefined) throw new Error(`${PORTS_TABLE} names no contract of ${name}.`);
    const path = contractPath(row.contract);
    const contract = read(path);
    if (contract === undefined) throw new Error(`${path} is missing.`);
    expect(missingPromises(promises, titlesOf(contract, read))).toEqual([]);
  });
});

describe('stores of personal data', () => {
  it('declare how they are purged, counted and exported', async () => {
    expect(registryProblems(await load(REGISTRY, 'personalStores'))).toEqual([]);
  });

  it('are refused without a purge, a count or an export', () => {
    const entry = { purge: 'x', count: 'x', export: 'x' };
    expect(registryProblems({ views: entry })).toEqual([]);
    for (const key of Object.keys(entry)) expect(registryProblems({ views: { ...entry, [key]: undefined } })).toHaveLength(1);
    for (const nothing of [{}, undefined, []]) expect(registryProblems(nothing)).toHaveLength(1);
  });
});

describe('probes of the table', () => {
  const row = { contract: 'probe', inMemory: 'in-memory/in-memory-probe.ts', embedded: 'sqlite/sqlite-probe.ts' };
  const port = { name: 'Probe', file: 'src/application/ports/probe.ts' };

  it('finds the ports by their files', () => {
    const files = ['probe', 'ports', 'failures', 'personal-stores'].map((name) => `src/application/ports/${name}.ts`);
    expect(portsOf(files).map(({ name }) => name)).toEqual(['Probe', 'Views', 'ProjectionWriter', 'ViewBuilds']);
  });

  it('allows a full table', () => {
    expect(tableProblems({ Probe: row }, [port])).toEqual([]);
  });

  it('refuses a port without a row, a row without a port, a row without a part, and a single adapter', () => {
    expect(tableProblems({}, [port])).toHaveLength(1);
    expect(tableProblems({ Probe: row }, [])).toHaveLength(1);
    for (const key of Object.keys(row)) expect(tableProblems({ Probe: { ...row, [key]: '' } }, [port])).toHaveLength(1);
    expect(tableProblems({ Probe: { ...row, embedded: row.inMemory } }, [port])).toHaveLength(1);
  });

  const spec = (adapter: string, contract = './probe.contract.js'): SourceFile => ({
    path: 'test/contracts/probe.spec.ts',
    text: `import { A } from '../../src/adapters/${adapter.replace('.ts', '.js')}'; import { probeContract } from '${contract}';`,
  });
  const there = (path: string): SourceFile => ({ path, text: '' });
  const both = [spec(row.inMemory), spec(row.embedded)];

  it('allows two adapters under their contract', () => {
    expect(rowProblems('Probe', row, both, there)).toEqual([]);
  });

  it('allows an adapter that a file of test/support opens', () => {
    const spec = { path: 'test/contracts/p.spec.ts', text: "import '../support/probe-folder.js'; import './probe.contract.js';" };
    const folder = { path: 'test/support/probe-folder.ts', text: "import '../../src/adapters/sqlite/sqlite-probe.js';" };
    const reading = (path: string): SourceFile => (path === folder.path ? folder : there(path));
    expect(rowProblems('Probe', row, [spec, ...both.slice(0, 1)], reading)).toEqual([]);
    expect(rowProblems('Probe', row, [spec, ...both.slice(0, 1)], there)).toHaveLength(1);
  });

  it('refuses a missing contract, a missing adapter, and an adapter without a spec under the contract', () => {
    for (const missing of [contractPath('probe'), ...adapterPaths('Probe', row).values()]) {
      expect(rowProblems('Probe', row, both, (path) => (path === missing ? undefined : there(path)))).toEqual([
        expect.stringContaining(`${missing} is missing`),
      ]);
    }
    expect(rowProblems('Probe', row, both.slice(1), there)).toHaveLength(1);
    expect(rowProblems('Probe', row, [spec(row.inMemory, './other.contract.js'), ...both.slice(1)], there)).toHaveLength(1);
  });

  it("finds a test's clock under test/support", () => {
    expect(adapterPaths('Clock', { ...row, inMemory: 'test-clock.ts' }).get('inMemory')).toBe('test/support/test-clock.ts');
  });
});

describe('probes of the promises', () => {
  const port: SourceFile = {
    path: 'src/application/ports/probe.ts',
    text: `/** The header is exempt. */
import x from './x.js';
/** A type beside it is exempt. */
export interface Other { /** So is its field. */ readonly a: 1 }
/** It keeps. */
export interface Probe {
  /**
   * Of N that race, e.g. 2.5 million,
   * one wins: \`won\`. \`lost\` for the others.
   */
  take(): void;
  // A remark is exempt.
  give(): void;
}
/** Nor is this of it. */
export interface Last {}`,
  };
  const promises = ['It keeps', 'Of N that race, e.g. 2.5 million, one wins: `won`', '`lost` for the others'];

  it('reads the sentences of the interface and of its methods', () => {
    expect(promisesOf(port, 'Probe')).toEqual(promises);
    expect(promisesOf(port, 'Absent')).toBeUndefined();
    expect(sentencesOf('/** One. Two! "Three"? */')).toEqual(['One', 'Two!', '"Three"?']);
  });

  it('exempts a header that stands before the interface', () => {
    const text = '/** The header. */\nexport interface Probe {\n  /** A promise. */\n  take(): void;\n}';
    expect(promisesOf({ path: port.path, text }, 'Probe')).toEqual(['A promise']);
  });

  it('reads the titles of cases, also of the contract files that are imported', () => {
    const part: SourceFile = { path: 'test/contracts/probe-part.contract.ts', text: "it.each([1])('In a part.', () => {});" };
    const contract: SourceFile = {
      path: 'test/contracts/probe.contract.ts',
      text: "import { part } from './probe-part.contract.js'; describe('not me', () => { it('It keeps.', f); test(`And this`, f); it.skip('nor me', f); });",
    };
    expect(titlesOf(contract, (path) => (path === part.path ? part : undefined))).toEqual(['It keeps', 'And this', 'In a part']);
  });

  it('reports a promise without a case, word by word', () => {
    expect(missingPromises(promises, promises)).toEqual([]);
    expect(missingPromises(promises, promises.slice(1))).toEqual(['It keeps']);
    expect(missingPromises(['It keeps'], ['It keeps on'])).toEqual(['It keeps']);
  });
});
