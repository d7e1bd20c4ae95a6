import { socketLimits } from './frames.js';
import type { LiveFact } from './live-fact.js';

/** What happens while a device catches up. Of too much nothing waits: it is read from the log again. */
export class WaitingFacts {
  private facts: LiveFact[] = [];
  private bytes = 0;
  hasOverflowed = false;

  get size(): number {
    return this.facts.length;
  }

  keep(fact: LiveFact): void {
    if (this.hasOverflowed) return;
    this.bytes += fact.frame.length;
    if (this.facts.push(fact) > socketLimits.waitingFactsMax || this.bytes > socketLimits.unsentBytesMax) this.overflow();
  }

  overflow(): void {
    this.facts = [];
    this.hasOverflowed = true;
  }

  all(): readonly LiveFact[] {
    return this.facts;
  }
}
