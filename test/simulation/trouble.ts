/** Which faults a process suffers from at this moment. In the quiet phase at the end there are none. */
import type { Counters } from './counters.js';
import type { Fault } from './plan.js';
import type { Actor, Schedule } from './schedule.js';

export type Span = Extract<Fault, { forMs: number; process: number }>['fault'];

/** What a simulated process shows to the parts of its world. */
export interface Suffering extends Actor {
  readonly trouble: Trouble;
  /** It dies as soon as one write of an append stands. */
  isCutShort: boolean;
}

export class Trouble {
  storeRate = 0;
  private readonly until = new Map<Span, number>();

  constructor(
    private readonly schedule: Schedule,
    readonly counters: Counters,
  ) {}

  begin(fault: Span, forMs: number): void {
    this.until.set(fault, this.schedule.nowMs + forMs);
  }

  has(fault: Span): boolean {
    return (this.until.get(fault) ?? 0) > this.schedule.nowMs;
  }

  endsAtMs(fault: Span): number {
    return this.until.get(fault) ?? 0;
  }

  end(): void {
    this.until.clear();
  }
}
