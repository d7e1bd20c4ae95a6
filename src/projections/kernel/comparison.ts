/** Compares a view with its copy, document by document in the order of their keys, both as they stood at one moment. */
import { type Fields, keyOf, type Scalar, type Shape } from './collection.js';
import { canonical } from './document.js';
import type { Comparison, Difference } from './rebuild-report.js';
import type { Standing } from './views.js';

const PAGE_DOCUMENTS = 500;
/** How many differences are told apart; the others are counted. */
const DIFFERENCES_TOLD = 10;

export interface CompareOptions {
  /** Is given its turn now and then. */
  readonly between?: (documents: number) => Promise<void>;
  /** Whether what differs in two documents of one key is as it should be. */
  readonly forgive?: (live: Fields, rebuilt: Fields, fields: readonly string[]) => Promise<boolean>;
}

export async function compare(shape: Shape, standing: Standing, { between, forgive }: CompareOptions = {}): Promise<Comparison> {
  const live = new Side(shape, standing, 'live');
  const rebuilt = new Side(shape, standing, 'rebuilt');
  const first: Difference[] = [];
  let [differences, steps] = [0, 0];
  const differs = (doc: Fields, kind: Difference['kind'], fields: readonly string[]): void => {
    differences += 1;
    if (first.length < DIFFERENCES_TOLD) first.push({ id: keyOf(shape, doc).join(' '), kind, fields });
  };
  for (;;) {
    const [one, other] = [await live.peek(), await rebuilt.peek()];
    if (one === undefined && other === undefined) break;
    const order = one === undefined ? 1 : other === undefined ? -1 : inOrder(keyOf(shape, one), keyOf(shape, other));
    if (order === 0) {
      const fields = differing(one as Fields, other as Fields);
      const isForgiven = fields.length > 0 && (await forgive?.(one as Fields, other as Fields, fields)) === true;
      if (fields.length > 0 && !isForgiven) differs(one as Fields, 'different', fields);
    } else if (order < 0) differs(one as Fields, 'only-live', []);
    else differs(other as Fields, 'only-rebuilt', []);
    if (order <= 0) live.next();
    if (order >= 0) rebuilt.next();
    steps += 1;
    if (steps % PAGE_DOCUMENTS === 0) await between?.(steps);
  }
  return { liveDocuments: live.count, rebuiltDocuments: rebuilt.count, differences, first };
}

/** Equal for equal contents; the order of fields says only in which order events came. */
function differing(one: Fields, other: Fields): readonly string[] {
  const names = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...names].filter((name) => one[name] !== other[name] && canonical(one[name]) !== canonical(other[name])).sort();
}

function inOrder(one: readonly Scalar[], other: readonly Scalar[]): number {
  for (const [at, value] of one.entries()) {
    if (value !== other[at]) return value < (other[at] as Scalar) ? -1 : 1;
  }
  return 0;
}

class Side {
  count = 0;
  private page: readonly Fields[] = [];
  private at = 0;
  private isOver = false;

  constructor(
    private readonly shape: Shape,
    private readonly standing: Standing,
    private readonly side: 'live' | 'rebuilt',
  ) {}

  async peek(): Promise<Fields | undefined> {
    if (this.at >= this.page.length && !this.isOver) {
      const last = this.page.at(-1);
      this.page = await this.standing.page(this.side, last && keyOf(this.shape, last), PAGE_DOCUMENTS);
      this.at = 0;
      this.isOver = this.page.length === 0;
    }
    return this.page[this.at];
  }

  next(): void {
    this.at += 1;
    this.count += 1;
  }
}
