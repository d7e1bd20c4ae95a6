/**
 * The tables of a key store, as those see them who keep rings in them; each technology has its own.
 * Every change is one transaction, durable when it answers; every read sees the last change of any process.
 * Of an erased subject two things stay, in tables that nothing joins, both without order of time: a tombstone (random
 * reference, day), and a digest of the subject's id, so that it is never registered again. Ids are random: who holds all
 * stores and the root key learns nothing from a digest. Who knows an id from elsewhere learns that it was erased, not when.
 */
import type { Scope, Subject } from '../../application/ports/subject-keys.js';

export interface KeyStoreSettings {
  /** Random: tells the key-encryption keys of two stores apart. */
  readonly storeId: string;
  /** A code of the store id under the root key: tells a wrong root key. */
  readonly check: string;
  readonly buckets: number;
}

export interface RingRow {
  readonly subject: Subject;
  /** Random, in hex; known to the key store and to certificates of erasure only. */
  readonly subjectRef: string;
  readonly bucket: number;
  /** Always the generation of its bucket. */
  readonly generation: number;
  readonly wrapped: Uint8Array;
  readonly fenced: boolean;
}

export interface NewLocator {
  readonly locator: string;
  readonly subjectRef: string;
  readonly scope: Scope;
  readonly context: string;
}

/** What a locator stands for. */
export interface KeyPlace {
  readonly locator: string;
  readonly subject: Subject;
  readonly scope: Scope;
  readonly context: string;
}

export interface BucketChange {
  readonly bucket: number;
  readonly generation: number;
  readonly nextGeneration: number;
  /** Every ring of the bucket but the doomed one, by its reference, wrapped under the next generation. */
  readonly survivors: ReadonlyMap<string, Uint8Array>;
  readonly doomedRef: string;
  readonly doomedDigest: string;
  /** Days since 1970-01-01. */
  readonly day: number;
  /** The key-encryption key that is left to destroy. */
  readonly oldKek: string;
}

export interface KeyRows {
  /** Keeps the settings, and every bucket at generation 1, unless there are some; answers those that hold. */
  settle(proposed: KeyStoreSettings): Promise<KeyStoreSettings>;
  /** Those that hold; undefined for a store that was never made. */
  settings(): Promise<KeyStoreSettings | undefined>;
  /** Counts fences and destructions. */
  sequence(): Promise<number>;

  generation(bucket: number): Promise<number>;
  /** Moves a bucket without rings on; false when it has rings or has moved already. */
  moveEmptyBucket(bucket: number, generation: number, nextGeneration: number): Promise<boolean>;
  ringsIn(bucket: number, max?: number): Promise<readonly RingRow[]>;

  /** `raced` when the bucket has moved on since its generation was read. */
  insertRing(row: RingRow, digest: string): Promise<'registered' | 'exists' | 'destroyed' | 'raced'>;
  ringsOf(subjects: readonly Subject[]): Promise<readonly RingRow[]>;

  /** Whether a subject of this digest was erased. */
  isErased(digest: string): Promise<boolean>;

  /** Keeps locators of rings that are there and not fenced; answers the references of the others. */
  addLocators(locators: readonly NewLocator[]): Promise<ReadonlySet<string>>;
  placesOf(locators: readonly string[]): Promise<readonly KeyPlace[]>;

  /** The sequence after it; undefined when nothing had to be done. */
  fence(subject: Subject): Promise<number | undefined>;
  /** Deletes the doomed ring with its locators and moves the bucket on, all or nothing; answers the sequence after it. */
  replaceBucket(change: BucketChange): Promise<number | 'raced'>;
  /** Key-encryption keys whose destruction was decided and not yet reported as finished. */
  unfinished(): Promise<readonly string[]>;
  finished(keks: readonly string[]): Promise<void>;
  /** Takes what was deleted out of the bytes of the files, too. Throws `Unavailable` when it cannot. */
  scrub(): Promise<void>;
}
