/**
 * How far a write has got, as clients hold it: sealed, and bound to the log that it counts in. A read that brings it sees
 * the write, or says that it cannot yet (ADR 0028).
 */
import { limits } from '../../domain/kernel/limits.js';
import { ProblemError } from './problems.js';
import type { SealedTokens } from './sealed-tokens.js';

const RETRY_AFTER_MS = 1_000;

export interface PositionDeps {
  readonly tokens: SealedTokens;
  /** Names the log that positions count in. */
  readonly logId: string;
  readonly headPosition: () => Promise<number>;
  /** Resolves true once the views hold everything up to the position. */
  readonly viewsReach: (position: number, withinMs: number) => Promise<boolean>;
}

export class Positions {
  constructor(private readonly deps: PositionDeps) {}

  /** Without a position nothing was written, because it was so already: the log holds that by now, wherever it stands. */
  async given(position: number | undefined): Promise<string> {
    const { tokens, logId, headPosition } = this.deps;
    return tokens.seal('position', logId, position ?? (await headPosition()));
  }

  /** What was acknowledged before a read is in its answer, unless the views take long: nobody has asked for it. */
  async reachHead(): Promise<void> {
    await this.deps.viewsReach(await this.deps.headPosition(), limits.headWaitMs);
  }

  /** Throws `invalid-cursor` for what was not given out of this log, `view-behind` when the views take too long. */
  async reach(given: string): Promise<void> {
    const { tokens, logId, viewsReach } = this.deps;
    const position = tokens.open('position', logId, given);
    if (typeof position !== 'number') throw new ProblemError('invalid-cursor');
    const isReached = await viewsReach(position, limits.minPositionWaitMs);
    if (!isReached) throw new ProblemError('view-behind', { retryAfterMs: RETRY_AFTER_MS });
  }
}
