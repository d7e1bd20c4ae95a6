/** Goal: what the documents say of the tree is so, and each check of that still bites. */
import { describe, expect, it } from '@jest/globals';
import {
  citedDecisions,
  commandProblems,
  decisionNumbers,
  decisionProblems,
  featureProblems,
  linkProblems,
  rowsOf,
  testProblems,
} from './documents.js';
import { exists, filesUnder, pathsUnder, type SourceFile, textOf } from './source-files.js';

const FEATURES = 'docs/features.md';
const rootDocuments = pathsUnder('').filter((path) => /^[^/]+\.md$/.test(path));
const documents: SourceFile[] = [
  ...rootDocuments.map((path) => ({ path, text: textOf(path) })),
  ...filesUnder('docs', '.md'),
  ...filesUnder('src', '.md'),
];
const code = [...filesUnder('src', '.ts'), ...filesUnder('test', '.ts'), ...filesUnder('bin')];
const decisions = decisionNumbers(pathsUnder('docs/adr'));
const features = [...new Set(pathsUnder('src/domain').map((path) => path.split('/')[2] ?? ''))].filter(
  (name) => !/\.|^kernel$/.test(name),
);
const { scripts } = JSON.parse(textOf('package.json')) as { scripts: Record<string, string> };

const probe = (text: string, path = 'docs/probe.md'): SourceFile => ({ path, text });
const cite = (number: number): string => `${'ADR'} ${String(number).padStart(4, '0')}`;

function documentAt(path: string): SourceFile {
  if (!exists(path)) throw new Error(`${path} is missing.`);
  return { path, text: textOf(path) };
}

describe('documents', () => {
  it('and code cite decisions that are recorded', () => {
    expect(decisions.length).toBeGreaterThan(0);
    expect([...documents, ...code].flatMap((file) => decisionProblems(file, decisions))).toEqual([]);
  });

  it('map every feature to files that are there', () => {
    expect(features.length).toBeGreaterThan(0);
    expect(rowsOf(documentAt(FEATURES).text).length).toBeGreaterThanOrEqual(features.length);
    expect(featureProblems(documentAt(FEATURES), features, exists)).toEqual([]);
  });

  const textAt = (path: string): string | undefined => (exists(path) ? textOf(path) : undefined);

  it('name tests that are there, by titles that they have', () => {
    const security = documentAt('docs/security.md');
    expect(rowsOf(security.text).filter((cells) => cells.some((cell) => cell.startsWith('`test/'))).length).toBeGreaterThan(20);
    expect(documents.flatMap((file) => testProblems(file, textAt))).toEqual([]);
  });

  it('link to what is there', () => {
    expect(documents.map(({ path }) => path)).toContain('README.md');
    expect(documents.flatMap((file) => linkProblems(file, exists))).toEqual([]);
  });

  it('show commands that package.json has', () => {
    expect(documentAt('README.md').text).toMatch(/npm start/);
    expect(documents.flatMap((file) => commandProblems(file, scripts))).toEqual([]);
  });
});

describe('probes of the documents', () => {
  it('see a decision that is not recorded', () => {
    const known = decisionNumbers(['docs/adr/0003-deciders-are-pure.md', 'docs/adr/README.md']);
    expect(known).toEqual(['0003']);
    expect(decisionProblems(probe(`because of ${cite(3)}`), known)).toEqual([]);
    expect(decisionProblems(probe(`because of ${cite(3)}, ${cite(9)}`), known)).toHaveLength(1);
    expect(citedDecisions(`${'ADRs'} 0003, 0004 and 0005; ${'ADR'}-0006`)).toEqual(['0003', '0004', '0005', '0006']);
  });

  it('see a lost file and a feature without a row', () => {
    const head = '| Feature | Domain |\n| --- | --- |\n';
    const isThere = (path: string): boolean => ['src/domain/message', 'src/domain/message/events.ts'].includes(path);
    const map = (row: string): SourceFile => probe(head + row, FEATURES);
    expect(featureProblems(map('| Message | `src/domain/message/` |'), ['message'], isThere)).toEqual([]);
    expect(featureProblems(map('| Message | `domain/message/events.ts` |'), ['message'], isThere)).toEqual([]);
    expect(featureProblems(map('| Message | [d](../src/domain/message) |'), [], isThere)).toEqual([]);
    expect(featureProblems(map('| Message | `domain/message`, `domain/message/gone.ts` |'), ['message'], isThere)).toHaveLength(
      1,
    );
    expect(featureProblems(map('| Message | `domain/message` |'), ['message', 'call'], isThere)).toHaveLength(1);
    expect(featureProblems(map('| Message | `domain/message` |'), ['mess'], isThere)).toHaveLength(1);
  });

  it('see a test that is gone, and a title that it has not', () => {
    const row = (cell: string): SourceFile => probe(`| Attack | Test |\n| --- | --- |\n| a | ${cell} |\n`);
    const textAt = (path: string): string | undefined => (path === 'test/a.spec.ts' ? "it('holds', run)" : undefined);
    expect(testProblems(row('`test/a.spec.ts`: holds'), textAt)).toEqual([]);
    expect(testProblems(row('`test/a.spec.ts`'), textAt)).toEqual([]);
    expect(testProblems(row('`test/a.spec.ts`: holds not'), textAt)).toHaveLength(1);
    expect(testProblems(row('`test/b.spec.ts`'), textAt)).toHaveLength(1);
  });

  it('see a link that leads nowhere', () => {
    const isThere = (path: string): boolean => path === 'docs/adr/README.md' || path === 'README.md';
    const fine = '[a](adr/README.md) [b](../README.md#start) [c](https://example.org) [d](#here) `[e](gone.md)`';
    expect(linkProblems(probe(fine), isThere)).toEqual([]);
    for (const lost of ['[a](gone.md)', '[a](adr/gone.md#x)', '[a]: gone.md', '![a](gone.png)', '[a](/README.md)']) {
      expect(linkProblems(probe(lost), isThere)).toHaveLength(1);
    }
  });

  it('see a command that is no script', () => {
    const block = (line: string): SourceFile => probe(`# T\n\n\`\`\`bash\n${line}\n\`\`\`\n`);
    const known = { start: 'x', test: 'x' };
    expect(commandProblems(block('npm ci && npm start\nnpm test -- unit\nnode x'), known)).toEqual([]);
    expect(commandProblems(block('npm run -s start'), known)).toEqual([]);
    for (const line of ['npm run gone', 'npm gone', '$ npm run gone', 'npm ci && npm run gone', 'npm run ci']) {
      expect(commandProblems(block(line), known)).toHaveLength(1);
    }
  });
});
