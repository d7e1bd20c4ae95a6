/**
 * Several processes over one store, one step at a time, in an order drawn from a seed. A step is a call of something
 * that processes have in common; between two steps everybody runs until it waits. Time passes now and then, and
 * when nobody can step.
 */
import type { Clock } from '../../src/application/ports/clock.js';
import type { Instant } from '../../src/domain/kernel/instant.js';
import { instant } from '../../src/domain/kernel/instant.js';
import { CountingIdSource } from './counting-id-source.js';
import { TestClock } from './test-clock.js';

/** Who asks for a step. What a dead one asked for never comes back to it. */
export interface Stepper {
  isAlive: boolean;
}

/**
 * A `write` may reach the store though the process that issued it has died. What is `own` touches nothing that others can
 * see or change: when it happens makes no difference to them.
 */
export type StepKind = 'read' | 'write' | 'own';

interface Step {
  readonly stepper: Stepper;
  readonly kind: StepKind;
  readonly take: () => Promise<void>;
}

/** What a world needs of its schedule: one that draws, as here, or one that is told what to choose. */
export type Schedule = Pick<StepSchedule, 'chance' | 'pick' | 'turn' | 'end' | 'until' | 'finish' | 'jump' | 'clockOf' | 'jumps'>;

const NEVER = new Promise<never>(() => undefined);
/** More than any run needs; whoever still goes on then goes round in a circle. */
const STEPS_MAX = 40_000;
const HURRY_CHANGES = 0.1;
/** So that one's pause may end while others are at work; a clock that waited for everybody would hide what comes between. */
const TIME_PASSES = 0.15;

export class StepSchedule {
  private steps: Step[] = [];
  private dues: number[] = [];
  private readonly clock = new TestClock();
  private readonly chances: CountingIdSource;
  private readonly hurry: number;
  private hurried: Stepper | undefined;
  private taken = 0;
  /** How often time has passed at once. */
  jumps = 0;

  constructor(seed: number | string) {
    this.chances = new CountingIdSource(`schedule:${seed}`);
    this.hurry = this.pick([0, 0.5, 0.9]);
  }

  chance(): number {
    return this.chances.fraction();
  }

  pick<T>(from: readonly T[]): T {
    return from[Math.floor(this.chance() * from.length)]!;
  }

  /** Does the work when its turn comes. */
  turn<T>(stepper: Stepper, kind: StepKind, work: () => T | Promise<T>): Promise<T> {
    if (!stepper.isAlive) return NEVER;
    return new Promise<T>((resolve, reject) => {
      const take = async (): Promise<void> => {
        try {
          const done = await work();
          if (stepper.isAlive) resolve(done);
        } catch (error) {
          if (stepper.isAlive) reject(error);
        }
      };
      this.steps.push({ stepper, kind, take });
    });
  }

  /** The stepper dies: of its steps under way some still reach the store, and nobody hears of them. */
  end(stepper: Stepper): void {
    stepper.isAlive = false;
    this.steps = this.steps.filter((step) => step.stepper !== stepper || (step.kind === 'write' && this.chance() < 0.5));
  }

  /** Takes one step after the other until the condition holds. */
  async until(what: string, holds: () => boolean): Promise<void> {
    for (;;) {
      await settled();
      if (holds()) return;
      this.taken += 1;
      if (this.taken > STEPS_MAX) throw new Error(`After ${STEPS_MAX} steps still not: ${what}`);
      if (this.steps.length === 0 && !this.passToNextDue()) throw new Error(`Everybody waits for nothing: ${what}`);
      if (this.chance() < TIME_PASSES) this.passToNextDue();
      else if (this.steps.length > 0) await this.takeOne(this.steps);
    }
  }

  async finish<T>(what: string, work: Promise<T>): Promise<T> {
    let isDone = false;
    const mark = (): void => {
      isDone = true;
    };
    work.then(mark, mark);
    await this.until(what, () => isDone);
    return work;
  }

  /** What is under way reaches the store; then time passes at once, for everybody, and finds them where they are. */
  async jump(ms: number): Promise<void> {
    for (;;) {
      const writes = this.steps.filter(({ kind }) => kind === 'write');
      if (writes.length === 0) break;
      await this.takeOne(writes);
      await settled();
    }
    if (ms > 0) this.jumps += 1;
    this.clock.advance(ms);
  }

  clockOf(stepper: Stepper & { skewMs: number }): Clock {
    return {
      now: (): Instant => instant(Math.floor(this.clock.now() + stepper.skewMs)),
      monotonicMs: () => this.clock.monotonicMs(),
      wait: (spanMs, signal) => {
        if (spanMs > 0) this.dues.push(this.clock.monotonicMs() + spanMs);
        return this.clock.wait(spanMs, signal);
      },
    };
  }

  /** Now and then somebody else is in a hurry, and the others stand where they are for longer than chance alone would have it. */
  private async takeOne(from: readonly Step[]): Promise<void> {
    if (this.chance() < HURRY_CHANGES) this.hurried = this.pick(from).stepper;
    const hurried = this.chance() < this.hurry ? from.filter(({ stepper }) => stepper === this.hurried) : [];
    const step = this.pick(hurried.length > 0 ? hurried : from);
    this.steps = this.steps.filter((other) => other !== step);
    await step.take();
  }

  /** False when nobody waits for a time to come. */
  private passToNextDue(): boolean {
    const nowMs = this.clock.monotonicMs();
    this.dues = this.dues.filter((due) => due > nowMs);
    if (this.dues.length === 0) return false;
    this.clock.advance(Math.min(...this.dues) - nowMs);
    return true;
  }
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
