/** The machine's clocks. A wait alone does not keep the process alive, and an aborted one leaves no timer behind. */
import type { Clock } from '../../application/ports/clock.js';
import { type Instant, instant } from '../../domain/kernel/instant.js';

/** A longer timer would overflow Node's 32 bits and fire at once. */
const TIMER_MS_MAX = 2 ** 31 - 1;

export class SystemClock implements Clock {
  now(): Instant {
    return instant(Date.now());
  }

  monotonicMs(): number {
    return performance.now();
  }

  async wait(spanMs: number, signal?: AbortSignal): Promise<void> {
    const endsAtMs = this.monotonicMs() + spanMs;
    // A timer may fire up to a millisecond early, hence the loop.
    for (let leftMs = spanMs; leftMs > 0 && !signal?.aborted; leftMs = endsAtMs - this.monotonicMs()) {
      await oneTimer(Math.min(Math.ceil(leftMs), TIMER_MS_MAX), signal);
    }
  }
}

function oneTimer(spanMs: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, spanMs).unref();
    signal?.addEventListener('abort', end, { once: true });
  });
}
