/**
 * The shape of everything that decides: state is folded from facts, a command yields new facts or a refusal.
 * A refusal is a value; a defect is an exception. Nothing here reads a clock, draws a number or waits (ADR 0003).
 */

export type Result<Value, Rejection> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly rejection: Rejection };

export const ok = <Value>(value: Value): { readonly ok: true; readonly value: Value } => ({ ok: true, value });

export const rejected = <Rejection>(rejection: Rejection): { readonly ok: false; readonly rejection: Rejection } => ({
  ok: false,
  rejection,
});

export interface DomainEvent {
  readonly type: string;
  readonly data: object;
}

export interface Decider<Command, Event extends DomainEvent, State, Rejection> {
  readonly initial: State;
  /** Total: knows every event of its stream, refuses none. */
  readonly evolve: (state: State, event: Event) => State;
  /** The same for many events at once, where one by one would copy much for each. */
  readonly evolveAll?: (state: State, events: Iterable<Event>) => State;
  /** Nothing to do is `ok([])`. */
  readonly decide: (command: Command, state: State) => Result<readonly Event[], Rejection>;
}

export function fold<Event extends DomainEvent, State>(
  decider: Pick<Decider<never, Event, State, unknown>, 'evolve' | 'evolveAll'>,
  state: State,
  events: Iterable<Event>,
): State {
  if (decider.evolveAll !== undefined) return decider.evolveAll(state, events);
  let folded = state;
  for (const event of events) folded = decider.evolve(folded, event);
  return folded;
}

/** Closes a switch: a case that was forgotten does not compile. */
export function unreachable(value: never): never {
  throw new Error(`This case was left out of a switch: ${JSON.stringify(value)}`);
}
