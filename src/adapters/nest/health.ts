/** Whether this process lives and may be sent requests. A part that stands still must not look ready. */
import type { EventStore } from '../../application/ports/event-store.js';
import type { RunnerHealth } from '../../projections/kernel/runner.js';

/** Views that lag this long behind a store that has something for them have stopped, whatever they say. */
const STALLED_MS_MAX = 30_000;

export interface HealthReport {
  readonly isReady: boolean;
  readonly store: 'up' | 'down';
  readonly views: 'up-to-date' | 'catching-up' | 'stopped';
  readonly isStopping: boolean;
}

export class Health {
  private isStopping = false;
  private hasCaughtUp = false;

  constructor(
    private readonly eventStore: Pick<EventStore, 'headPosition'>,
    private readonly views: { health(head: number): RunnerHealth },
  ) {}

  stopping(): void {
    this.isStopping = true;
  }

  async check(): Promise<HealthReport> {
    const head = await this.eventStore.headPosition().catch(() => undefined);
    const { state, position, stalledMs } = this.views.health(head ?? 0);
    // Once they were up to date, a moment behind is the ordinary life of views.
    this.hasCaughtUp ||= state === 'running' && head !== undefined && position >= head;
    const hasStopped = state === 'failed' || state === 'ended' || stalledMs > STALLED_MS_MAX;
    const isReady = head !== undefined && this.hasCaughtUp && !hasStopped && !this.isStopping;
    return {
      isReady,
      store: head === undefined ? 'down' : 'up',
      views: hasStopped ? 'stopped' : this.hasCaughtUp ? 'up-to-date' : 'catching-up',
      isStopping: this.isStopping,
    };
  }
}
