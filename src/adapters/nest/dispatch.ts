/**
 * The one seam between the doors and the use cases: mints the correlation id, runs the command through the bus, and
 * turns what was thrown into a problem. A refusal comes back as a value, so the door can give it its own form.
 */
import type { CommandBus } from '@nestjs/cqrs';
import type { Clock } from '../../application/ports/clock.js';
import type { Principal } from '../../application/ports/credentials.js';
import { OutcomeUnknown, Unavailable } from '../../application/ports/failures.js';
import type { IdSource } from '../../application/ports/id-source.js';
import type { Context } from '../../application/use-case.js';
import type { Run, UseCaseName } from '../../application/use-cases.js';
import type { CorrelationId } from '../../domain/kernel/ids.js';
import type { Message } from './cqrs-bridge.js';
import { messages } from './cqrs-bridge.js';
import type { DoorObserver } from './door-observer.js';
import { ProblemError, problemOf } from './problems.js';

/** Who asks: a signed-in principal, or only an address. */
export interface Caller {
  readonly principal?: Principal;
  readonly address?: string;
  /** Told of what was done: where it stands in the log, or nothing when it was so already. */
  readonly wrote?: (position: number | undefined) => void;
}

type Input<Name extends UseCaseName> = Parameters<Run<Name>>[0];
type Outcome<Name extends UseCaseName> = Awaited<ReturnType<Run<Name>>>;
type Refused<Name extends UseCaseName> = Extract<Outcome<Name>, { readonly ok: false }>;
type Value<Name extends UseCaseName> = Extract<Outcome<Name>, { readonly ok: true }>['value'];

const RETRY_AFTER_MS = 500;

export class Dispatch {
  constructor(
    private readonly bus: CommandBus,
    private readonly ids: Pick<IdSource, 'uuid'>,
    private readonly observed:
      | { readonly observer: DoorObserver; readonly clock: Pick<Clock, 'monotonicMs'> }
      | undefined = undefined,
  ) {}

  /** Throws `ProblemError` when a port is away; any other error is a defect. */
  async run<Name extends UseCaseName>(name: Name, input: Input<Name>, caller: Caller): Promise<Outcome<Name>> {
    const { wrote, ...who } = caller;
    const context = { ...who, correlationId: this.ids.uuid() as CorrelationId };
    const observed =
      this.observed?.observer.command === undefined ? this.execute(name, input, context) : this.timed(name, input, context);
    const outcome = await observed;
    if (outcome.ok) wrote?.((outcome.value as { readonly position?: number }).position);
    return outcome;
  }

  private async timed<Name extends UseCaseName>(name: Name, input: Input<Name>, context: Context): Promise<Outcome<Name>> {
    const startedMs = this.observed?.clock.monotonicMs() ?? 0;
    let word = 'failed';
    try {
      const outcome = await this.execute(name, input, context);
      word = outcome.ok ? 'ok' : problemOf((outcome as Refused<Name>).rejection, '').code;
      return outcome;
    } catch (error) {
      if (error instanceof ProblemError) word = error.code;
      throw error;
    } finally {
      const durationMs = (this.observed?.clock.monotonicMs() ?? 0) - startedMs;
      this.observed?.observer.command?.(name, word, durationMs, context.correlationId);
    }
  }

  private async execute<Name extends UseCaseName>(name: Name, input: Input<Name>, context: Context): Promise<Outcome<Name>> {
    const Class = messages[name] as new (input: Input<Name>, context: unknown) => Message<Name>;
    try {
      return (await this.bus.execute(new Class(input, context))) as Outcome<Name>;
    } catch (error) {
      if (error instanceof Unavailable || error instanceof OutcomeUnknown) {
        throw new ProblemError('unavailable', { retryAfterMs: RETRY_AFTER_MS });
      }
      throw error;
    }
  }

  /** As `run`, for doors that answer a refusal by throwing its problem. */
  async value<Name extends UseCaseName>(name: Name, input: Input<Name>, caller: Caller): Promise<Value<Name>> {
    const outcome = await this.run(name, input, caller);
    if (!outcome.ok) throw new Refusal((outcome as Refused<Name>).rejection);
    return (outcome as Extract<Outcome<Name>, { readonly ok: true }>).value as Value<Name>;
  }
}

/** Carries a use case's refusal to the filter of the door. */
export class Refusal extends Error {
  override readonly name = 'Refusal';

  constructor(readonly rejection: Refused<UseCaseName>['rejection']) {
    super(rejection.type);
  }
}
