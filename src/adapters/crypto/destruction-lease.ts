/**
 * How long cached keys may be used: while the last strong read of the destruction sequence is under 60 seconds old by a
 * monotonic clock. One read renews all of them; a sequence that has moved drops all of them.
 */
import type { Clock } from '../../application/ports/clock.js';
import { limits } from '../../domain/kernel/limits.js';

export class DestructionLease {
  private readAtMs = Number.NEGATIVE_INFINITY;
  private known: number | undefined;
  private renewal: Promise<void> | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly readSequence: () => Promise<number>,
    private readonly dropKeys: () => void,
  ) {}

  isDue(): boolean {
    return this.clock.monotonicMs() - this.readAtMs >= limits.keyCacheLifeMs;
  }

  renew(): Promise<void> {
    this.renewal ??= this.readAgain().finally(() => {
      this.renewal = undefined;
    });
    return this.renewal;
  }

  /** This process moved the sequence itself and has dropped what had to go: other keys stay, unless another moved it, too. */
  moved(sequence: number): void {
    if (this.known === sequence - 1) this.known = sequence;
  }

  private async readAgain(): Promise<void> {
    // The age counts from before the read: the answer may have been on its way for long.
    const startedAtMs = this.clock.monotonicMs();
    const sequence = await this.readSequence();
    if (this.known !== undefined && this.known !== sequence) this.dropKeys();
    this.known = sequence;
    this.readAtMs = startedAtMs;
  }
}
