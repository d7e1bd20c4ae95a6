/**
 * Where both doors take from the limits of traffic. A limiter that cannot answer lets pass, and is told of: a chat that is
 * refused because counting is broken would be worse than one that is not counted. Limits of sign-in are not of this kind.
 */
import type { Clock } from '../../application/ports/clock.js';
import type { Grant, Limit, RateLimiter } from '../../application/ports/rate-limiter.js';
import type { DoorObserver } from './door-observer.js';
import type { Log } from './log.js';
import { ProblemError } from './problems.js';
import { type TrafficClass, type TrafficKind, type TrafficMaxima, trafficLimits } from './traffic-limits.js';

export interface Taken {
  readonly limit: Limit;
  readonly grant: Grant;
}

export interface TrafficDeps {
  readonly limiter: RateLimiter;
  readonly clock: Pick<Clock, 'now' | 'monotonicMs'>;
  readonly log: Pick<Log, 'warn'>;
  readonly observer?: DoorObserver;
}

/** One line says that counting fails; it need not be said for every request of a flood. */
const TOLD_AGAIN_AFTER_MS = 60_000;
const MS_PER_SECOND = 1_000;

export class TrafficGate {
  private readonly limits: ReturnType<typeof trafficLimits>;
  private toldAtMs = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly deps: TrafficDeps,
    maxima: TrafficMaxima,
  ) {
    this.limits = trafficLimits(maxima);
  }

  /** What was taken or refused; `undefined` where nothing is counted, or nothing can be. */
  async take(name: TrafficClass, kind: TrafficKind, key: string): Promise<Taken | undefined> {
    const limit = this.limits[name][kind];
    if (limit === undefined) return undefined;
    const { limiter, clock, observer } = this.deps;
    try {
      const grant = await limiter.take(limit, key, clock.now());
      if (!grant.allowed) observer?.limited?.(name, kind, 'refused');
      return { limit, grant };
    } catch (error) {
      observer?.limited?.(name, kind, 'failed');
      this.tell(limit, error);
      return undefined;
    }
  }

  /**
   * For somebody who has signed in; answers what refused, if anything did. The account comes first: what that is refused
   * for must not use up what it shares with its neighbours.
   */
  async refusalOf(name: TrafficClass, accountId: string, network: string): Promise<Taken | undefined> {
    const byAccount = await this.take(name, 'account', accountId);
    if (byAccount?.grant.allowed === false) return byAccount;
    const byAddress = await this.take(name, 'address', network);
    return byAddress?.grant.allowed === false ? byAddress : undefined;
  }

  private tell(limit: Limit, error: unknown): void {
    const nowMs = this.deps.clock.monotonicMs();
    if (nowMs - this.toldAtMs < TOLD_AGAIN_AFTER_MS) return;
    this.toldAtMs = nowMs;
    this.deps.log.warn('traffic-not-limited', { name: limit.name, error });
  }
}

/** A refusal of a limit on traffic: it did nothing, and may be repeated when the window has ended. */
export class TrafficRefusal extends ProblemError {
  readonly retryAfterMs: number;

  constructor(readonly taken: Taken) {
    const { limit, grant } = taken;
    super('too-many-requests', { limit: limit.name, retryAfterMs: grant.resetAfterMs });
    this.retryAfterMs = grant.resetAfterMs;
  }
}

/** As the IETF's draft on RateLimit header fields writes them, and in the older spelling beside it. */
export function limitHeaders({ limit: { name, max, windowMs }, grant }: Taken): Readonly<Record<string, string>> {
  const resetSeconds = Math.ceil(grant.resetAfterMs / MS_PER_SECOND);
  return {
    RateLimit: `"${name}";r=${grant.remaining};t=${resetSeconds}`,
    'RateLimit-Policy': `"${name}";q=${max};w=${windowMs / MS_PER_SECOND}`,
    'X-RateLimit-Limit': String(max),
    'X-RateLimit-Remaining': String(grant.remaining),
    'X-RateLimit-Reset': String(resetSeconds),
  };
}
