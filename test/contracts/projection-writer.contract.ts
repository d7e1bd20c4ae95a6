/**
 * What every writer of views promises. Goal: an event that comes again, or late, changes nothing, and a batch that fails
 * leaves nothing behind. The verbs mean the same to every writer.
 */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ProjectionWriter, Views } from '../../src/projections/kernel/views.js';
import { applyBooks, at, type BookOp, bookAt, books, put, shelves, type ViewsUnderTest } from '../support/example-views.js';

const KEY = { shelf: 'a', place: 1 } as const;
const BOOK = { ...KEY, title: 'One', author: 'mo', pages: 100, borrower: 'kim' } as const;

export function projectionWriterContract(name: string, open: () => Promise<ViewsUnderTest>): void {
  describe(`ProjectionWriter: ${name}`, () => {
    let under: ViewsUnderTest;
    let views: Views;
    let writer: ProjectionWriter;

    beforeEach(async () => {
      under = await open();
      ({ views, writer } = under);
    });
    afterEach(() => under.close());

    const apply = (position: number, ...ops: readonly BookOp[]) => applyBooks(writer, position, at(position, ...ops));
    const book = () => bookAt(views, KEY.shelf, KEY.place);

    guarantees(() => ({ views, writer, apply, book }));
    verbs(() => ({ views, writer, apply, book }));
  });
}

interface Hands {
  readonly views: Views;
  readonly writer: ProjectionWriter;
  readonly apply: (position: number, ...ops: readonly BookOp[]) => Promise<void>;
  readonly book: () => ReturnType<typeof bookAt>;
}

function guarantees(hands: () => Hands): void {
  it('Carries out what events do to several projections, in the order given, and moves their checkpoints: all of it or nothing.', async () => {
    const { views, writer, book } = hands();
    const shelf = { position: 2, ops: [{ verb: 'upsert', key: { shelf: 'a' }, doc: { room: 'north' } }] } as const;
    const writes = [
      at(1, put(BOOK)),
      at(2, { verb: 'patch', key: KEY, set: { title: 'Once' } }),
      at(3, { verb: 'patch', index: 'byAuthor', equal: { author: 'mo' }, set: { author: 'lu' } }),
      at(4, { verb: 'patch', index: 'byAuthor', equal: { author: 'lu' }, max: { pages: 120 } }),
    ];
    await writer.apply(
      [
        { collection: books, writes },
        { collection: shelves, writes: [shelf] },
      ],
      5,
    );
    expect(await book()).toEqual({ ...BOOK, title: 'Once', author: 'lu', pages: 120 });
    expect(await views.get(shelves, [{ shelf: 'a' }])).toEqual([{ shelf: 'a', room: 'north' }]);
    expect([await writer.checkpoint(books), await writer.checkpoint(shelves)]).toEqual([5, 5]);

    const defective = { position: 8, ops: [{ verb: 'upsert', key: {}, doc: {} }] } as const;
    const failing = writer.apply(
      [
        { collection: books, writes: [at(6, put({ ...BOOK, title: 'Lost' })), at(7, put({ ...BOOK, place: 2 }))] },
        { collection: shelves, writes: [defective] },
      ],
      8,
    );
    await expect(failing).rejects.toThrow('needs the fields shelf');
    expect(await views.page(books, { equal: {}, limit: 9 })).toEqual([{ ...BOOK, title: 'Once', author: 'lu', pages: 120 }]);
    expect(await views.count(books, { index: 'byPages', equal: { shelf: 'a' } })).toBe(1);
    expect([await writer.checkpoint(books), await writer.checkpoint(shelves)]).toEqual([5, 5]);
  });

  it('An event changes nothing in a document that has seen it, or has seen a later one.', async () => {
    const { apply, book } = hands();
    await apply(1, put(BOOK));
    await apply(3, { verb: 'patch', key: KEY, set: { title: 'Third' } });
    const late: readonly BookOp[] = [
      put({ ...KEY, title: 'Late' }),
      { verb: 'patch', key: KEY, set: { title: 'Late' }, max: { pages: 999 }, unset: ['author'] },
      { verb: 'patch', index: 'byAuthor', equal: { author: 'mo' }, set: { title: 'Late' } },
      { verb: 'add', key: KEY, field: 'marks', values: [{ page: 1, by: 'late' }] },
      { verb: 'remove', key: KEY },
      { verb: 'forget', key: KEY },
    ];
    for (const position of [1, 2, 3]) for (const op of late) await apply(position, op);
    expect(await book()).toEqual({ ...BOOK, title: 'Third' });
  });

  it('All the ops of one event on one document are carried out, or none.', async () => {
    const { apply, book } = hands();
    const twice: readonly BookOp[] = [
      put(BOOK),
      { verb: 'patch', key: KEY, set: { title: 'Both' } },
      { verb: 'add', key: KEY, field: 'marks', values: [{ page: 1, by: 'lu' }] },
    ];
    await apply(2, ...twice);
    const both = { ...BOOK, title: 'Both', marks: [{ page: 1, by: 'lu' }] };
    expect(await book()).toEqual(both);
    await apply(3, { verb: 'patch', key: KEY, set: { title: 'Later' }, unset: ['marks'] });
    await apply(2, ...twice);
    expect(await book()).toEqual({ ...BOOK, title: 'Later' });
  });

  it('A document that was removed stays away when an event from before its removal is repeated.', async () => {
    const { views, apply, book } = hands();
    await apply(1, put(BOOK));
    await apply(2, { verb: 'patch', key: KEY, set: { title: 'Two' } });
    await apply(3, { verb: 'remove', key: KEY });
    await apply(1, put(BOOK));
    await apply(2, { verb: 'patch', key: KEY, set: { title: 'Two' } });
    expect(await book()).toBeUndefined();
    expect(await views.page(books, { index: 'byAuthor', equal: { author: 'mo' }, limit: 9 })).toEqual([]);
    expect(await views.page(books, { equal: {}, limit: 9 })).toEqual([]);
    await apply(4, put({ ...BOOK, title: 'New' }));
    expect(await book()).toEqual({ ...BOOK, title: 'New' });
  });

  it('A checkpoint never goes back.', async () => {
    const { writer } = hands();
    await applyBooks(writer, 7);
    await applyBooks(writer, 4);
    expect(await writer.checkpoint(books)).toBe(7);
  });

  it('After which position the next events of a projection begin; 0 for one that was never built.', async () => {
    const { writer } = hands();
    expect(await writer.checkpoint(books)).toBe(0);
    await applyBooks(writer, 7, at(3, put(BOOK)));
    expect([await writer.checkpoint(books), await writer.checkpoint(shelves)]).toEqual([7, 0]);
  });

  it('Takes the personal fields out of the documents that an index finds, wherever in the log they stand: for erasure, which no event of these documents tells.', async () => {
    const { writer, apply, book } = hands();
    await apply(5, put(BOOK));
    await writer.forget(books, 'byAuthor', { author: 'somebody else' });
    expect(await book()).toEqual(BOOK);
    await writer.forget(books, 'byAuthor', { author: BOOK.author });
    await writer.forget(books, 'byAuthor', { author: BOOK.author });
    const { borrower: _, ...rest } = BOOK;
    expect(await book()).toEqual(rest);
    // The document keeps its place: a later event still changes it, a repeated one does not.
    await apply(5, put({ ...BOOK, title: 'Repeated' }));
    await apply(6, { verb: 'patch', key: KEY, set: { title: 'Later' } });
    expect(await book()).toEqual({ ...rest, title: 'Later' });
  });

  it('Drops the documents and the checkpoint of a projection, so that it is built anew from the start.', async () => {
    const { views, writer, apply, book } = hands();
    await apply(5, put({ ...BOOK, title: 'Old' }), put({ ...BOOK, place: 2 }));
    await apply(6, { verb: 'remove', key: { shelf: 'a', place: 2 } });
    await writer.clear(books);
    expect([await book(), await writer.checkpoint(books), await views.position(books)]).toEqual([undefined, 0, 0]);
    expect(await views.count(books, { index: 'byAuthor', equal: {} })).toBe(0);
    await apply(1, put(BOOK), put({ ...BOOK, place: 2 }));
    expect(await views.page(books, { equal: {}, limit: 9 })).toEqual([BOOK, { ...BOOK, place: 2 }]);
    expect(await writer.checkpoint(books)).toBe(1);
  });

  it('Other projections keep theirs.', async () => {
    const { views, writer } = hands();
    const shelf = { position: 2, ops: [{ verb: 'upsert', key: { shelf: 'a' }, doc: {} }] } as const;
    await writer.apply([{ collection: shelves, writes: [shelf] }], 3);
    await writer.clear(books);
    expect(await views.get(shelves, [{ shelf: 'a' }])).toEqual([{ shelf: 'a' }]);
    expect(await writer.checkpoint(shelves)).toBe(3);
  });

  it('A second time changes nothing.', async () => {
    const { writer, apply, book } = hands();
    await apply(5, put(BOOK));
    await writer.clear(books);
    await writer.clear(books);
    expect([await book(), await writer.checkpoint(books)]).toEqual([undefined, 0]);
    await apply(1, put(BOOK));
    expect(await book()).toEqual(BOOK);
  });
}

function verbs(hands: () => Hands): void {
  it('`upsert` puts a whole document in the place of what was there.', async () => {
    const { views, apply, book } = hands();
    await apply(1, put(BOOK));
    await apply(2, put({ ...KEY, title: 'New', pages: 7 }));
    expect(await book()).toEqual({ ...KEY, title: 'New', pages: 7 });
    expect(await views.page(books, { index: 'byAuthor', equal: { author: 'mo' }, limit: 9 })).toEqual([]);
    expect(await views.page(books, { index: 'byPages', equal: { shelf: 'a', pages: 7 }, limit: 9 })).toHaveLength(1);
  });

  it('`patch` sets fields, takes fields out, and keeps the larger number where `max` is asked for.', async () => {
    const { apply, book } = hands();
    await apply(1, put(BOOK));
    await apply(2, { verb: 'patch', key: KEY, set: { title: 'Set', isLent: true }, unset: ['author'], max: { pages: 99 } });
    expect(await book()).toEqual({ ...KEY, title: 'Set', isLent: true, pages: 100, borrower: 'kim' });
    await apply(3, { verb: 'patch', key: KEY, max: { pages: 101 } });
    expect((await book())?.pages).toBe(101);
  });

  it('A patch by key begins a document that is not there; a patch by index changes only documents that are.', async () => {
    const { views, apply, book } = hands();
    await apply(1, { verb: 'patch', index: 'byAuthor', equal: { author: 'mo' }, set: { title: 'None' } });
    expect(await views.page(books, { equal: {}, limit: 9 })).toEqual([]);
    await apply(2, { verb: 'patch', key: KEY, max: { pages: 5 } });
    expect(await book()).toEqual({ ...KEY, pages: 5 });
    await apply(3, put({ ...BOOK, place: 2 }), put({ ...BOOK, place: 3, author: 'lu' }), put({ ...BOOK, place: 4 }));
    await apply(4, { verb: 'patch', index: 'byAuthor', equal: { author: 'mo' }, set: { title: 'By mo' } });
    const titles = (await views.page(books, { equal: { shelf: 'a' }, limit: 9 })).map(({ title }) => title);
    expect(titles).toEqual([undefined, 'By mo', 'One', 'By mo']);
  });

  it('A patch with `onlyIf` changes only a document that is there and has these values.', async () => {
    const { apply, book } = hands();
    const lend: BookOp = { verb: 'patch', key: KEY, set: { title: 'Lent' }, onlyIf: { isLent: true } };
    await apply(1, lend);
    expect(await book()).toBeUndefined();
    await apply(2, put(BOOK));
    await apply(3, lend);
    expect(await book()).toEqual(BOOK);
    await apply(4, { verb: 'patch', key: KEY, set: { isLent: true } });
    await apply(5, lend);
    expect((await book())?.title).toBe('Lent');
  });

  it('`add` puts values into a set, each once, and begins a document that is not there.', async () => {
    const { apply, book } = hands();
    const [one, two] = [
      { page: 1, by: 'lu' },
      { page: 2, by: 'lu' },
    ];
    await apply(1, { verb: 'add', key: KEY, field: 'marks', values: [one] });
    expect(await book()).toEqual({ ...KEY, marks: [one] });
    await apply(2, { verb: 'add', key: KEY, field: 'marks', values: [two, { by: 'lu', page: 1 }, two] });
    expect((await book())?.marks).toEqual([one, two]);
  });

  it('`remove` takes the document away.', async () => {
    const { views, apply, book } = hands();
    await apply(1, put(BOOK), put({ ...BOOK, place: 2 }));
    await apply(2, { verb: 'remove', key: KEY }, { verb: 'remove', key: { shelf: 'a', place: 9 } });
    expect(await book()).toBeUndefined();
    expect(await views.page(books, { index: 'byAuthor', equal: {}, limit: 9 })).toEqual([{ ...BOOK, place: 2 }]);
  });

  it('`forget` takes the personal fields out and leaves the rest.', async () => {
    const { views, apply, book } = hands();
    const { borrower: _, ...rest } = BOOK;
    await apply(1, put(BOOK), put({ ...BOOK, place: 2 }), put({ ...BOOK, place: 3, borrower: 'ada' }));
    await apply(2, { verb: 'forget', key: KEY });
    expect(await book()).toEqual(rest);
    await apply(3, { verb: 'forget', index: 'byBorrower', equal: { borrower: 'kim' } });
    expect(await bookAt(views, 'a', 2)).toEqual({ ...rest, place: 2 });
    expect((await bookAt(views, 'a', 3))?.borrower).toBe('ada');
    await apply(4, { verb: 'forget', key: { shelf: 'a', place: 9 } });
    expect(await views.page(books, { index: 'byBorrower', equal: {}, limit: 9 })).toHaveLength(1);
  });
}
