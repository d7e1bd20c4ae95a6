/** Goal: nothing outgrows its budget or is left lying about, and each rule about that still bites. */
import { describe, expect, it } from '@jest/globals';
import { adapters } from '../../src/application/ports/ports.js';
import { adapterPaths } from './parity.js';
import { filesUnder, type SourceFile, textOf } from './source-files.js';
import {
  deadFileProblems,
  FUNCTION_LINES_MAX,
  functionLengthProblems,
  headerProblems,
  LINES_MAX,
  lengthProblems,
  lineCount,
  lockProblems,
  machinePathProblems,
  median,
  SMALL_FILE_LINES,
  skippedCaseProblems,
  startedBy,
  titleProblems,
  unfinishedProblems,
} from './tidy.js';

const TEXT = /\.(?:[cm]?[jt]s|json|md|ya?ml|sh|txt|html|sql|sha256|example)$|(?:^|\/)(?:\.[\w.]+|run|LICENSE|Dockerfile)$/;

const sources = filesUnder('src', '.ts');
const tests = filesUnder('test', '.ts');
const documents = [...filesUnder('docs', '.md'), ...filesUnder('src', '.md')];
const texts = filesUnder('').filter(({ path }) => TEXT.test(path) && path !== 'package-lock.json');

/** Started by a script, offered by the table of ports (the parity test holds them), or a table that tests hold stores to. */
const entries = [
  ...startedBy(textOf('package.json')),
  ...filesUnder('bin').flatMap(({ text }) => startedBy(text)),
  ...Object.entries(adapters).flatMap(([name, row]) => [...adapterPaths(name, row).values()]),
  'src/application/ports/personal-stores.ts',
  // Run by tests until the worker and the erasure come that run them.
  'src/application/message/collect-draft.ts',
  'src/projections/forget-person.ts',
];

const probe = (text: string, path = 'src/domain/message/probe.ts'): SourceFile => ({ path, text });
const lines = (count: number): string => 'x;\n'.repeat(count);
const unfinished = ['TO', 'DO'].join('');
const machine = (folder: string): string => ['', folder, 'x'].join('/');

describe('budgets', () => {
  it(`of files: ${LINES_MAX.src} lines in src, ${LINES_MAX.test} in test`, () => {
    expect(sources.length).toBeGreaterThan(0);
    expect([...sources, ...tests].flatMap(lengthProblems)).toEqual([]);
  });

  it('of files bite', () => {
    expect(lengthProblems(probe(lines(LINES_MAX.src + 1)))).toHaveLength(1);
    expect(lengthProblems(probe(lines(LINES_MAX.src)))).toEqual([]);
    expect(lengthProblems(probe(lines(LINES_MAX.test + 1), 'test/domain/probe.spec.ts'))).toHaveLength(1);
    expect(lengthProblems(probe(lines(LINES_MAX.test), 'test/domain/probe.spec.ts'))).toEqual([]);
  });

  it(`of functions: ${FUNCTION_LINES_MAX} lines in src`, () => {
    expect(sources.flatMap(functionLengthProblems)).toEqual([]);
  });

  it('of functions bite', () => {
    const functionOf = (count: number): string => `function f() {\n${lines(count - 2)}}\n`;
    expect(functionLengthProblems(probe(functionOf(FUNCTION_LINES_MAX + 1)))).toHaveLength(1);
    expect(functionLengthProblems(probe(functionOf(FUNCTION_LINES_MAX)))).toEqual([]);
    expect(functionLengthProblems(probe(`const f = () => {\n${lines(FUNCTION_LINES_MAX)}};`))).toHaveLength(1);
    expect(functionLengthProblems(probe(`class C { f() {\n${lines(FUNCTION_LINES_MAX)}} }`))).toHaveLength(1);
  });

  it('are reported: the median of src, to stand between 50 and 110, and its small files', () => {
    const small = sources.filter((file) => lineCount(file) < SMALL_FILE_LINES && !/\/ports\//.test(file.path));
    const report = [
      `tidy: src has ${sources.length} files, median ${median(sources.map(lineCount))} lines (the aim is 50 to 110).`,
      ...small.map((file) => `tidy: ${file.path} has only ${lineCount(file)} lines.`),
    ];
    process.stdout.write(`${report.join('\n')}\n`);
    expect([median([3, 1, 2]), median([])]).toEqual([2, 0]);
  });
});

describe('documents', () => {
  it('have one title each, at their beginning', () => {
    expect(documents.length).toBeGreaterThan(0);
    expect(documents.flatMap(titleProblems)).toEqual([]);
  });

  it.each(['no title\n', '# One\n\n# Two\n', 'before\n\n# Title\n', '## Only a section\n'])('are refused as %j', (text) => {
    expect(titleProblems(probe(text, 'docs/probe.md'))).toHaveLength(1);
  });

  it('may show a comment of a shell in their code', () => {
    expect(titleProblems(probe('# Title\n\n```bash\n# a comment\n```\n', 'docs/probe.md'))).toEqual([]);
  });
});

describe('headers', () => {
  it('stand where they are owed and keep to six lines', () => {
    expect([...sources, ...tests].flatMap(headerProblems)).toEqual([]);
  });

  it.each([
    'src/application/ports/probe.ts',
    'src/adapters/sqlite/probe.ts',
    'src/domain/message/events.ts',
    'src/application/reactions.ts',
    'src/projections/probe.ts',
    'test/contracts/probe.contract.ts',
  ])('are missed in %s', (path) => {
    const without = "import { x } from './x.js';\n\n// no header\nexport interface Probe {}\n";
    expect(headerProblems(probe(without, path))).toHaveLength(1);
    expect(headerProblems(probe(without.replace('// no header', '/** A header. */'), path))).toEqual([]);
    expect(headerProblems(probe(`/** A header. */\n${without}`, path))).toEqual([]);
  });

  it('are not owed elsewhere, and never longer than six lines', () => {
    expect(headerProblems(probe('export const x = 1;'))).toEqual([]);
    expect(headerProblems(probe(`/**\n${' * line\n'.repeat(6)} */\n`))).toEqual([]);
    expect(headerProblems(probe(`/**\n${' * line\n'.repeat(7)} */\n`))).toHaveLength(1);
  });
});

describe('leftovers', () => {
  it('no dead file in src', () => {
    expect(deadFileProblems(sources, entries)).toEqual([]);
  });

  it('a dead file is seen', () => {
    expect(startedBy('"start": "node x --flag dist/main.js"; import \'../dist/adapters/x.js\'')).toEqual([
      'src/main.ts',
      'src/adapters/x.ts',
    ]);
    const main = probe("import './used.js'; import type { T } from './domain/typed.js';", 'src/main.ts');
    const used = [probe('', 'src/used.ts'), probe('', 'src/domain/typed.ts'), probe('', 'src/adapters/cli/chat.ts')];
    expect(deadFileProblems([main, ...used], ['src/main.ts'])).toEqual([]);
    expect(deadFileProblems([main, ...used, probe('', 'src/dead.ts')], ['src/main.ts'])).toEqual([
      expect.stringContaining('src/dead.ts'),
    ]);
  });

  it('nothing unfinished without an issue', () => {
    expect(texts.flatMap(unfinishedProblems)).toEqual([]);
  });

  it('what is unfinished is seen', () => {
    expect(unfinishedProblems(probe(`// ${unfinished}: later`))).toHaveLength(1);
    expect(unfinishedProblems(probe(`// ${unfinished}(#12): later`))).toEqual([]);
  });

  it('no path of one machine', () => {
    expect(texts.length).toBeGreaterThan(sources.length);
    expect(texts.flatMap(machinePathProblems)).toEqual([]);
  });

  it('a path of one machine is seen', () => {
    for (const folder of ['work', 'root', 'home']) expect(machinePathProblems(probe(`see ${machine(folder)}`))).toHaveLength(1);
    expect(machinePathProblems(probe(`src${machine('root')} and https://example.org${machine('home')}`))).toEqual([]);
  });

  it("no registry's address in package-lock.json", () => {
    expect(lockProblems(textOf('package-lock.json'))).toEqual([]);
  });

  it("a registry's address is seen", () => {
    expect(lockProblems('{\n  "resolved": "https://registry.example/x"\n}')).toHaveLength(1);
  });

  it('no case that is skipped or runs alone', () => {
    expect(tests.flatMap(skippedCaseProblems)).toEqual([]);
  });

  it('a case that is skipped or runs alone is seen', () => {
    const skipping = [
      'it.skip("x", f);',
      'describe.only("x", f);',
      'it.todo("x");',
      'xit("x", f);',
      'it.only.each([1])("x", f);',
    ];
    for (const text of skipping) expect(skippedCaseProblems(probe(text, 'test/probe.spec.ts'))).toHaveLength(1);
    expect(skippedCaseProblems(probe('it("x", f); stream.skip(1); reader.only();', 'test/probe.spec.ts'))).toEqual([]);
  });
});
