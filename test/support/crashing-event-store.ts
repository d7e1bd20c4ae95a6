/**
 * A store that is not atomic over the writes of an append, and whose process dies at any moment: before the first write,
 * between two, or after the last, so that a success is hidden too. Where it dies is drawn from a seed.
 */
import type {
  EventStore,
  RemovalMeta,
  RemoveOutcome,
  StoredEvent,
  StreamSlice,
  TruncateOutcome,
  Write,
  WriteOutcome,
} from '../../src/application/ports/event-store.js';
import { OutcomeUnknown } from '../../src/application/ports/failures.js';
import { CountingIdSource } from './counting-id-source.js';

/** One call in two survives, so that resending ends. */
const SURVIVAL = 0.5;

export class CrashPlan {
  private readonly chances: CountingIdSource;
  crashes = 0;

  constructor(seed: number) {
    this.chances = new CountingIdSource(`crash:${seed}`);
  }

  /** After how many of so many steps the process dies; more than there are when it lives. */
  next(steps: number): number {
    if (this.chances.fraction() < SURVIVAL) return Number.POSITIVE_INFINITY;
    this.crashes += 1;
    return Math.floor(this.chances.fraction() * (steps + 1));
  }
}

export class CrashingEventStore implements EventStore {
  constructor(
    private readonly inner: EventStore,
    private readonly plan: CrashPlan,
  ) {}

  async append(writes: readonly Write[]): Promise<readonly WriteOutcome[]> {
    const diesAfter = this.plan.next(writes.length);
    const outcomes: WriteOutcome[] = [];
    for (const write of writes) {
      if (outcomes.length >= diesAfter) break;
      const outcome = (await this.inner.append([write]))[0]!;
      outcomes.push(outcome);
      if (outcome.outcome !== 'appended') break;
    }
    if (diesAfter <= writes.length) throw new OutcomeUnknown(`The process died after ${outcomes.length} writes.`);
    return outcomes;
  }

  async remove(stream: string, expectedRevision: number, meta: RemovalMeta): Promise<RemoveOutcome> {
    const diesAfter = this.plan.next(1);
    const outcome = diesAfter === 0 ? undefined : await this.inner.remove(stream, expectedRevision, meta);
    if (outcome === undefined || diesAfter === 1) throw new OutcomeUnknown('The process died at a removal.');
    return outcome;
  }

  /** It may also die with half of the work done. */
  async truncate(stream: string, before: number): Promise<TruncateOutcome> {
    const diesAfter = this.plan.next(2);
    if (diesAfter > 0) await this.inner.truncate(stream, Math.floor(before / 2));
    const outcome = diesAfter > 1 ? await this.inner.truncate(stream, before) : undefined;
    if (outcome === undefined || diesAfter === 2) throw new OutcomeUnknown('The process died at a truncation.');
    return outcome;
  }

  readStream(stream: string, from: number, max: number): Promise<StreamSlice> {
    return this.inner.readStream(stream, from, max);
  }

  readAll(after: number, max: number): Promise<readonly StoredEvent[]> {
    return this.inner.readAll(after, max);
  }

  headPosition(): Promise<number> {
    return this.inner.headPosition();
  }

  appendedAfter(position: number, signal: AbortSignal): Promise<void> {
    return this.inner.appendedAfter(position, signal);
  }
}
