/**
 * E8: no pattern of the source takes more than a straight look at a text. Every regular expression literal meets texts of
 * 50,000 characters that make a backtracking one try again and again: some hundred of them take one that looks once far
 * less than the deadline, and one that is quadratic far more.
 */
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from '@jest/globals';
import ts from 'typescript';
import { filesUnder } from '../architecture/source-files.js';

const LENGTH = 50_000;
const DEFECT_MS = 5_000;

function patternsOf({ path, text }: { readonly path: string; readonly text: string }): (readonly [string, string])[] {
  const found: (readonly [string, string])[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isRegularExpressionLiteral(node)) found.push([path, node.text]);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(path, text, ts.ScriptTarget.Latest));
  return found;
}

const patterns = [
  ...new Map(
    filesUnder('src', '.ts')
      .flatMap(patternsOf)
      .map((one) => [one[1], one]),
  ).values(),
];
const pumps = [
  'a',
  '0',
  ' ',
  '-',
  '.',
  '@',
  '/',
  '\\',
  '"',
  ';',
  '%',
  'a.',
  'a-',
  'a@',
  '0-',
  '/a',
  'a/',
  ' \t',
  'aA0',
  '\n',
  '\u00e9',
  'Bearer ',
];
const prefixes = ['', '/', '+', 'a@', 'Bearer ', '::ffff:', 'application/json', '"'];
const ends = ['', '!'];
const texts = prefixes.flatMap((prefix) =>
  pumps.flatMap((pump) => ends.map((end) => prefix + pump.repeat(LENGTH / pump.length) + end)),
);

describe('a pattern', () => {
  it('is found in the source, many of them', () => {
    expect(patterns.length).toBeGreaterThan(20);
  });

  it('that is quadratic is found here', () => {
    expect(() =>
      runInNewContext('/^(?:a|a?b?)+$/.test(text)', { text: `${'a'.repeat(LENGTH)}!` }, { timeout: DEFECT_MS }),
    ).toThrow();
  });

  it.each(patterns)('of %s: %s looks once', (_path, literal) => {
    const look = `for (const text of texts) (${literal}).test(text)`;
    expect(() => runInNewContext(look, { texts }, { timeout: DEFECT_MS })).not.toThrow();
  });
});
