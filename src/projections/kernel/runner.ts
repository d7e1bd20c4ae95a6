/**
 * Keeps views up to date, whatever for: it follows the feed, catches up, and builds anew with the same few lines. The
 * checkpoint is stored with the batch, so a restart goes on where the views are. An event that it does not know, or a
 * write that fails, ends the run: a view that stands still says so, a view that skipped something would not.
 */
import type { Envelope } from '../../domain/kernel/envelope.js';
import type { Instant } from '../../domain/kernel/instant.js';
import { type FeedEnvelope, known, type ProjectedEnvelope } from './feed-events.js';
import type { Enrich } from './pairing.js';
import { opsOf, type Projection } from './projection.js';
import type { PositionedOps, ProjectionWriter } from './views.js';

export interface Batch {
  /** In order within each feed key. */
  readonly events: readonly Envelope[];
  /** Every event up to here has been handed over. */
  readonly upTo: number;
}

/** The part of a clock that waiting needs. */
export interface Time {
  monotonicMs(): number;
  wait(spanMs: number, signal?: AbortSignal): Promise<void>;
}

export interface RunnerOptions {
  readonly projections: readonly Projection[];
  readonly writer: ProjectionWriter;
  readonly enrich: Enrich;
  readonly time: Time;
  /** For how long events gather before they are applied together, unless somebody waits for the views. */
  readonly gatherMs?: number;
  /** Ends the gathering: a process that stops waits for nothing. */
  readonly signal?: AbortSignal;
}

export interface RunnerHealth {
  readonly state: 'idle' | 'running' | 'ended' | 'failed';
  readonly position: number;
  /** How long it has not moved although something is waiting; 0 when nothing is. */
  readonly stalledMs: number;
  readonly cause?: unknown;
}

interface Waiter {
  readonly position: number;
  readonly wake: () => void;
}

export class ProjectionRunner {
  private reached = 0;
  private behindSinceMs: number | undefined;
  private state: RunnerHealth['state'] = 'idle';
  private cause: unknown;
  private readonly waiters = new Set<Waiter>();
  private gathering: AbortController | undefined;
  /** The end of what was last begun: a batch, or what is done between two of them. */
  private turn: Promise<unknown> = Promise.resolve();

  constructor(private readonly options: RunnerOptions) {}

  /** After which position the source of `run` must begin: the lowest checkpoint of all projections. */
  async resumeFrom(): Promise<number> {
    return Math.min(...(await this.checkpoints()).values());
  }

  /**
   * Applies batches until the source ends, and throws when one cannot be applied. With `until`, each feed key stops
   * before its first event that was recorded later: the views as of a time, when they are built from nothing.
   */
  async run(source: AsyncIterable<Batch>, { until }: { readonly until?: Instant } = {}): Promise<void> {
    const isInTime = until === undefined ? () => true : gate(until);
    try {
      this.state = 'running';
      const checkpoints = await this.checkpoints();
      this.moveTo(Math.min(...checkpoints.values()));
      for await (const batch of source) {
        await this.gather();
        await this.between(() => this.apply(batch, checkpoints, isInTime));
        this.moveTo(Math.min(...checkpoints.values()));
      }
      this.state = 'ended';
    } catch (cause) {
      this.state = 'failed';
      this.cause = cause;
      throw cause;
    } finally {
      for (const { wake } of this.waiters) wake();
    }
  }

  /** Does the work while no batch is being applied; the next one waits for it. */
  between<Value>(work: () => Promise<Value>): Promise<Value> {
    const done = this.turn.then(work);
    this.turn = done.catch(() => undefined);
    return done;
  }

  /** Up to where all projections of this runner are built. */
  position(): number {
    return this.reached;
  }

  /** Whether the views were built up to the position within the deadline; `behind` at once when the run is over. */
  async waitFor(position: number, deadlineMs: number): Promise<'reached' | 'behind'> {
    if (this.reached < position && this.state !== 'failed' && this.state !== 'ended') await this.moved(position, deadlineMs);
    return this.reached >= position ? 'reached' : 'behind';
  }

  /** `head` is the position of the newest event there is. Ask regularly: standing still is counted from the first asking. */
  health(head: number): RunnerHealth {
    const { state, reached: position, cause } = this;
    const nowMs = this.options.time.monotonicMs();
    this.behindSinceMs = position < head ? (this.behindSinceMs ?? nowMs) : undefined;
    const stalledMs = nowMs - (this.behindSinceMs ?? nowMs);
    return { state, position, stalledMs, ...(cause !== undefined && { cause }) };
  }

  private async checkpoints(): Promise<Map<Projection, number>> {
    const { projections, writer } = this.options;
    const entries = projections.map(async (projection) => [projection, await writer.checkpoint(projection.collection)] as const);
    return new Map(await Promise.all(entries));
  }

  private async apply(
    { events, upTo }: Batch,
    checkpoints: Map<Projection, number>,
    isInTime: (event: FeedEnvelope) => boolean,
  ): Promise<void> {
    const lowest = Math.min(...checkpoints.values());
    const news = events.map(known).filter((event) => event.meta.position > lowest && isInTime(event));
    const enriched = await this.options.enrich(news);
    const writes = [...checkpoints].map(([projection, checkpoint]) => ({
      collection: projection.collection,
      writes: opsAbove(checkpoint, projection, enriched),
    }));
    await this.options.writer.apply(writes, upTo);
    for (const [projection, checkpoint] of checkpoints) checkpoints.set(projection, Math.max(checkpoint, upTo));
  }

  /** What comes meanwhile is in the next batch; a batch costs much beside its events, and those who send are answered first. */
  private async gather(): Promise<void> {
    const { gatherMs = 0, time, signal } = this.options;
    if (gatherMs === 0 || this.waiters.size > 0 || signal?.aborted) return;
    const gathering = new AbortController();
    const end = (): void => gathering.abort();
    signal?.addEventListener('abort', end);
    this.gathering = gathering;
    await time.wait(gatherMs, gathering.signal);
    this.gathering = undefined;
    signal?.removeEventListener('abort', end);
  }

  private moveTo(position: number): void {
    if (position <= this.reached) return;
    this.reached = position;
    this.behindSinceMs = undefined;
    for (const waiter of this.waiters) if (waiter.position <= position) waiter.wake();
  }

  private async moved(position: number, deadlineMs: number): Promise<void> {
    const over = new AbortController();
    const waiter: Waiter = { position, wake: () => over.abort() };
    this.waiters.add(waiter);
    this.gathering?.abort();
    try {
      await this.options.time.wait(deadlineMs, over.signal);
    } finally {
      this.waiters.delete(waiter);
    }
  }
}

function opsAbove(checkpoint: number, projection: Projection, events: readonly ProjectedEnvelope[]): readonly PositionedOps[] {
  const writes: PositionedOps[] = [];
  for (const event of events) {
    const { position } = event.meta;
    const ops = position > checkpoint ? opsOf(projection, event, event.meta) : [];
    if (ops.length > 0) writes.push({ position, ops });
  }
  return writes;
}

/** Order holds within a feed key, and clocks jump: what follows a later event is later, whatever its time says. */
function gate(until: Instant): (event: FeedEnvelope) => boolean {
  const closed = new Set<string>();
  return ({ meta: { feedKey, recordedAt } }) => {
    if (recordedAt > until) closed.add(feedKey);
    return !closed.has(feedKey);
  };
}
