/** The history that a decider makes of commands, each decided on what the earlier ones left; no clock, no chance. */
import type { Decider, DomainEvent } from '../../src/domain/kernel/decider.js';
import { fold } from '../../src/domain/kernel/decider.js';
import { pure } from './spec-of-decider.js';

export interface History<Event, State, Rejection> {
  readonly events: readonly Event[];
  readonly state: State;
  /** One per command, in order. */
  readonly answers: readonly (readonly Event[] | { readonly rejection: Rejection })[];
  /** What events fold to from nothing. */
  readonly stateAfter: (events: readonly Event[]) => State;
}

export function historyOf<Command, Event extends DomainEvent, State, Rejection>(
  decider: Decider<Command, Event, State, Rejection>,
  commands: readonly (Command | ((state: State) => Command))[],
): History<Event, State, Rejection> {
  let state = decider.initial;
  const events: Event[] = [];
  const answers: History<Event, State, Rejection>['answers'][number][] = [];
  for (const asked of commands) {
    const command = typeof asked === 'function' ? (asked as (state: State) => Command)(state) : asked;
    const decided = pure(() => decider.decide(command, state));
    answers.push(decided.ok ? decided.value : { rejection: decided.rejection });
    if (!decided.ok) continue;
    state = pure(() => fold(decider, state, decided.value));
    events.push(...decided.value);
  }
  return { events, state, answers, stateAfter: (folded) => pure(() => fold(decider, decider.initial, folded)) };
}
