/** Goal: the demo counts what is really there, says what it claims to say, and notices what is missing. */
import { describe, expect, it } from '@jest/globals';
import { chosen, passageOf, readCorpus } from '../../../src/adapters/cli/corpus.js';
import { contentOfBytes } from '../../../src/adapters/cli/demo-limits.js';
import { holesIn } from '../../../src/adapters/cli/demo-witness.js';
import { literals } from '../../../src/adapters/cli/literals.js';
import { shortened, visible } from '../../../src/adapters/cli/terminal.js';
import type { Fact } from '../../../src/adapters/cli/wire.js';
import { mainScriptOf, scriptsIn } from '../../../src/adapters/cli/writing-systems.js';

describe('writing systems', () => {
  it('are counted by character, and what all use together is not counted', () => {
    expect(Object.fromEntries(scriptsIn('abc שלום 12 👋🏽, é'))).toEqual({ Latin: 4, Hebrew: 4 });
    expect(Object.fromEntries(scriptsIn('𐌲𐌿 ひカ漢'))).toEqual({ Gothic: 2, Hiragana: 1, Katakana: 1, Han: 1 });
    expect(scriptsIn('123 !? 👍').size).toBe(0);
  });

  it('of a text is the one that most of it is in', () => {
    expect(mainScriptOf('日本語 is Japanese')).toBe('Latin');
    expect(mainScriptOf('これは日本 ok')).toBe('Hiragana');
    expect(mainScriptOf('1 2 3')).toBeUndefined();
  });
});

describe('the corpus', () => {
  it('has at least 40 scripts with the literals, and at least 40 languages, each of its script', async () => {
    const { passages, naughty } = await readCorpus();
    const scripts = new Set([...passages, ...literals].flatMap(({ text }) => [...scriptsIn(text).keys()]));
    expect(scripts.size).toBeGreaterThanOrEqual(40);
    expect(new Set(passages.map(({ language }) => language)).size).toBeGreaterThanOrEqual(40);
    for (const { script, text } of passages) expect(mainScriptOf(text)).toBe(script);
    expect(naughty.length).toBeGreaterThan(400);
    for (const text of [...naughty, ...passages.map((passage) => passage.text), ...literals.map((literal) => literal.text)]) {
      expect(text).not.toBe('');
      expect(text.isWellFormed()).toBe(true);
    }
  });

  it('reads the first article of a declaration, with its entities', () => {
    const html =
      '<article data-number="1"><h2>One</h2><p>All &#x26; everybody, <b>free</b></p><p>and equal.</p></article><p>not this</p>';
    expect(passageOf('English', html)).toEqual([
      { language: 'English', script: 'Latin', text: 'All & everybody, free\nand equal.' },
    ]);
    expect(passageOf('Nobody', '<p>no article</p>')).toEqual([]);
  });

  it('takes some languages of every script, rare scripts first', () => {
    const of = (script: string, count: number) =>
      Array.from({ length: count }, (_, index) => ({ language: `${script}${index}`, script, text: 'x' }));
    const taken = chosen([...of('Latin', 100), ...of('Thai', 1), ...of('Lao', 5)]);
    expect(taken.map(({ language }) => language).slice(0, 3)).toEqual(['Thai0', 'Lao0', 'Lao2']);
    expect(taken).toHaveLength(17);
  });

  it('has texts that look alike and differ, and keeps them apart', () => {
    const { text = '' } = literals.find(({ what }) => what === 'composed and decomposed') ?? {};
    expect(text.normalize('NFC')).not.toBe(text);
    expect(text.normalize('NFD')).not.toBe(text);
  });
});

describe('the largest content', () => {
  it.each([100, 1_000, 40_960, 40_961])('of %s bytes has exactly so many as JSON', (bytes) => {
    expect(Buffer.byteLength(JSON.stringify(contentOfBytes(bytes)), 'utf8')).toBe(bytes);
  });
});

describe('holes in what was seen', () => {
  const facts = (...revisions: (number | string)[]): Fact[] =>
    revisions.map((revision) => ({
      type: typeof revision === 'string' ? 'conversation-snapshot' : 'message-posted',
      ...{ scope: 'talk', revision: Number(revision), data: {} },
    }));

  it('are jumps, repeats and steps back', () => {
    expect(holesIn(facts(0, 1, 2))).toEqual([]);
    expect(holesIn(facts(4, 5, 7))).toEqual([7]);
    expect(holesIn(facts(0, 1, 1, 2))).toEqual([1]);
    expect(holesIn(facts(2, 1))).toEqual([1]);
  });

  it('are not where a snapshot says how it goes on', () => {
    expect(holesIn(facts(0, 1, '8', 9))).toEqual([]);
    expect(holesIn(facts(0, 1, '8', 10))).toEqual([10]);
    expect(holesIn(facts(0, 1, '-1', 2))).toEqual([]);
  });
});

describe('text of others on a terminal', () => {
  it('cannot steer it', () => {
    expect(visible('a\u001B[2Jb\u0007\u009Bc\u0000')).toBe('a\uFFFD[2Jb\uFFFD\uFFFDc\uFFFD');
    expect(visible('x\u202Eevil\u202C')).toBe('xevil');
    expect(visible('one\r\ntwo\rthree\u2028four')).toBe('one\ntwo\nthree\nfour');
    expect(visible('tab\tשלום 👨‍👩‍👧')).toBe('tab\tשלום 👨‍👩‍👧');
  });

  it('is shortened by characters as people see them', () => {
    expect(shortened('👨‍👩‍👧👨‍👩‍👧👨‍👩‍👧', 2)).toBe('👨‍👩‍👧👨‍👩‍👧…');
    expect(shortened('a\nb', 5)).toBe('a b');
  });
});
