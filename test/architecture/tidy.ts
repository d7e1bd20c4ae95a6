/**
 * Budgets and leftovers: lengths, headers, dead files, unfinished words, paths of one machine, skipped cases.
 * What a rule reports says what is wrong and what to do instead.
 */
import ts from 'typescript';
import { exportsOf, importedPath, importsOf, nodesOf, parse, placeOf, type SourceFile } from './source-files.js';

export const LINES_MAX = { src: 350, test: 500 } as const;
export const FUNCTION_LINES_MAX = 60;
export const HEADER_LINES_MAX = 6;
export const SMALL_FILE_LINES = 15;

export const lineCount = ({ text }: SourceFile): number => text.replace(/\n$/, '').split('\n').length;

export function lengthProblems(file: SourceFile): string[] {
  const max = file.path.startsWith('src/') ? LINES_MAX.src : LINES_MAX.test;
  return lineCount(file) <= max ? [] : [`${file.path} has ${lineCount(file)} lines, at most ${max}. Split it by what it holds.`];
}

export function functionLengthProblems(file: SourceFile): string[] {
  const lineOf = (position: number): number => parse(file).getLineAndCharacterOfPosition(position).line;
  return nodesOf(file)
    .filter((node) => ts.isFunctionLike(node) && 'body' in node && node.body !== undefined)
    .map((node) => ({ node, lines: lineOf(node.end) - lineOf(node.getStart()) + 1 }))
    .filter(({ lines }) => lines > FUNCTION_LINES_MAX)
    .map(
      ({ node, lines }) => `${placeOf(file, node)}: a function of ${lines} lines, at most ${FUNCTION_LINES_MAX}. Name its parts.`,
    );
}

export const median = (numbers: readonly number[]): number =>
  [...numbers].sort((one, other) => one - other)[numbers.length >> 1] ?? 0;

const UNFINISHED = new RegExp(`\\b(?:${['TO', 'DO'].join('')}|${['FIX', 'ME'].join('')})\\b(?!\\s*\\(?#\\d+)`);

export function unfinishedProblems({ path, text }: SourceFile): string[] {
  return linesThat(text, (line) => UNFINISHED.test(line)).map(
    (line) => `${path}:${line}: unfinished. Do it, or name an issue: (#12).`,
  );
}

const linesThat = (text: string, test: (line: string) => boolean): number[] =>
  text.split('\n').flatMap((line, index) => (test(line) ? [index + 1] : []));

/** Lines of a document outside its fenced code. */
export function proseOf(text: string): string[] {
  let isCode = false;
  return text.split('\n').filter((line) => {
    if (/^\s*(?:```|~~~)/.test(line)) {
      isCode = !isCode;
      return false;
    }
    return !isCode;
  });
}

export function titleProblems({ path, text }: SourceFile): string[] {
  const prose = proseOf(text);
  const titles = prose.filter((line) => /^# \S/.test(line));
  if (titles.length !== 1) return [`${path} has ${titles.length} titles. A document has one "# " line.`];
  const first = prose.find((line) => line.trim() !== '' && !line.startsWith('<!--'));
  return first === titles[0] ? [] : [`${path} does not begin with its title.`];
}

const NEEDS_HEADER = [
  /^src\/application\/ports\//,
  /^src\/adapters\//,
  /^src\/domain\/[^/]+\/events\.ts$/,
  /^src\/application\/(?:use-cases|reactions|event-catalogue)\.ts$/,
  /^src\/projections\/(?!kernel\/)/,
  /^test\/contracts\/.*\.contract\.ts$/,
];

const hasDocComment = (text: string, node: ts.Node): boolean =>
  (ts.getLeadingCommentRanges(text, node.pos) ?? []).some(({ pos }) => text.startsWith('/**', pos));

/** The header stands first in the file, or else before something that the file exports. */
export function headerProblems(file: SourceFile): string[] {
  const text = file.text.replace(/^#!.*\n/, '').trimStart();
  const header = /^\/\*\*([\s\S]*?)\*\//.exec(text)?.[1];
  if (header !== undefined) {
    const lines = header.split('\n').filter((line) => /[^\s*]/.test(line)).length;
    return lines <= HEADER_LINES_MAX ? [] : [`${file.path}: a header of ${lines} lines, at most ${HEADER_LINES_MAX}.`];
  }
  if (!NEEDS_HEADER.some((pattern) => pattern.test(file.path))) return [];
  const isDocumented = [...exportsOf(file).values()].some((node) => hasDocComment(file.text, node));
  return isDocumented ? [] : [`${file.path} has no header: /** what it is; the promise or hazard; why, or the ADR */.`];
}

/** The files of src that something outside of it starts, by what a script or a file of bin names in dist. */
export const startedBy = (text: string): string[] =>
  [...text.matchAll(/\bdist\/([\w./-]+)\.js\b/g)].map(([, path]) => `src/${path}.ts`);

/** `entries` are used from outside of src; every verb of the command line is one. */
export function deadFileProblems(sources: readonly SourceFile[], entries: readonly string[]): string[] {
  const used = new Set([
    ...entries,
    ...sources.flatMap((file) => importsOf(file).map((specifier) => importedPath(file, specifier))),
  ]);
  return sources
    .filter(({ path }) => !used.has(path) && !path.startsWith('src/adapters/cli/'))
    .map(({ path }) => `${path} is imported by nothing in src. Use it or delete it.`);
}

const MACHINE_PATH = new RegExp(`(?<![\\w.@:/-])/(?:${['work', 'root', 'home'].join('|')})/`);

export function machinePathProblems({ path, text }: SourceFile): string[] {
  return linesThat(text, (line) => MACHINE_PATH.test(line)).map(
    (line) => `${path}:${line}: a path of one machine. Make it relative.`,
  );
}

export function lockProblems(lock: string): string[] {
  return linesThat(lock, (line) => line.includes('"resolved"')).map(
    (line) => `package-lock.json:${line}: a registry's address. Set omit-lockfile-registry-resolved=true and install again.`,
  );
}

const REGISTRARS = new Set(['it', 'test', 'describe']);
const SKIPPERS = new Set(['skip', 'only', 'todo', 'failing']);

/** No case is left out: what cannot run is a failure. */
export function skippedCaseProblems(file: SourceFile): string[] {
  return nodesOf(file)
    .filter((node) => {
      if (ts.isIdentifier(node)) return /^(?:x|f)(?:it|test|describe)$/.test(node.text);
      return (
        ts.isPropertyAccessExpression(node) &&
        SKIPPERS.has(node.name.text) &&
        REGISTRARS.has(node.expression.getText().split('.')[0] ?? '')
      );
    })
    .map((node) => `${placeOf(file, node)}: ${node.getText()}. Every case runs; delete it or mend it.`);
}
