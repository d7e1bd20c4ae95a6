/**
 * What every store of views answers to queries. Goal: the same pages in the same order from every adapter, whatever the
 * index, the direction and the bounds. Method: examples, and a comparison with plain filtering and sorting.
 */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { PageQuery, ProjectionWriter, Views } from '../../src/projections/kernel/views.js';
import { applyBooks, at, type Book, books, put, shelves, type ViewsUnderTest } from '../support/example-views.js';

const LIBRARY: readonly Book[] = [
  { shelf: 'a', place: 2, author: 'mo', pages: 300, title: 'Two' },
  { shelf: 'a', place: 10, author: 'mo', pages: 90, title: 'Ten' },
  { shelf: 'a', place: 1, author: 'lu', pages: 300, title: 'One' },
  { shelf: 'a', place: 3, author: 'lu', title: 'No pages' },
  { shelf: 'b', place: 1, author: 'mo', pages: 300, title: 'B one' },
  { shelf: 'b', place: 7, pages: 0, title: 'No author' },
  { shelf: 'ab', place: 1, author: 'mo', pages: 1_000_000, title: 'Thick' },
];

const optional = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined });
const anyShelf = fc.constantFrom('a', 'ab', 'b');
const anyPages = fc.constantFrom(0, 1, 2, 9, 10, 11, 100);

const anyBook = fc
  .record({ shelf: anyShelf, place: fc.nat(12), author: optional(fc.constantFrom('lu', 'mo')), pages: optional(anyPages) })
  .map((book) => Object.fromEntries(Object.entries(book).filter(([, value]) => value !== undefined)) as unknown as Book);

type Question = PageQuery<Book, 'byAuthor' | 'byPages' | 'byBorrower'>;

const anyQuestion: fc.Arbitrary<Question> = fc
  .record({
    lookup: fc.oneof(
      anyShelf.map((shelf) => ({ equal: { shelf } })),
      anyShelf.map((shelf) => ({ index: 'byPages' as const, equal: { shelf } })),
      fc.constantFrom('lu', 'mo').map((author) => ({ index: 'byAuthor' as const, equal: { author } })),
    ),
    above: optional(anyPages),
    below: optional(anyPages),
    order: optional(fc.constantFrom('ascending' as const, 'descending' as const)),
    limit: fc.nat(12),
  })
  .map(({ lookup, above, below, order, limit }) => ({
    ...lookup,
    limit,
    ...(above !== undefined && { above }),
    ...(below !== undefined && { below }),
    ...(order && { order }),
  }));

function plainly(all: readonly Book[], { index, equal, above, below, order, limit }: Question): readonly Book[] {
  const fields: readonly (keyof Book)[] =
    index === undefined
      ? ['shelf', 'place']
      : [...books.indexes[index], ...books.key.filter((key) => key !== 'shelf' || index === 'byAuthor')];
  const next = index === undefined ? 'place' : 'pages';
  const fits = (book: Book) =>
    Object.entries(equal).every(([field, value]) => book[field as keyof Book] === value) &&
    book[next] !== undefined &&
    book[next] > ((above as number | undefined) ?? -1) &&
    book[next] < ((below as number | undefined) ?? Number.POSITIVE_INFINITY);
  const compare = (one: Book, other: Book) => {
    const field = fields.find((name) => one[name] !== other[name]);
    return field === undefined ? 0 : (one[field] as string) < (other[field] as string) ? -1 : 1;
  };
  const sorted = all.filter(fits).sort(compare);
  return (order === 'descending' ? sorted.reverse() : sorted).slice(0, limit);
}

const titles = (page: readonly Book[]): readonly (string | undefined)[] => page.map(({ title }) => title);

export function viewsContract(name: string, open: () => Promise<ViewsUnderTest>): void {
  describe(`Views: ${name}`, () => {
    let under: ViewsUnderTest;
    let views: Views;
    let writer: ProjectionWriter;

    beforeEach(async () => {
      under = await open();
      ({ views, writer } = under);
      await applyBooks(writer, 9, ...LIBRARY.map((book, index) => at(index + 1, put(book))));
    });
    afterEach(() => under.close());

    it('Documents by their keys, in the order asked, `undefined` for each that is not there.', async () => {
      const keys = [
        { shelf: 'b', place: 7 },
        { shelf: 'a', place: 4 },
        { shelf: 'a', place: 1 },
        { shelf: 'b', place: 7 },
      ];
      expect(await views.get(books, keys)).toEqual([LIBRARY[5], undefined, LIBRARY[2], LIBRARY[5]]);
      expect(await views.get(books, [])).toEqual([]);
    });

    it('At most `limit` documents whose leading fields have the values asked for.', async () => {
      expect(titles(await views.page(books, { equal: { shelf: 'a' }, limit: 10 }))).toEqual(['One', 'Two', 'No pages', 'Ten']);
      expect(titles(await views.page(books, { equal: { shelf: 'a' }, limit: 2 }))).toEqual(['One', 'Two']);
      expect(await views.page(books, { equal: { shelf: 'a' }, limit: 0 })).toEqual([]);
      expect(titles(await views.page(books, { equal: { shelf: 'b', place: 1 }, limit: 10 }))).toEqual(['B one']);
      expect(await views.page(books, { equal: { shelf: 'c' }, limit: 10 })).toEqual([]);
      expect(await views.page(books, { equal: {}, limit: 10 })).toHaveLength(LIBRARY.length);
    });

    it('They come in the order of the index and then of their keys, ascending unless descending is asked for.', async () => {
      const byAuthor = { index: 'byAuthor', equal: { author: 'mo' }, limit: 10 } as const;
      expect(titles(await views.page(books, byAuthor))).toEqual(['Ten', 'Two', 'B one', 'Thick']);
      expect(titles(await views.page(books, { ...byAuthor, order: 'descending' }))).toEqual(['Thick', 'B one', 'Two', 'Ten']);
      expect(titles(await views.page(books, { ...byAuthor, order: 'descending', limit: 2 }))).toEqual(['Thick', 'B one']);
      const byKey = { equal: { shelf: 'a' }, order: 'descending', limit: 3 } as const;
      expect(titles(await views.page(books, byKey))).toEqual(['Ten', 'No pages', 'Two']);
      const byPages = { index: 'byPages', equal: { shelf: 'a' }, limit: 10 } as const;
      expect(titles(await views.page(books, byPages))).toEqual(['Ten', 'One', 'Two']);
    });

    it('The next field lies strictly between the bounds that are given.', async () => {
      const ofA = { equal: { shelf: 'a' }, limit: 10 } as const;
      expect(titles(await views.page(books, { ...ofA, above: 1 }))).toEqual(['Two', 'No pages', 'Ten']);
      expect(titles(await views.page(books, { ...ofA, below: 10 }))).toEqual(['One', 'Two', 'No pages']);
      expect(titles(await views.page(books, { ...ofA, above: 1, below: 10, order: 'descending' }))).toEqual(['No pages', 'Two']);
      expect(titles(await views.page(books, { ...ofA, above: 2, below: 3 }))).toEqual([]);
      expect(titles(await views.page(books, { ...ofA, above: 10, below: 1 }))).toEqual([]);
      const byAuthor = { index: 'byAuthor', equal: { author: 'mo' }, limit: 10 } as const;
      expect(titles(await views.page(books, { ...byAuthor, above: 90 }))).toEqual(['Two', 'B one', 'Thick']);
      expect(titles(await views.page(books, { ...byAuthor, below: 300 }))).toEqual(['Ten']);
      const authors = { index: 'byAuthor', equal: {}, limit: 10 } as const;
      expect(titles(await views.page(books, { ...authors, above: 'lu' }))).toEqual(['Ten', 'Two', 'B one', 'Thick']);
      expect(titles(await views.page(books, { ...authors, above: 'l', below: 'mo' }))).toEqual(['One']);
    });

    it('A document that lacks a field of an index does not stand in it.', async () => {
      const all = await views.page(books, { index: 'byAuthor', equal: {}, limit: 20 });
      expect(titles(all)).toEqual(['One', 'Ten', 'Two', 'B one', 'Thick']);
      await applyBooks(writer, 20, at(20, { verb: 'patch', key: { shelf: 'a', place: 2 }, unset: ['author'] }));
      expect(titles(await views.page(books, { index: 'byAuthor', equal: {}, limit: 20 }))).not.toContain('Two');
      await applyBooks(writer, 21, at(21, { verb: 'patch', key: { shelf: 'b', place: 7 }, set: { author: 'lu' } }));
      expect(titles(await views.page(books, { index: 'byAuthor', equal: { author: 'lu' }, limit: 20 }))).toEqual([
        'No author',
        'One',
      ]);
    });

    it('How many documents stand in an index with these values in its leading fields.', async () => {
      expect(await views.count(books, { equal: { shelf: 'a' } })).toBe(4);
      expect(await views.count(books, { index: 'byAuthor', equal: { author: 'mo' } })).toBe(4);
      expect(await views.count(books, { index: 'byAuthor', equal: { author: 'mo', pages: 300 } })).toBe(2);
      expect(await views.count(books, { index: 'byAuthor', equal: { author: 'nobody' } })).toBe(0);
      await applyBooks(writer, 20, at(20, { verb: 'remove', key: { shelf: 'a', place: 1 } }));
      expect(await views.count(books, { equal: { shelf: 'a' } })).toBe(3);
    });

    it('Up to where the view is built: the checkpoint of its projection, 0 when it was never built.', async () => {
      expect([await views.position(books), await views.position(shelves)]).toEqual([9, 0]);
      await writer.apply([{ collection: shelves, writes: [] }], 12);
      expect([await views.position(books), await views.position(shelves)]).toEqual([9, 12]);
    });

    it('Of several views up to where all of them are.', async () => {
      expect([await views.position(books, shelves), await views.position(shelves, books)]).toEqual([0, 0]);
      await writer.apply([{ collection: shelves, writes: [] }], 12);
      expect([await views.position(books, shelves), await views.position(shelves, books)]).toEqual([9, 9]);
    });

    it('gives what plain filtering and sorting gives, for any documents and any question', async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(anyBook, { maxLength: 25 }),
          fc.array(anyQuestion, { minLength: 5 }),
          async (found, questions) => {
            await writer.clear(books);
            await applyBooks(writer, 1, ...found.map((book, index) => at(index + 1, put(book))));
            const kept = [...new Map(found.map((book) => [`${book.shelf} ${book.place}`, book])).values()];
            for (const question of questions) expect(await views.page(books, question)).toEqual(plainly(kept, question));
          },
        ),
        { numRuns: 40 },
      );
    });

    it('refuses what the collection does not declare, as a defect', async () => {
      const unknown = { index: 'byColour' as 'byAuthor', equal: {}, limit: 1 };
      await expect(views.page(books, unknown)).rejects.toThrow('no index');
      await expect(views.page(books, { equal: { place: 1 }, limit: 1 })).rejects.toThrow('not a leading field');
      await expect(views.page(books, { equal: { title: 'One' }, limit: 1 })).rejects.toThrow('not a leading field');
      await expect(views.get(books, [{ shelf: 'a' } as Book])).rejects.toThrow('needs the fields');
      await expect(views.get(books, [{ shelf: 'a', place: '1' } as unknown as Book])).rejects.toThrow('declared integer');
    });
  });
}
