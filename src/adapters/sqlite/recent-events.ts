/**
 * The newest events of the log, in hand: whoever follows it is usually there, and several do. What is here is what was
 * committed last without a gap; anything that takes events out of the log empties it.
 */
import type { StoredEvent } from '../../application/ports/event-store.js';

const EVENTS_MAX = 8_192;
const CHARACTERS_MAX = 16 * 1_024 * 1_024;

export class RecentEvents {
  private events: StoredEvent[] = [];
  /** Of those in hand, how many lie before the first that is still held. */
  private dropped = 0;
  private characters = 0;

  add(event: StoredEvent): void {
    this.events.push(event);
    this.characters += event.data.length;
    while (this.events.length - this.dropped > EVENTS_MAX || this.characters > CHARACTERS_MAX) {
      this.characters -= this.events[this.dropped]!.data.length;
      this.dropped += 1;
    }
    if (this.dropped < EVENTS_MAX) return;
    this.events = this.events.slice(this.dropped);
    this.dropped = 0;
  }

  clear(): void {
    this.events = [];
    this.dropped = 0;
    this.characters = 0;
  }

  /** What follows the position, at most so many; `undefined` when not all of it is in hand. */
  after(position: number, max: number): StoredEvent[] | undefined {
    const first = this.events[this.dropped];
    if (first === undefined || position < first.position - 1) return undefined;
    const from = this.dropped + (position - first.position + 1);
    return this.events.slice(from, from + max);
  }
}
