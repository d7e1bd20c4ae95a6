/**
 * The one thread of a simulated world: whatever somebody waits for (time, a store, a frame) is an entry with a moment of
 * its own, drawn from the seed. Entries come one by one, and between two of them everybody runs until it waits again.
 */
import type { Clock } from '../../src/application/ports/clock.js';
import { instant } from '../../src/domain/kernel/instant.js';
import type { Chance } from './chance.js';

/** Who asks for a turn. What a dead one asked for never comes back to it; a paused one gets its turns later. */
export interface Actor {
  isAlive: boolean;
  pausedUntilMs: number;
}

/** A `write` that was issued may reach its store though the process that issued it has died. */
export type TurnKind = 'read' | 'write';

interface Entry {
  dueMs: number;
  readonly tie: number;
  readonly actor: Actor;
  readonly kind: TurnKind;
  readonly run: () => void | Promise<void>;
  isCancelled: boolean;
}

const NEVER = new Promise<never>(() => undefined);
const STARTS_AT = Date.UTC(2031, 4, 6, 7, 8, 9);
const LATE_WRITES_ARRIVE = 0.5;

export const anybody = (): Actor => ({ isAlive: true, pausedUntilMs: 0 });

export class Schedule {
  nowMs = 0;
  turns = 0;
  /** Of the time that has passed, what nobody lived through. */
  leaptMs = 0;
  private readonly heap: Entry[] = [];

  constructor(readonly chance: Chance) {}

  /** Does the work after a while, and answers when it is done. */
  turn<Done>(actor: Actor, kind: TurnKind, work: () => Done | Promise<Done>, afterMs = this.latency()): Promise<Done> {
    if (!actor.isAlive) return NEVER;
    return new Promise<Done>((resolve, reject) => {
      this.add(actor, kind, afterMs, async () => {
        try {
          const done = await work();
          if (actor.isAlive) resolve(done);
        } catch (error) {
          if (actor.isAlive) reject(error as Error);
        }
      });
    });
  }

  /** Runs it at a moment, unless the actor has died before. */
  at(actor: Actor, dueMs: number, run: () => void | Promise<void>): void {
    this.add(actor, 'read', Math.max(0, dueMs - this.nowMs), run);
  }

  clockOf(actor: Actor & { readonly skewMs: number }): Clock {
    return {
      now: () => instant(Math.floor(STARTS_AT + this.nowMs + actor.skewMs)),
      monotonicMs: () => this.nowMs,
      wait: (spanMs, signal) => this.wait(actor, spanMs, signal),
    };
  }

  wait(actor: Actor, spanMs: number, signal?: AbortSignal): Promise<void> {
    if (!actor.isAlive) return NEVER;
    if (!(spanMs > 0) || signal?.aborted === true) return Promise.resolve();
    return new Promise((resolve) => {
      const entry = this.add(actor, 'read', spanMs, () => {
        signal?.removeEventListener('abort', aborted);
        resolve();
      });
      const aborted = (): void => {
        entry.isCancelled = true;
        resolve();
      };
      signal?.addEventListener('abort', aborted, { once: true });
    });
  }

  /** What a dead process had under way is lost, but for some of its writes. */
  end(actor: Actor): void {
    actor.isAlive = false;
    for (const entry of this.heap) {
      if (entry.actor === actor && !(entry.kind === 'write' && this.chance.happens(LATE_WRITES_ARRIVE))) entry.isCancelled = true;
    }
  }

  /** Time passes at once, for everybody. */
  leap(ms: number): void {
    this.nowMs += ms;
    this.leaptMs += ms;
  }

  /** Until the condition holds, or the moment has come; answers whether it holds. */
  async until(holds: () => boolean, untilMs: number): Promise<boolean> {
    for (;;) {
      await settled();
      if (holds()) return true;
      const entry = this.pop();
      if (entry === undefined) return false;
      if (entry.dueMs > untilMs) {
        this.push(entry);
        this.nowMs = Math.max(this.nowMs, untilMs);
        return false;
      }
      this.nowMs = Math.max(this.nowMs, entry.dueMs);
      const { actor } = entry;
      if (actor.isAlive && actor.pausedUntilMs > this.nowMs) {
        entry.dueMs = actor.pausedUntilMs;
        this.push(entry);
        continue;
      }
      this.turns += 1;
      // Not waited for: it may itself wait for later turns.
      void entry.run();
    }
  }

  /** Mostly at once, sometimes much later: what matters is who comes first. */
  private latency(): number {
    const kind = this.chance.fraction();
    if (kind < 0.85) return this.chance.fraction() * 2;
    return kind < 0.98 ? this.chance.fraction() * 30 : this.chance.fraction() * 400;
  }

  private add(actor: Actor, kind: TurnKind, afterMs: number, run: Entry['run']): Entry {
    const entry = { dueMs: this.nowMs + afterMs, tie: this.chance.fraction(), actor, kind, run, isCancelled: false };
    this.push(entry);
    return entry;
  }

  private push(entry: Entry): void {
    const { heap } = this;
    let at = heap.length;
    heap.push(entry);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(entry, heap[parent]!)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = entry;
  }

  private pop(): Entry | undefined {
    for (;;) {
      const first = this.popAny();
      if (first === undefined || !first.isCancelled) return first;
    }
  }

  private popAny(): Entry | undefined {
    const { heap } = this;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child += 1;
      if (!isBefore(heap[child]!, last)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
    return first;
  }
}

const isBefore = (one: Entry, other: Entry): boolean =>
  one.dueMs < other.dueMs || (one.dueMs === other.dueMs && one.tie < other.tie);

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
