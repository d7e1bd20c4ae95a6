/**
 * The subject keys over any key store: rings wrapped by bucket keys, opened keys cached under a lease (ADR 0012).
 * Keys are used synchronously only, after the last wait: whatever was dropped during a wait is never used after it.
 */
import { createHmac, randomBytes } from 'node:crypto';
import type { Clock } from '../../application/ports/clock.js';
import { Unavailable } from '../../application/ports/failures.js';
import type { RootKeys } from '../../application/ports/root-keys.js';
import type {
  MacRequest,
  NameRequest,
  Opened,
  SealOutcome,
  SealRequest,
  Subject,
  SubjectKeys,
} from '../../application/ports/subject-keys.js';
import type { AccountId, ConversationId } from '../../domain/kernel/ids.js';
import { ERASED, type Erased, isErased, type Sealed } from '../../domain/kernel/personal.js';
import { DestructionLease } from './destruction-lease.js';
import { type HeldRing, KeyCache } from './key-cache.js';
import { bucketOf, erasedDigest, kekName, ringBinding } from './key-names.js';
import type { KeyRows, KeyStoreSettings, RingRow } from './key-rows.js';
import { readyBuckets, settledStore } from './key-store-start.js';
import { KnownKeys } from './known-keys.js';
import { pairName, randomRing, readRing } from './ring.js';
import { RingDestroyer } from './ring-destroyer.js';
import { openValue, parseSeal, sealValue } from './sealed-value.js';

export interface KeyStoreOptions {
  /** Fixed when the store is created: an erasure re-wraps one bucket. */
  readonly buckets?: number;
  /** Below 1 for a smaller cache. */
  readonly cacheSizeFactor?: number;
}

export interface StartedKeyStore {
  readonly rows: KeyRows;
  readonly rootKeys: RootKeys;
  readonly clock: Clock;
  readonly settings: KeyStoreSettings;
  readonly options: KeyStoreOptions;
}

const BUCKETS = 16;
const DAY_MS = 24 * 60 * 60 * 1_000;
const SUBJECT_REF_BYTES = 16;

/** Throws `StartRefused` when store and root keys do not belong together; finishes destructions that were cut short. */
export async function startKeyStore(
  rows: KeyRows,
  rootKeys: RootKeys,
  clock: Clock,
  options: KeyStoreOptions,
): Promise<StartedKeyStore> {
  const settings = await settledStore(rows, rootKeys, options.buckets ?? BUCKETS);
  await new RingDestroyer(rows, rootKeys, settings.storeId).finish();
  await readyBuckets(rows, rootKeys, settings);
  return { rows, rootKeys, clock, settings, options };
}

export class RingSubjectKeys implements SubjectKeys {
  /** How often a call found all its keys in memory, and how often the store was read for it. */
  readonly lookups = { hits: 0, misses: 0 };
  private readonly rows: KeyRows;
  private readonly rootKeys: RootKeys;
  private readonly clock: Clock;
  private readonly settings: KeyStoreSettings;
  private readonly cache: KeyCache;
  private readonly lease: DestructionLease;
  private readonly destroyer: RingDestroyer;
  private destruction: Promise<void> = Promise.resolve();

  constructor({ rows, rootKeys, clock, settings, options }: StartedKeyStore) {
    this.rows = rows;
    this.rootKeys = rootKeys;
    this.clock = clock;
    this.settings = settings;
    this.cache = new KeyCache(options.cacheSizeFactor);
    this.lease = new DestructionLease(
      clock,
      () => rows.sequence(),
      () => this.cache.dropAll(),
    );
    this.destroyer = new RingDestroyer(rows, rootKeys, settings.storeId);
  }

  async register(subject: Subject): Promise<'registered' | 'exists' | 'destroyed'> {
    const digest = await erasedDigest(this.rootKeys, subject);
    const subjectRef = randomBytes(SUBJECT_REF_BYTES).toString('hex');
    const bucket = bucketOf(subjectRef, this.settings.buckets);
    const ring = randomRing();
    try {
      for (;;) {
        if ((await this.rows.ringsOf([subject])).length > 0) return 'exists';
        const generation = await this.rows.generation(bucket);
        const place = { bucket, generation, subjectRef };
        const wrapped = await this.rootKeys.wrap(kekName(this.settings.storeId, bucket, generation), ringBinding(place), ring);
        if (wrapped !== 'absent') {
          const outcome = await this.rows.insertRing({ ...place, subject, wrapped, fenced: false }, digest);
          if (outcome !== 'raced') return outcome;
        } else if ((await this.rows.generation(bucket)) === generation) throw missingKek();
      }
    } finally {
      ring.fill(0);
    }
  }

  name(requests: readonly NameRequest[]): Promise<readonly (string | Erased)[]> {
    return this.withKeys((known) => {
      const names = requests.map((request) => known.name(request));
      return known.isComplete() ? (names as (string | Erased)[]) : undefined;
    });
  }

  async pair(one: AccountId, other: AccountId): Promise<ConversationId | Erased> {
    const names = await this.name([
      { subject: one, purpose: 'direct', context: other },
      { subject: other, purpose: 'direct', context: one },
    ]);
    return names.some(isErased) ? ERASED : pairName(names as string[]);
  }

  seal(requests: readonly SealRequest[]): Promise<readonly SealOutcome[]> {
    return this.withKeys((known) => {
      const keys = requests.map((request) => known.sealingKey(request.subject, request.scope, request.context));
      if (!known.isComplete()) return undefined;
      return requests.map((request, index) => {
        const key = keys[index]!;
        if (typeof key === 'string') return key;
        return { sealed: sealValue(key.key, key.locator, request, request.value, request.padded) };
      });
    });
  }

  async open(values: readonly Sealed[]): Promise<readonly (Opened | Erased)[]> {
    const seals = values.map((value) => parseSeal(value.sealed));
    return this.withKeys((known) => {
      const keys = seals.map((seal) => known.openingKey(seal.locator));
      if (!known.isComplete()) return undefined;
      return seals.map((seal, index) => {
        const key = keys[index]!;
        return key === 'none' ? ERASED : openValue(key, seal);
      });
    });
  }

  mac(requests: readonly MacRequest[]): Promise<readonly (string | Erased)[]> {
    return this.withKeys((known) => {
      const keys = requests.map((request) => known.macKey(request.subject, request.context));
      if (!known.isComplete()) return undefined;
      return requests.map((request, index) => {
        const key = keys[index]!;
        return key === 'none' ? ERASED : createHmac('sha256', key).update(request.data).digest('base64url');
      });
    });
  }

  async fence(subject: Subject): Promise<void> {
    const sequence = await this.rows.fence(subject);
    if (sequence !== undefined) this.dropped(subject, sequence);
  }

  /** One after the other within a process: two at once in one bucket would only make each other start again. */
  destroy(subject: Subject): Promise<void> {
    const mine = this.destruction.then(() => this.destroyNow(subject));
    this.destruction = mine.catch(() => undefined);
    return mine;
  }

  private async destroyNow(subject: Subject): Promise<void> {
    await this.destroyer.finish();
    await this.fence(subject);
    const day = Math.floor(this.clock.now() / DAY_MS);
    const sequence = await this.destroyer.deleteRing(subject, await erasedDigest(this.rootKeys, subject), day);
    if (sequence !== undefined) this.dropped(subject, sequence);
    await this.destroyer.finish();
  }

  private dropped(subject: Subject, sequence: number): void {
    this.cache.drop(subject);
    this.lease.moved(sequence);
  }

  /**
   * Runs what needs keys until it lacks none. `run` is synchronous and answers undefined when something was lacking,
   * which is then loaded; if keys were dropped during the load, everything is looked up again.
   */
  private async withKeys<T>(run: (known: KnownKeys) => T | undefined): Promise<T> {
    let known = new KnownKeys(this.cache);
    for (let isFirst = true; ; isFirst = false) {
      if (this.lease.isDue()) await this.lease.renew();
      if (known.epoch !== this.cache.epoch) known = new KnownKeys(this.cache);
      const result = run(known);
      if (isFirst) this.lookups[result === undefined ? 'misses' : 'hits'] += 1;
      if (result !== undefined) return result;
      await this.load(known);
    }
  }

  private async load(known: KnownKeys): Promise<void> {
    const { lackingPlaces, lackingRings, places, rings } = known.beyond;
    if (lackingPlaces.size > 0) {
      const locators = [...lackingPlaces];
      lackingPlaces.clear();
      const found = await this.rows.placesOf(locators);
      for (const locator of locators) places.set(locator, 'none');
      for (const place of found) places.set(place.locator, place);
    }
    if (lackingRings.size > 0) {
      const subjects = [...lackingRings];
      lackingRings.clear();
      const found = await this.openedRings(subjects);
      for (const subject of subjects) rings.set(subject, 'none');
      for (const held of found) {
        rings.set(held.subject, held);
        if (known.epoch === this.cache.epoch) this.cache.rings.set(held.subject, held);
      }
    }
    if (known.beyond.freshKeys.size > 0) await this.addLocators(known);
  }

  private async addLocators(known: KnownKeys): Promise<void> {
    const fresh = [...known.beyond.freshKeys];
    known.beyond.freshKeys.clear();
    const refused = await this.rows.addLocators(fresh.map(([, key]) => key.entry));
    for (const [id, { subject, locator, key, entry }] of fresh) {
      if (refused.has(entry.subjectRef)) {
        this.cache.drop(subject);
      } else if (known.epoch === this.cache.epoch) {
        known.beyond.sealing.set(id, { locator, key });
        this.cache.sealing[entry.scope].set(subject, entry.context, { locator, key });
        this.cache.opening.set(locator, key);
      }
    }
  }

  private async openedRings(subjects: readonly Subject[]): Promise<readonly HeldRing[]> {
    const opened: HeldRing[] = [];
    let rows = await this.rows.ringsOf(subjects);
    while (rows.length > 0) {
      const held = await Promise.all(rows.map((row) => this.openedRing(row)));
      const missed = rows.filter((_, index) => held[index] === 'absent');
      for (const ring of held) if (ring !== 'absent') opened.push(ring);
      if (missed.length === 0) break;
      // The bucket was moved on by a destruction; a ring that is still where it was has lost its key.
      rows = await this.rows.ringsOf(missed.map((row) => row.subject));
      const before = new Map(missed.map((row) => [row.subjectRef, row.generation]));
      if (rows.some((row) => before.get(row.subjectRef) === row.generation)) throw missingKek();
    }
    return opened;
  }

  private async openedRing(row: RingRow): Promise<HeldRing | 'absent'> {
    const kek = kekName(this.settings.storeId, row.bucket, row.generation);
    const plain = await this.rootKeys.unwrap(kek, ringBinding(row), row.wrapped);
    if (plain === 'absent') return 'absent';
    const ring = readRing(plain);
    plain.fill(0);
    return { subject: row.subject, subjectRef: row.subjectRef, fenced: row.fenced, ring };
  }
}

const missingKek = () => new Unavailable('A key ring could not be used: the key-encryption key of its bucket is missing.');
