/**
 * A clock on which every look takes time, a different one each, so that two moments are equal only where one was used
 * twice. Waiting is over at once and moves the clock to its end.
 */
import type { Clock } from '../../src/application/ports/clock.js';
import { type Instant, instant } from '../../src/domain/kernel/instant.js';
import { CountingIdSource } from './counting-id-source.js';

const TICK_MS_MAX = 40;

export class TickingClock implements Clock {
  private readonly chance = new CountingIdSource('ticking-clock');
  private elapsedMs = 0;

  constructor(private readonly startsAt = Date.UTC(2031, 4, 6, 7, 8, 9)) {}

  now(): Instant {
    return instant(this.startsAt + this.monotonicMs());
  }

  monotonicMs(): number {
    this.elapsedMs += 1 + Math.floor(this.chance.fraction() * TICK_MS_MAX);
    return this.elapsedMs;
  }

  async wait(spanMs: number, signal?: AbortSignal): Promise<void> {
    if (spanMs <= 0 || signal?.aborted) return;
    const endsMs = Math.ceil(this.elapsedMs + spanMs);
    await new Promise((resolve) => setImmediate(resolve));
    this.elapsedMs = Math.max(this.elapsedMs, endsMs);
  }
}
