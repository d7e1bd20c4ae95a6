/**
 * Opened keys in memory, bounded. `epoch` moves whenever keys are dropped: what was read from the store before that
 * must not be cached or used after it.
 */
import type { KeyObject } from 'node:crypto';
import type { NamingPurpose, Scope, Subject } from '../../application/ports/subject-keys.js';
import { BoundedCache, BoundedPairCache } from './bounded-cache.js';
import type { Ring } from './ring.js';

export interface HeldRing {
  readonly subject: Subject;
  readonly subjectRef: string;
  readonly fenced: boolean;
  readonly ring: Ring;
}

/** The key of one scope and context. */
export interface ContextKey {
  readonly locator: string;
  readonly key: KeyObject;
}

const RINGS_MAX = 8_192;
const KEYS_MAX = 16_384;
const NAMES_MAX = 65_536;

export class KeyCache {
  epoch = 0;
  readonly rings: BoundedCache<HeldRing>;
  /** By locator. */
  readonly opening: BoundedCache<KeyObject>;
  /** By subject and context. Only keys that may seal: locator durable, subject not fenced. */
  readonly sealing: Readonly<Record<Scope, BoundedPairCache<ContextKey>>>;
  readonly macs: BoundedPairCache<KeyObject>;
  readonly names: Readonly<Record<NamingPurpose, BoundedPairCache<string>>>;
  private readonly ofSubjects: readonly BoundedPairCache<unknown>[];

  /** A factor below 1 makes a small cache, for tests. */
  constructor(sizeFactor = 1) {
    const sized = (max: number) => Math.max(1, Math.floor(max * sizeFactor));
    const keys = () => new BoundedPairCache<ContextKey>(sized(KEYS_MAX));
    const names = () => new BoundedPairCache<string>(sized(NAMES_MAX));
    this.rings = new BoundedCache(sized(RINGS_MAX));
    this.opening = new BoundedCache(sized(KEYS_MAX));
    this.sealing = { profile: keys(), author: keys(), media: keys(), push: keys() };
    this.macs = new BoundedPairCache(sized(KEYS_MAX));
    this.names = { member: names(), direct: names(), handle: names() };
    this.ofSubjects = [...Object.values(this.sealing), this.macs, ...Object.values(this.names)];
  }

  drop(subject: Subject): void {
    this.epoch += 1;
    this.rings.delete(subject);
    // A locator does not tell whose it is, so all of them go: this is rare, and a key derives again in microseconds.
    this.opening.clear();
    for (const cache of this.ofSubjects) cache.delete(subject);
  }

  dropAll(): void {
    this.epoch += 1;
    this.rings.clear();
    this.opening.clear();
    for (const cache of this.ofSubjects) cache.clear();
  }
}
