/**
 * Fills the table of a view that is being built. It keeps what many events change in memory, and writes it in the order
 * of the keys: in one go when nobody else is served, and otherwise a few rows at a time, so that nobody waits for long.
 */
import type { Fields, Scalar, Shape } from '../../projections/kernel/collection.js';
import { carryOut, forgetAll, type Row, type Rows } from '../../projections/kernel/document.js';
import type { BuildOptions, ProjectionWriter, ProjectionWrites } from '../../projections/kernel/views.js';
import { BloomFilter } from './bloom-filter.js';
import { endReadTurn, writeAtOnce } from './read-turn.js';
import { attempt } from './sqlite-attempt.js';
import { createIndex, type SqliteCollection } from './sqlite-collections.js';
import type { Connection } from './sqlite-database.js';

/** How many changed rows are gathered before they are written. */
const GATHERED_ROWS = { served: 4_000, alone: 50_000 } as const;
/** How many of them are written before others get a turn. */
const TURN_ROWS = { served: 400, alone: Number.POSITIVE_INFINITY } as const;

interface Gathered {
  readonly key: readonly Scalar[];
  readonly row: Row | undefined;
  readonly isDirty: boolean;
}

export class ViewBuildWriter implements ProjectionWriter, Rows {
  /** Up to where the copy is built. */
  reached = 0;
  private readonly rows = new Map<string, Gathered>();
  private dirty = 0;
  private readonly written: BloomFilter;
  private readonly indexed = new Set<string>();

  constructor(
    private readonly connection: Connection,
    readonly copy: SqliteCollection,
    private readonly options: BuildOptions,
  ) {
    this.written = BloomFilter.forKeys(options.documents);
    if (options.pace === 'served') for (const index of Object.keys(copy.shape.indexes)) this.indexed.add(index);
  }

  async apply(projections: readonly ProjectionWrites[], upTo: number): Promise<void> {
    for (const { collection, writes } of projections) carryOut(this.shapeOf(collection), this, writes);
    if (this.dirty >= GATHERED_ROWS[this.options.pace]) await this.flushInTurns();
    this.reached = Math.max(this.reached, upTo);
  }

  async checkpoint(): Promise<number> {
    return this.reached;
  }

  async clear(collection: Shape): Promise<void> {
    this.shapeOf(collection);
    this.rows.clear();
    this.dirty = 0;
    this.reached = 0;
    attempt('Clearing a view that is being built', () => writeAtOnce(this.connection, () => this.copy.clear()));
  }

  async forget(collection: Shape, index: string, equal: object): Promise<void> {
    this.shapeOf(collection);
    this.forgetIn(index, equal);
  }

  /** Inside of a transaction that is open, or of one of its own. */
  forgetIn(index: string, equal: object): void {
    forgetAll(this.copy.shape, this, index, equal as Fields);
    this.flush();
  }

  /** Everything is written, and found by its indexes. */
  async complete(): Promise<void> {
    await this.flushInTurns();
    for (const index of Object.keys(this.copy.shape.indexes)) this.indexBy(index);
  }

  read(key: readonly Scalar[]): Row | undefined {
    const text = JSON.stringify(key);
    const known = this.rows.get(text);
    if (known !== undefined) return known.row;
    const row = this.written.mayHave(hashOf(text)) ? this.copy.read(key) : undefined;
    this.rows.set(text, { key, row, isDirty: false });
    return row;
  }

  find(index: string, equal: Fields): readonly (readonly Scalar[])[] {
    this.flush();
    this.indexBy(index);
    return this.copy.find(index, equal);
  }

  write(key: readonly Scalar[], row: Row): void {
    const text = JSON.stringify(key);
    if (this.rows.get(text)?.isDirty !== true) this.dirty += 1;
    this.rows.set(text, { key, row, isDirty: true });
  }

  private indexBy(index: string): void {
    if (this.indexed.has(index)) return;
    endReadTurn(this.connection);
    attempt('Indexing a view', () => createIndex(this.connection, this.copy.shape, this.copy.table, index));
    this.indexed.add(index);
  }

  private flush(): void {
    const dirty = this.dirtyInOrder();
    if (dirty.length > 0) this.store(dirty);
    this.rows.clear();
    this.dirty = 0;
  }

  private async flushInTurns(): Promise<void> {
    const dirty = this.dirtyInOrder();
    const turn = Math.min(TURN_ROWS[this.options.pace], Math.max(dirty.length, 1));
    for (let from = 0; from < dirty.length; from += turn) {
      this.store(dirty.slice(from, from + turn));
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.rows.clear();
    this.dirty = 0;
  }

  private dirtyInOrder(): readonly string[] {
    const dirty = [...this.rows].filter(([, { isDirty }]) => isDirty);
    return dirty.sort(([, one], [, other]) => inOrder(one.key, other.key)).map(([text]) => text);
  }

  /** What was written meanwhile, because something was forgotten, is not there any more. */
  private store(texts: readonly string[]): void {
    const write = (): void => {
      for (const text of texts) {
        const { key, row } = this.rows.get(text) ?? {};
        if (key === undefined || row === undefined) continue;
        this.written.add(hashOf(text));
        this.copy.write(key, row);
      }
    };
    attempt('Writing a view that is being built', () => writeAtOnce(this.connection, write));
  }

  private shapeOf(collection: Shape): Shape {
    if (collection.name !== this.copy.shape.name) throw new Error(`${collection.name} is not the view that is being built.`);
    return this.copy.shape;
  }
}

function inOrder(one: readonly Scalar[], other: readonly Scalar[]): number {
  for (const [at, value] of one.entries()) {
    if (value !== other[at]) return value < (other[at] as Scalar) ? -1 : 1;
  }
  return 0;
}

/** Two runs of FNV-1a, as 52 bits. */
function hashOf(text: string): number {
  let [low, high] = [0x811c_9dc5, 0x1234_5678];
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    low = Math.imul(low ^ code, 0x0100_0193);
    high = Math.imul(high ^ code, 0x0100_01b3);
  }
  return (high >>> 12) * 0x1_0000_0000 + (low >>> 0);
}
