/**
 * What one call knows of keys: the cache, and what it had loaded itself, so that a call larger than the cache comes to
 * an end. It is asked synchronously and notes what it lacks; nothing in it may be used once the cache's epoch has moved.
 */
import type { KeyObject } from 'node:crypto';
import type { NameRequest, Scope, Subject } from '../../application/ports/subject-keys.js';
import { ERASED, type Erased } from '../../domain/kernel/personal.js';
import type { ContextKey, HeldRing, KeyCache } from './key-cache.js';
import type { KeyPlace, NewLocator } from './key-rows.js';
import { locatorIn, macKeyIn, nameIn, sealingKeyIn } from './ring.js';
import { joined } from './wrapped-bytes.js';

/** Derived, and not to be used before its locator is durable. */
export interface FreshKey extends ContextKey {
  readonly subject: Subject;
  readonly entry: NewLocator;
}

/** Made only when the cache does not have everything: the hot path needs none of it. */
class Beyond {
  readonly lackingRings = new Set<Subject>();
  readonly lackingPlaces = new Set<string>();
  readonly freshKeys = new Map<string, FreshKey>();
  readonly rings = new Map<Subject, HeldRing | 'none'>();
  readonly places = new Map<string, KeyPlace | 'none'>();
  readonly sealing = new Map<string, ContextKey>();
}

export class KnownKeys {
  readonly epoch: number;
  private loaded: Beyond | undefined;

  constructor(private readonly cache: KeyCache) {
    this.epoch = cache.epoch;
  }

  get beyond(): Beyond {
    this.loaded ??= new Beyond();
    return this.loaded;
  }

  isComplete(): boolean {
    const { loaded } = this;
    return loaded === undefined || loaded.lackingRings.size + loaded.lackingPlaces.size + loaded.freshKeys.size === 0;
  }

  name({ subject, purpose, context }: NameRequest): string | Erased | undefined {
    const cached = this.cache.names[purpose].get(subject, context);
    if (cached !== undefined) return cached;
    const held = this.ring(subject);
    if (held === undefined) return undefined;
    if (held === 'none') return ERASED;
    const name = nameIn(held.ring, purpose, context);
    this.cache.names[purpose].set(subject, context, name);
    return name;
  }

  macKey(subject: Subject, context: string): KeyObject | 'none' | undefined {
    const cached = this.cache.macs.get(subject, context);
    if (cached !== undefined) return cached;
    const held = this.ring(subject);
    if (held === undefined || held === 'none') return held;
    const key = macKeyIn(held.ring, context);
    this.cache.macs.set(subject, context, key);
    return key;
  }

  sealingKey(subject: Subject, scope: Scope, context: string): ContextKey | 'fenced' | 'erased' | undefined {
    const cached = this.cache.sealing[scope].get(subject, context);
    if (cached !== undefined) return cached;
    const id = joined(scope, context, subject);
    const loaded = this.beyond.sealing.get(id);
    if (loaded !== undefined) return loaded;
    const held = this.ring(subject);
    if (held === undefined) return undefined;
    if (held === 'none') return 'erased';
    if (held.fenced) return 'fenced';
    if (!this.beyond.freshKeys.has(id)) {
      const locator = locatorIn(held.ring, scope, context);
      const entry = { locator, subjectRef: held.subjectRef, scope, context };
      this.beyond.freshKeys.set(id, { subject, locator, key: sealingKeyIn(held.ring, scope, context), entry });
    }
    return undefined;
  }

  openingKey(locator: string): KeyObject | 'none' | undefined {
    const cached = this.cache.opening.get(locator);
    if (cached !== undefined) return cached;
    const place = this.beyond.places.get(locator);
    if (place === undefined) this.beyond.lackingPlaces.add(locator);
    if (place === undefined || place === 'none') return place;
    const held = this.ring(place.subject);
    if (held === undefined || held === 'none') return held;
    const key = sealingKeyIn(held.ring, place.scope, place.context);
    this.cache.opening.set(locator, key);
    return key;
  }

  private ring(subject: Subject): HeldRing | 'none' | undefined {
    const held = this.cache.rings.get(subject) ?? this.beyond.rings.get(subject);
    if (held === undefined) this.beyond.lackingRings.add(subject);
    return held;
  }
}
