/** The tables of a key store in memory. Instances of the subject keys that share one are processes that share a store. */
import type { Subject } from '../../application/ports/subject-keys.js';
import type { BucketChange, KeyPlace, KeyRows, KeyStoreSettings, NewLocator, RingRow } from '../crypto/key-rows.js';

interface Tables {
  settings: KeyStoreSettings | undefined;
  sequence: number;
  generations: number[];
  rings: Map<Subject, RingRow>;
  locators: Map<string, NewLocator>;
  tombstones: { readonly subjectRef: string; readonly day: number }[];
  erased: Set<string>;
  unfinished: Set<string>;
}

export class InMemoryKeyRows implements KeyRows {
  constructor(
    private readonly tables: Tables = {
      settings: undefined,
      sequence: 0,
      generations: [],
      rings: new Map(),
      locators: new Map(),
      tombstones: [],
      erased: new Set(),
      unfinished: new Set(),
    },
  ) {}

  /** What a backup taken now would hold. */
  copy(): InMemoryKeyRows {
    return new InMemoryKeyRows(structuredClone(this.tables));
  }

  get tombstones(): Tables['tombstones'] {
    return structuredClone(this.tables.tombstones);
  }

  async settle(proposed: KeyStoreSettings): Promise<KeyStoreSettings> {
    if (this.tables.settings === undefined) {
      this.tables.settings = proposed;
      this.tables.generations = Array.from({ length: proposed.buckets }, () => 1);
    }
    return this.tables.settings;
  }

  async settings(): Promise<KeyStoreSettings | undefined> {
    return this.tables.settings;
  }

  async sequence(): Promise<number> {
    return this.tables.sequence;
  }

  async generation(bucket: number): Promise<number> {
    return this.generationOf(bucket);
  }

  async moveEmptyBucket(bucket: number, generation: number, nextGeneration: number): Promise<boolean> {
    if (this.generationOf(bucket) !== generation || this.bucketRows(bucket).length > 0) return false;
    this.tables.generations[bucket] = nextGeneration;
    return true;
  }

  async ringsIn(bucket: number, max = Number.POSITIVE_INFINITY): Promise<readonly RingRow[]> {
    return this.bucketRows(bucket).slice(0, max).map(copied);
  }

  async insertRing(row: RingRow, digest: string): Promise<'registered' | 'exists' | 'destroyed' | 'raced'> {
    if (this.tables.erased.has(digest)) return 'destroyed';
    if (this.tables.rings.has(row.subject)) return 'exists';
    if (this.generationOf(row.bucket) !== row.generation) return 'raced';
    this.tables.rings.set(row.subject, copied(row));
    return 'registered';
  }

  async ringsOf(subjects: readonly Subject[]): Promise<readonly RingRow[]> {
    return [...new Set(subjects)].flatMap((subject) => this.tables.rings.get(subject) ?? []).map(copied);
  }

  async isErased(digest: string): Promise<boolean> {
    return this.tables.erased.has(digest);
  }

  async addLocators(locators: readonly NewLocator[]): Promise<ReadonlySet<string>> {
    const open = new Set<string>();
    for (const row of this.tables.rings.values()) if (!row.fenced) open.add(row.subjectRef);
    for (const locator of locators) if (open.has(locator.subjectRef)) this.tables.locators.set(locator.locator, { ...locator });
    return new Set(locators.map((locator) => locator.subjectRef).filter((subjectRef) => !open.has(subjectRef)));
  }

  async placesOf(locators: readonly string[]): Promise<readonly KeyPlace[]> {
    const subjects = new Map([...this.tables.rings.values()].map((row) => [row.subjectRef, row.subject]));
    return [...new Set(locators)].flatMap((asked) => {
      const entry = this.tables.locators.get(asked);
      const subject = entry && subjects.get(entry.subjectRef);
      return entry && subject ? [{ locator: asked, subject, scope: entry.scope, context: entry.context }] : [];
    });
  }

  async fence(subject: Subject): Promise<number | undefined> {
    const row = this.tables.rings.get(subject);
    if (row === undefined || row.fenced) return undefined;
    this.tables.rings.set(subject, { ...row, fenced: true });
    this.tables.sequence += 1;
    return this.tables.sequence;
  }

  async replaceBucket(change: BucketChange): Promise<number | 'raced'> {
    const rows = this.bucketRows(change.bucket);
    const doomed = rows.find((row) => row.subjectRef === change.doomedRef);
    const others = rows.filter((row) => row !== doomed);
    const isComplete = others.length === change.survivors.size && others.every((row) => change.survivors.has(row.subjectRef));
    if (this.generationOf(change.bucket) !== change.generation || doomed === undefined || !isComplete) return 'raced';
    for (const row of others) {
      const wrapped = change.survivors.get(row.subjectRef)!;
      this.tables.rings.set(row.subject, { ...row, generation: change.nextGeneration, wrapped });
    }
    this.tables.rings.delete(doomed.subject);
    for (const [locator, { subjectRef }] of this.tables.locators) {
      if (subjectRef === change.doomedRef) this.tables.locators.delete(locator);
    }
    this.tables.generations[change.bucket] = change.nextGeneration;
    this.tables.tombstones.push({ subjectRef: change.doomedRef, day: change.day });
    this.tables.erased.add(change.doomedDigest);
    this.tables.unfinished.add(change.oldKek);
    this.tables.sequence += 1;
    return this.tables.sequence;
  }

  async unfinished(): Promise<readonly string[]> {
    return [...this.tables.unfinished];
  }

  async finished(keks: readonly string[]): Promise<void> {
    for (const kek of keks) this.tables.unfinished.delete(kek);
  }

  async scrub(): Promise<void> {}

  private bucketRows(bucket: number): RingRow[] {
    return [...this.tables.rings.values()].filter((row) => row.bucket === bucket);
  }

  private generationOf(bucket: number): number {
    const generation = this.tables.generations[bucket];
    if (generation === undefined) throw new Error(`There is no bucket ${bucket}.`);
    return generation;
  }
}

const copied = (row: RingRow): RingRow => ({ ...row, wrapped: Uint8Array.from(row.wrapped) });
