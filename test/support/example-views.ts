/** A small collection for the contracts of the read side, and what both suites do with it. */
import { collectionOf, type Shape } from '../../src/projections/kernel/collection.js';
import type { Op } from '../../src/projections/kernel/projection.js';
import type { PositionedOps, ProjectionWriter, Views } from '../../src/projections/kernel/views.js';

export interface Book {
  readonly shelf: string;
  readonly place: number;
  readonly title?: string;
  readonly author?: string;
  readonly pages?: number;
  readonly marks?: readonly { readonly page: number; readonly by: string }[];
  readonly isLent?: boolean;
  /** Personal. */
  readonly borrower?: string;
}

export const books = collectionOf<Book>()({
  name: 'books.v1',
  fields: { shelf: 'text', place: 'integer', author: 'text', pages: 'integer', borrower: 'text' },
  key: ['shelf', 'place'],
  indexes: { byAuthor: ['author', 'pages'], byPages: ['shelf', 'pages'], byBorrower: ['borrower'] },
  personal: ['borrower'],
});

/** A second one, to see that the first is left alone. */
export const shelves = collectionOf<{ readonly shelf: string; readonly room?: string }>()({
  name: 'shelves.v1',
  fields: { shelf: 'text' },
  key: ['shelf'],
  indexes: {},
  personal: [],
});

export const EXAMPLES: readonly Shape[] = [books, shelves];

export interface ViewsUnderTest {
  readonly views: Views;
  readonly writer: ProjectionWriter;
  close(): Promise<void>;
}

export type BookOp = Op<Book, 'shelf' | 'place', 'byAuthor' | 'byPages' | 'byBorrower'>;

export const at = (position: number, ...ops: readonly BookOp[]): PositionedOps => ({ position, ops });

export const put = ({ shelf, place, ...doc }: Book): BookOp => ({ verb: 'upsert', key: { shelf, place }, doc });

export const applyBooks = (writer: ProjectionWriter, upTo: number, ...writes: readonly PositionedOps[]): Promise<void> =>
  writer.apply([{ collection: books, writes }], upTo);

export async function bookAt(views: Views, shelf: string, place: number): Promise<Book | undefined> {
  const [book] = await views.get(books, [{ shelf, place }]);
  return book;
}
