/**
 * The destruction of one ring, in an order that survives a kill at any step: the next key-encryption key is durable,
 * then one transaction moves the bucket under it without the doomed ring and notes the old key, then the old key is
 * destroyed, then the bytes are scrubbed, then the note goes. Until the transaction nothing has happened; after it,
 * whoever comes next finishes the rest.
 */
import { OutcomeUnknown, Unavailable } from '../../application/ports/failures.js';
import type { RootKeys } from '../../application/ports/root-keys.js';
import type { Subject } from '../../application/ports/subject-keys.js';
import { kekName, ringBinding } from './key-names.js';
import type { KeyRows, RingRow } from './key-rows.js';

/** Lost races with registrations and other destructions before giving up. */
const TRIES_MAX = 64;
/** Rings that are re-wrapped at a time, between which other work gets its turn. */
const REWRAP_BATCH = 128;

interface Rewrapped {
  /** The key that the rings are wrapped under. */
  readonly kek: string;
  readonly rings: Map<string, Uint8Array>;
}

export class RingDestroyer {
  constructor(
    private readonly rows: KeyRows,
    private readonly rootKeys: RootKeys,
    private readonly storeId: string,
  ) {}

  /** The sequence after the ring's deletion; undefined when there is no ring. */
  async deleteRing(subject: Subject, doomedDigest: string, day: number): Promise<number | undefined> {
    let rewrapped: Rewrapped = { kek: '', rings: new Map() };
    for (let tries = 0; tries < TRIES_MAX; tries += 1) {
      const [doomed] = await this.rows.ringsOf([subject]);
      if (doomed === undefined) return undefined;
      const { bucket, generation, subjectRef: doomedRef } = doomed;
      const nextGeneration = await this.nextGeneration(bucket, generation);
      const kek = kekName(this.storeId, bucket, nextGeneration);
      // What was wrapped for a try that lost to a registration stays good, or a busy bucket would never be done.
      if (rewrapped.kek !== kek) rewrapped = { kek, rings: new Map() };
      if (!(await this.rewrapOthers(doomed, nextGeneration, rewrapped.rings))) continue;
      const oldKek = kekName(this.storeId, bucket, generation);
      const survivors = rewrapped.rings;
      const outcome = await this.rows.replaceBucket({
        bucket,
        generation,
        nextGeneration,
        survivors,
        doomedRef,
        doomedDigest,
        day,
        oldKek,
      });
      if (outcome !== 'raced') return outcome;
    }
    throw new Unavailable('A key ring could not be destroyed: its bucket kept changing, or a key-encryption key is missing.');
  }

  /** Destroys the keys that finished transactions have left over, also those of a process that was killed. */
  async finish(): Promise<void> {
    const keks = await this.rows.unfinished();
    if (keks.length === 0) return;
    try {
      for (const kek of keks) await this.rootKeys.destroy(kek);
      await this.rows.scrub();
      await this.rows.finished(keks);
    } catch (cause) {
      throw new OutcomeUnknown('A key ring is deleted, but the key that wrapped it may not be destroyed yet.', { cause });
    }
  }

  /** A name that was destroyed is passed over; one that a killed or racing destruction has created is taken. */
  private async nextGeneration(bucket: number, generation: number): Promise<number> {
    for (let next = generation + 1; ; next += 1) {
      if ((await this.rootKeys.create(kekName(this.storeId, bucket, next))) !== 'destroyed') return next;
    }
  }

  /** False when the bucket has moved on meanwhile. */
  private async rewrapOthers(doomed: RingRow, nextGeneration: number, rewrapped: Map<string, Uint8Array>): Promise<boolean> {
    const others = (await this.rows.ringsIn(doomed.bucket)).filter(
      (row) => row.subjectRef !== doomed.subjectRef && !rewrapped.has(row.subjectRef),
    );
    for (let from = 0; from < others.length; from += REWRAP_BATCH) {
      const batch = others.slice(from, from + REWRAP_BATCH);
      const wrapped = await Promise.all(batch.map((row) => this.rewrap(row, nextGeneration)));
      for (const [index, bytes] of wrapped.entries()) {
        if (bytes === 'absent') return false;
        rewrapped.set(batch[index]!.subjectRef, bytes);
      }
    }
    return true;
  }

  private async rewrap(row: RingRow, nextGeneration: number): Promise<Uint8Array | 'absent'> {
    const plain = await this.rootKeys.unwrap(kekName(this.storeId, row.bucket, row.generation), ringBinding(row), row.wrapped);
    if (plain === 'absent') return 'absent';
    try {
      const binding = ringBinding({ ...row, generation: nextGeneration });
      return await this.rootKeys.wrap(kekName(this.storeId, row.bucket, nextGeneration), binding, plain);
    } finally {
      plain.fill(0);
    }
  }
}
