/**
 * The tables of a key store in a SQLite file of their own (`keys-schema.ts`), apart from all that is sealed with them.
 * Changes begin with the write lock, so that what they check still holds when they write.
 */
import type { Database } from 'better-sqlite3';
import { Unavailable } from '../../application/ports/failures.js';
import type { Subject } from '../../application/ports/subject-keys.js';
import type { BucketChange, KeyPlace, KeyRows, KeyStoreSettings, NewLocator, RingRow } from '../crypto/key-rows.js';
import { type KeyStatements, keyStatements, type StoredRing } from './key-statements.js';
import { DamagedRow } from './row-checksum.js';
import { attempt } from './sqlite-attempt.js';

const NO_LIMIT = -1;

/** Thrown inside a transaction to take it back. */
const RACED = new Error('The bucket has moved on.');

export class SqliteKeyRows implements KeyRows {
  private readonly statements: KeyStatements;

  constructor(private readonly database: Database) {
    // Without it deleted rings and locators would stay in the file's free space.
    if (database.pragma('secure_delete', { simple: true }) !== 1) throw new Error('A key store needs secure_delete = ON.');
    this.statements = keyStatements(database);
  }

  async settle(proposed: KeyStoreSettings): Promise<KeyStoreSettings> {
    return this.change('Creating the key store', () => {
      const present = this.statements.settings.get() as KeyStoreSettings | undefined;
      if (present !== undefined) return present;
      this.statements.insertSettings.run(proposed.storeId, proposed.check, proposed.buckets);
      for (let bucket = 0; bucket < proposed.buckets; bucket += 1) this.statements.insertBucket.run(bucket);
      return proposed;
    });
  }

  async settings(): Promise<KeyStoreSettings | undefined> {
    return attempt('Reading the settings of the key store', () => this.statements.settings.get() as KeyStoreSettings | undefined);
  }

  async sequence(): Promise<number> {
    return attempt('Reading the destruction sequence', () => this.statements.sequence.get() as number);
  }

  async generation(bucket: number): Promise<number> {
    const generation = attempt('Reading the generation of a bucket', () => this.statements.generation.get(bucket));
    if (generation === undefined) throw new Error(`There is no bucket ${bucket}.`);
    return generation as number;
  }

  async moveEmptyBucket(bucket: number, generation: number, nextGeneration: number): Promise<boolean> {
    const move = () => this.statements.moveEmptyBucket.run({ bucket, generation, nextGeneration }).changes > 0;
    return this.change('Moving an empty bucket on', move);
  }

  async ringsIn(bucket: number, max?: number): Promise<readonly RingRow[]> {
    return attempt('Reading the rings of a bucket', () => this.statements.ringsIn.all(bucket, max ?? NO_LIMIT)).map(ringRow);
  }

  async insertRing(row: RingRow, digest: string): Promise<'registered' | 'exists' | 'destroyed' | 'raced'> {
    return this.change('Registering a subject', () => {
      if (this.statements.isErased.get(digest) !== undefined) return 'destroyed';
      if (this.statements.generation.get(row.bucket) !== row.generation) return 'raced';
      const { subject, subjectRef, bucket, generation, wrapped } = row;
      const { changes } = this.statements.insertRing.run({ subject, subjectRef, bucket, generation, wrapped });
      return changes > 0 ? 'registered' : 'exists';
    });
  }

  async ringsOf(subjects: readonly Subject[]): Promise<readonly RingRow[]> {
    return attempt('Reading key rings', () => this.statements.ringsOf.all(JSON.stringify(subjects))).map(ringRow);
  }

  async isErased(digest: string): Promise<boolean> {
    return attempt('Reading who was erased', () => this.statements.isErased.get(digest) !== undefined);
  }

  async addLocators(locators: readonly NewLocator[]): Promise<ReadonlySet<string>> {
    const items = JSON.stringify(
      locators.map(({ locator, subjectRef, scope, context }) => [locator, subjectRef, scope, context]),
    );
    return this.change('Keeping locators', () => {
      this.statements.insertLocators.run(items);
      return new Set(this.statements.refusedLocators.all(items));
    });
  }

  async placesOf(locators: readonly string[]): Promise<readonly KeyPlace[]> {
    const places = attempt('Reading locators', () => this.statements.placesOf.all(JSON.stringify(locators)));
    return places.map(({ isWhole, ...place }) => whole('locators', isWhole, place));
  }

  async fence(subject: Subject): Promise<number | undefined> {
    return this.change('Fencing a subject', () => {
      if (this.statements.fenceRing.run(subject).changes === 0) return undefined;
      return this.statements.bumpSequence.get() as number;
    });
  }

  async replaceBucket(change: BucketChange): Promise<number | 'raced'> {
    try {
      return this.change('Deleting a key ring', () => this.replaced(change));
    } catch (error) {
      if (error === RACED) return 'raced';
      throw error;
    }
  }

  async unfinished(): Promise<readonly string[]> {
    const rows = attempt('Reading unfinished destructions', () => this.statements.unfinished.all());
    return rows.map(({ kek, isWhole }) => whole('unfinished_destructions', isWhole, kek));
  }

  async finished(keks: readonly string[]): Promise<void> {
    this.change('Finishing a destruction', () => {
      for (const kek of keks) this.statements.deleteUnfinished.run(kek);
    });
  }

  /**
   * Secure deletion overwrites rows, but a page that was split earlier may keep a copy of one in its free space: only a
   * rewritten file has none. The log comes last, because the rewriting goes through it.
   */
  async scrub(): Promise<void> {
    attempt('Rewriting the key store', () => this.database.exec('VACUUM'));
    const [outcome] = attempt('Emptying the log of the key store', () => this.database.pragma('wal_checkpoint(TRUNCATE)')) as {
      busy: number;
    }[];
    if (outcome?.busy !== 0) throw new Unavailable('The log of the key store could not be emptied: somebody reads it.');
  }

  private replaced(change: BucketChange): number {
    const { bucket, generation, nextGeneration, doomedRef } = change;
    if (this.statements.moveBucket.run(nextGeneration, bucket, generation).changes === 0) throw RACED;
    for (const [subjectRef, wrapped] of change.survivors) {
      if (this.statements.rewrapRing.run({ wrapped, nextGeneration, subjectRef, generation }).changes === 0) throw RACED;
    }
    if (this.statements.deleteRing.run(doomedRef, generation).changes === 0) throw RACED;
    if (this.statements.ringsLeftBehind.get(bucket, nextGeneration) !== 0) throw RACED;
    this.statements.deleteLocators.run(doomedRef);
    this.statements.insertTombstone.run({ ref: doomedRef, day: change.day });
    this.statements.insertErased.run({ digest: change.doomedDigest });
    this.statements.insertUnfinished.run({ kek: change.oldKek });
    return this.statements.bumpSequence.get() as number;
  }

  private change<Value>(what: string, act: () => Value): Value {
    return attempt(what, () => this.database.transaction(act).immediate());
  }
}

const ringRow = ({ isWhole, ...stored }: StoredRing): RingRow =>
  whole('rings', isWhole, { ...stored, fenced: stored.fenced !== 0 });

function whole<Row>(table: string, isWhole: number, row: Row): Row {
  if (isWhole === 0) throw new DamagedRow(table);
  return row;
}
