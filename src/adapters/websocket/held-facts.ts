import type { LiveFact } from './live-fact.js';

/** What a session in the background is not told yet: the latest of each kind. */
export class HeldFacts {
  private readonly latest = new Map<string, LiveFact>();

  /** Answers how many there are. The newest stands last, so that the first is the earliest that is still to be told. */
  hold(latestOf: string, fact: LiveFact): number {
    this.latest.delete(latestOf);
    this.latest.set(latestOf, fact);
    return this.latest.size;
  }

  all(): Iterable<LiveFact> {
    return this.latest.values();
  }
}
