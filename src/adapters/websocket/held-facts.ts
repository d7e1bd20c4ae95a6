import type { LiveFact } from './live-fact.js';

/** What a session in the background is not told yet: the furthest mark of each. */
export class HeldFacts {
  private readonly furthest = new Map<string, LiveFact>();

  /** Answers how many there are. The newest stands last, so that the first is the earliest that is still to be told. */
  hold({ of, seq }: NonNullable<LiveFact['mark']>, fact: LiveFact): number {
    // Devices of one member mark beside each other: one that is behind may be told of later.
    if ((this.furthest.get(of)?.mark?.seq ?? 0) > seq) return this.furthest.size;
    this.furthest.delete(of);
    this.furthest.set(of, fact);
    return this.furthest.size;
  }

  all(): Iterable<LiveFact> {
    return this.furthest.values();
  }
}
