/**
 * What documents say about the tree: decisions that are cited, files and folders, links, commands.
 * What a rule reports says where the document and the tree differ.
 */
import { posix } from 'node:path';
import type { SourceFile } from './source-files.js';
import { proseOf } from './tidy.js';

type IsThere = (path: string) => boolean;

/** `ADR 0003`, `ADR-0003`, `ADRs 0003, 0004 and 0005`. */
export function citedDecisions(text: string): string[] {
  const citations = text.matchAll(/\bADRs?[ -](\d{4}(?:(?:,| and|, and)\s+\d{4})*)/g);
  return [...citations].flatMap(([, numbers]) => numbers?.match(/\d{4}/g) ?? []);
}

export function decisionProblems({ path, text }: SourceFile, decisions: readonly string[]): string[] {
  return [...new Set(citedDecisions(text))]
    .filter((number) => !decisions.includes(number))
    .map((number) => `${path} cites ADR ${number}, which docs/adr does not have.`);
}

export const decisionNumbers = (paths: readonly string[]): string[] =>
  paths.map((path) => /^docs\/adr\/(\d{4})-[^/]+\.md$/.exec(path)?.[1]).filter((number) => number !== undefined);

/** The cells of the table rows of a document, without head and rule. */
export const rowsOf = (text: string): string[][] =>
  proseOf(text)
    .filter((line) => line.trim().startsWith('|'))
    .filter((line, index, all) => !/^[\s|:-]+$/.test(line) && !/^[\s|:-]+$/.test(all[index + 1] ?? ''))
    .map((line) =>
      line
        .trim()
        .replace(/^\||\|$/g, '')
        .split('|')
        .map((cell) => cell.trim()),
    );

/** What is written as a path: with a slash or an ending, in code or as a link. Read from the root, or from src. */
const pathsIn = (cells: readonly string[]): string[] =>
  cells
    .flatMap((cell) => [...cell.matchAll(/`([^`]+)`|\]\(([^)#]+)/g)].map(([, code, link]) => code ?? link ?? ''))
    .filter((token) => /^[\w.-]+(?:\/[\w.-]+)*\/?$/.test(token) && (token.includes('/') || /\.\w{2,4}$/.test(token)));

export function featureProblems({ path, text }: SourceFile, features: readonly string[], isThere: IsThere): string[] {
  const rows = rowsOf(text);
  const places = (token: string): string[] => [token, `src/${token}`, posix.join(posix.dirname(path), token)];
  const lost = pathsIn(rows.flat())
    .filter((token) => !places(token).some((place) => isThere(place.replace(/\/$/, ''))))
    .map((token) => `${path} names ${token}, which is not there.`);
  const listed = rows.map((cells) => cells.join(' '));
  const unlisted = features
    .filter((feature) => !listed.some((row) => new RegExp(`domain/${feature}\\b(?!-)`).test(row)))
    .map((feature) => `${path} has no row that names src/domain/${feature}.`);
  return [...lost, ...unlisted];
}

export function linkProblems({ path, text }: SourceFile, isThere: IsThere): string[] {
  const prose = proseOf(text)
    .join('\n')
    .replace(/`[^`\n]*`/g, '');
  const targets = [...prose.matchAll(/\]\(<?([^)\s>]+)>?(?:\s+"[^"]*")?\)|^\[[^\]]+\]:\s*(\S+)/gm)].map(
    ([, inline, listed]) => inline ?? listed ?? '',
  );
  return targets
    .filter((target) => !/^(?:[a-z][a-z\d+.-]*:|#|\/\/)/i.test(target))
    .filter((target) => {
      const file = decodeURI(target.replace(/[#?].*$/, ''));
      return file.startsWith('/') || !isThere(posix.join(posix.dirname(path), file).replace(/\/$/, ''));
    })
    .map((target) => `${path} links to ${target}, which is not there.`);
}

/** npm's own commands, which need no script. */
const NPM_COMMANDS = ['ci', 'install', 'i', 'audit', 'outdated', 'pack', 'ls', 'explain', 'config', 'exec'];

export function commandProblems({ path, text }: SourceFile, scripts: Readonly<Record<string, string>>): string[] {
  const blocks = [...text.matchAll(/^\s*```(?:bash|sh|shell|console)[^\n]*\n([\s\S]*?)^\s*```/gm)].map(([, code]) => code ?? '');
  const commands = blocks.flatMap((code) => code.split(/\n|&&|;|\|/)).map((line) => line.trim().replace(/^\$\s+/, ''));
  return commands.flatMap((command) => {
    const [program, ...words] = command.split(/\s+/);
    if (program !== 'npm') return [];
    const [verb, name] = words.filter((word) => !word.startsWith('-'));
    const script = verb === 'run' ? name : verb;
    const isKnown = script !== undefined && (Object.hasOwn(scripts, script) || (verb !== 'run' && NPM_COMMANDS.includes(script)));
    return isKnown ? [] : [`${path}: "${command}": package.json has no script ${script}.`];
  });
}

/** A row names a test by its file, and behind a colon by a title that stands in it word for word. */
export function testProblems({ path, text }: SourceFile, textAt: (path: string) => string | undefined): string[] {
  return rowsOf(text).flatMap((cells) =>
    cells.flatMap((cell) => {
      const [, file, title] = /^`(test\/[^`*]+\.\w+)`(?:: (.+))?$/.exec(cell) ?? [];
      if (file === undefined) return [];
      const content = textAt(file);
      if (content === undefined) return [`${path} names the test ${file}, which is not there.`];
      return title === undefined || content.includes(title) ? [] : [`${path}: ${file} has no case "${title}".`];
    }),
  );
}
