/**
 * The schedule of an explored world: what happens next is not drawn but chosen, and a state that was seen before is not
 * walked again. A process is known by all that it has been told and in which order, since it is a function of that. What
 * is a process's own affair is not put in every order with the affairs of others: it happens at once, or the process dies.
 */
import { createHash } from 'node:crypto';
import type { Clock } from '../../src/application/ports/clock.js';
import { instant } from '../../src/domain/kernel/instant.js';
import { limits } from '../../src/domain/kernel/limits.js';
import type { Schedule, StepKind, Stepper } from '../support/step-schedule.js';
import type { Choices } from './choices.js';

/** A state from which everything has been explored: nothing new comes after it. */
export class SeenBefore extends Error {}

interface Step {
  readonly stepper: Stepper;
  readonly kind: StepKind;
  readonly name: string;
  readonly take: () => Promise<void>;
}

export interface Exploring {
  readonly choices: Choices;
  readonly seen: Set<string>;
  /** What all processes have in common, in words. */
  readonly common: () => Promise<string>;
  /** Who may die now, and how: of all, or only this one. */
  readonly mortal: (only?: Stepper) => readonly (() => void)[];
  /** Asked whenever something may go wrong: takes one from what is left, or answers false. */
  readonly mayFail: () => boolean;
  readonly failed: () => void;
}

const NEVER = new Promise<never>(() => undefined);
const STARTED_AT = Date.UTC(2031, 4, 6, 7, 8, 9);
/** Who goes on beyond it goes round in a circle. */
const STEPS_MAX = 2_000;

export class ChosenSchedule implements Schedule {
  private steps: Step[] = [];
  private readonly known = new Map<Stepper, { name: string; told: string; asked: number; lateMs: number }>();
  private passedMs = 0;
  private exploring: Exploring | undefined;
  /** What happened, for a story. */
  readonly told: string[] = [];
  jumps = 0;

  explore(exploring: Exploring): void {
    this.exploring = exploring;
  }

  /** From here on the first that can happen happens. */
  rest(): void {
    this.exploring = undefined;
  }

  name(stepper: Stepper, name: string): void {
    this.of(stepper).name = name;
  }

  /** Something that the stepper comes to know outside a step. */
  note(stepper: Stepper, text: string): void {
    const known = this.of(stepper);
    known.told = createHash('sha1').update(`${known.told}\n${text}`).digest('base64');
    this.told.push(`${known.name}: ${text}`);
  }

  chance(): number {
    return 0;
  }

  pick<T>(from: readonly T[]): T {
    return from[0]!;
  }

  turn<T>(stepper: Stepper, kind: StepKind, work: () => T | Promise<T>): Promise<T> {
    if (!stepper.isAlive) return NEVER;
    const known = this.of(stepper);
    known.asked += 1;
    const name = `${kind} ${known.asked}`;
    return new Promise<T>((resolve, reject) => {
      const take = async (): Promise<void> => {
        try {
          const done = await work();
          this.note(stepper, `${name} = ${inWords(done)}`);
          if (stepper.isAlive) resolve(done);
        } catch (error) {
          this.note(stepper, `${name} ! ${(error as Error).message}`);
          if (stepper.isAlive) reject(error);
        }
      };
      this.steps.push({ stepper, kind, name, take });
    });
  }

  /** Each write that is under way reaches the store, or does not: both are walked. */
  end(stepper: Stepper): void {
    stepper.isAlive = false;
    this.note(stepper, 'dies');
    this.steps = this.steps.filter((step) => step.stepper !== stepper || (step.kind === 'write' && this.choose(2) === 0));
  }

  async until(what: string, holds: () => boolean): Promise<void> {
    for (let taken = 0; taken < STEPS_MAX; taken += 1) {
      await settled();
      if (holds()) return;
      if (this.exploring !== undefined) await this.lookAround(this.exploring);
      const own = this.steps.find(({ kind }) => kind === 'own');
      const steps = own === undefined ? this.steps : [own];
      const mortal = this.exploring?.mayFail() ? this.exploring.mortal(own?.stepper) : [];
      if (steps.length + mortal.length === 0) throw new Error(`Everybody waits for nothing: ${what}`);
      const chosen = this.choose(steps.length + mortal.length);
      const step = steps[chosen];
      if (step !== undefined) await this.take(step);
      else {
        this.exploring?.failed();
        mortal[chosen - steps.length]!();
      }
    }
    throw new Error(`After ${STEPS_MAX} steps still not: ${what}`);
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

  async jump(ms: number): Promise<void> {
    for (;;) {
      const write = this.steps.find(({ kind }) => kind === 'write');
      if (write === undefined) break;
      await this.take(write);
      await settled();
    }
    if (ms > 0) this.jumps += 1;
    this.passedMs += ms;
    this.told.push(`${ms} ms pass`);
  }

  /** A wait ends whenever it is chosen; time passes only by jumps, and for a process that wakes when it is too late. */
  clockOf(stepper: Stepper & { skewMs: number }): Clock {
    const lateMs = (): number => this.of(stepper).lateMs;
    return {
      now: () => instant(STARTED_AT + this.passedMs + lateMs() + stepper.skewMs),
      monotonicMs: () => this.passedMs + lateMs(),
      wait: async (spanMs) => {
        if (spanMs <= 0) return;
        const mayBeLate = this.exploring?.mayFail() === true && this.choose(2) === 1;
        if (mayBeLate) {
          this.exploring?.failed();
          this.of(stepper).lateMs += limits.sendDeadlineMs;
          this.jumps += 1;
        }
        await this.turn(stepper, 'own', () => (mayBeLate ? 'too late' : 'in time'));
      },
    };
  }

  choose(count: number): number {
    return this.exploring?.choices.choose(count) ?? 0;
  }

  private async lookAround({ choices, seen, common }: Exploring): Promise<void> {
    if (!choices.isOnNewGround) return;
    const processes = [...this.known.values()].map(({ name, told }) => `${name} ${told}`);
    const waiting = this.steps.map(({ stepper, name }) => `${this.of(stepper).name} ${name}`);
    const state = createHash('sha1')
      .update([...processes, ...waiting, this.passedMs, await common()].join('\n'))
      .digest('base64');
    if (seen.has(state)) throw new SeenBefore('Seen before.');
    seen.add(state);
  }

  private async take(step: Step): Promise<void> {
    this.steps = this.steps.filter((other) => other !== step);
    await step.take();
  }

  private of(stepper: Stepper) {
    const known = this.known.get(stepper) ?? { name: `stepper ${this.known.size}`, told: '', asked: 0, lateMs: 0 };
    this.known.set(stepper, known);
    return known;
  }
}

/** What differs from run to run though nothing differs: random bytes, and positions, which order what has no order. */
const BESIDE_THE_POINT: ReadonlySet<string> = new Set([
  'position',
  'data',
  'recordedAt',
  'correlationId',
  'causationId',
  'feedKey',
]);

const inWords = (value: unknown): string =>
  JSON.stringify(value, (key, inner) => (BESIDE_THE_POINT.has(key) ? undefined : inner)) ?? 'nothing';

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
