/**
 * Goal: every version of every event that was ever stored has a frozen example, and no example ever changes (ADR 0004).
 * Method: the catalogue names the versions, test/golden/events.sha256 the bytes; that list only grows.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { exists, pathsUnder, ROOT, textOf } from './source-files.js';

const CATALOGUE = 'src/application/event-catalogue.ts';
const FOLDER = 'test/golden/events';
const HASHES = 'test/golden/events.sha256';

type Catalogue = Readonly<Record<string, { readonly version: number }>>;
/** Contents by file name. */
type Examples = ReadonlyMap<string, string | Buffer>;

const sha256 = (content: string | Buffer): string => createHash('sha256').update(content).digest('hex');
const lineOf = (name: string, content: string | Buffer): string => `${sha256(content)}  ${name}`;

function missingExamples(catalogue: Catalogue, names: ReadonlySet<string>): string[] {
  return Object.entries(catalogue)
    .flatMap(([type, { version }]) => Array.from({ length: version }, (_, index) => `${type}.v${index + 1}.json`))
    .filter((name) => !names.has(name))
    .map((name) => `${FOLDER}/${name} is missing. Store an example of that version.`);
}

function strangeExamples(catalogue: Catalogue, examples: Examples): string[] {
  return [...examples].flatMap(([name, content]) => {
    const match = /^([A-Za-z\d]+)\.v(\d+)\.json$/.exec(name);
    const version = match?.[1] ? catalogue[match[1]]?.version : undefined;
    if (version === undefined || Number(match?.[2]) > version)
      return [`${FOLDER}/${name} is no version that the catalogue knows.`];
    const { type } = JSON.parse(content.toString()) as { type?: unknown };
    return type === match?.[1] ? [] : [`${FOLDER}/${name} says that it is of type ${String(type)}.`];
  });
}

function changedExamples(hashes: string, examples: Examples): string[] {
  const listed = hashes.split('\n').filter((line) => line !== '');
  const known = new Map(listed.map((line) => [line.slice(66), line] as const));
  const twice = listed.length === known.size ? [] : [`${HASHES} names a file twice.`];
  const gone = [...known.keys()].filter((name) => !examples.has(name)).map((name) => `${FOLDER}/${name} is gone. Bring it back.`);
  const differing = [...examples].flatMap(([name, content]) => {
    if (!known.has(name)) return [`${FOLDER}/${name} has no hash. Add to ${HASHES}:\n${lineOf(name, content)}`];
    return known.get(name) === lineOf(name, content)
      ? []
      : [`${FOLDER}/${name} was changed. Stored events never change: restore it.`];
  });
  return [...twice, ...gone, ...differing];
}

const isAppendOnly = (before: string, after: string): boolean => after.startsWith(before.trimEnd());

/** The list as it was committed; nothing where there is no history to ask. */
function committedHashes(): string {
  try {
    return execFileSync('git', ['show', `HEAD:${HASHES}`], { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  } catch {
    return '';
  }
}

async function loadCatalogue(): Promise<Catalogue> {
  if (!exists(CATALOGUE)) throw new Error(`${CATALOGUE} is missing.`);
  const { eventCatalogue } = (await import('../../src/application/event-catalogue.js')) as { eventCatalogue?: Catalogue };
  if (eventCatalogue === undefined || Object.keys(eventCatalogue).length === 0) throw new Error(`${CATALOGUE} names no event.`);
  return eventCatalogue;
}

function loadHashes(): string {
  if (!exists(HASHES)) throw new Error(`${HASHES} is missing. It holds one line "<sha256>  <file name>" per example.`);
  return textOf(HASHES);
}

const names = pathsUnder(FOLDER).map((path) => path.slice(FOLDER.length + 1));
const examples = new Map(names.map((name) => [name, readFileSync(join(ROOT, FOLDER, name))] as const));

describe('golden events', () => {
  it('exist for every version in the catalogue', async () => {
    expect(missingExamples(await loadCatalogue(), new Set(names))).toEqual([]);
  });

  it('are of versions that the catalogue knows', async () => {
    expect(strangeExamples(await loadCatalogue(), examples)).toEqual([]);
  });

  it('have not changed', () => {
    expect(changedExamples(loadHashes(), examples)).toEqual([]);
  });

  it('are listed once and for ever', () => {
    expect(isAppendOnly(committedHashes(), loadHashes())).toBe(true);
  });
});

describe('probes of the golden events', () => {
  const catalogue: Catalogue = { MemberAdded: { version: 2 } };
  const content: string = '{"type":"MemberAdded"}';
  const two = new Map(['MemberAdded.v1.json', 'MemberAdded.v2.json'].map((name) => [name, content] as const));
  const hashes = [...two].map(([name]) => `${lineOf(name, content)}\n`).join('');

  it('allow what is complete and unchanged', () => {
    expect(missingExamples(catalogue, new Set(two.keys()))).toEqual([]);
    expect(strangeExamples(catalogue, two)).toEqual([]);
    expect(changedExamples(hashes, two)).toEqual([]);
    expect(isAppendOnly(hashes, `${hashes}more\n`)).toBe(true);
  });

  it('see a missing version', () => {
    expect(missingExamples(catalogue, new Set(['MemberAdded.v2.json']))).toEqual([
      expect.stringContaining('MemberAdded.v1.json'),
    ]);
  });

  it('see an unknown version, an unknown type and a wrong type', () => {
    for (const name of ['MemberAdded.v3.json', 'MemberMoved.v1.json', 'notes.txt']) {
      expect(strangeExamples(catalogue, new Map([[name, content]]))).toHaveLength(1);
    }
    expect(strangeExamples(catalogue, new Map([['MemberAdded.v1.json', '{"type":"MemberLeft"}']]))).toHaveLength(1);
  });

  it('see a changed, an unlisted, a lost and a twice listed example', () => {
    const changed = new Map(two).set('MemberAdded.v1.json', `${content} `);
    expect(changedExamples(hashes, changed)).toEqual([expect.stringContaining('was changed')]);
    expect(changedExamples(hashes, new Map(two).set('MemberLeft.v1.json', content))).toEqual([
      expect.stringContaining('has no hash'),
    ]);
    expect(changedExamples(hashes, new Map([...two].slice(1)))).toEqual([expect.stringContaining('is gone')]);
    expect(changedExamples(hashes + hashes, two)).toEqual([expect.stringContaining('twice')]);
  });

  it('see a list that was rewritten', () => {
    expect(isAppendOnly(hashes, hashes.replace(/^./, 'x'))).toBe(false);
  });
});
