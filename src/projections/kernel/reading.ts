/** What several queries need of views: everything under a prefix, and one document. */
import type { Collection, Scalar } from './collection.js';
import type { PageQuery, Views } from './views.js';

type Field<Doc> = keyof Doc & string;

const PAGE = 500;

/** All documents of a prefix, page by page. The field `next`, which follows the prefix, must tell them apart. */
export async function everything<Doc extends object, Key extends Field<Doc>, Index extends string>(
  views: Views,
  collection: Collection<Doc, Key, Index>,
  query: Omit<PageQuery<Doc, Index>, 'limit' | 'order'>,
  next: Field<Doc>,
): Promise<readonly Doc[]> {
  const found: Doc[] = [];
  for (let bounds = {}; ; ) {
    const page = await views.page(collection, { ...query, ...bounds, limit: PAGE });
    found.push(...page);
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) return found;
    bounds = { above: last[next] as Scalar };
  }
}

export async function one<Doc extends object, Key extends Field<Doc>, Index extends string>(
  views: Views,
  collection: Collection<Doc, Key, Index>,
  key: Pick<Doc, Key>,
): Promise<Doc | undefined> {
  const [found] = await views.get(collection, [key]);
  return found;
}
