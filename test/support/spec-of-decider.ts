/**
 * A decider told as examples: given what happened, when this is asked, then these facts or this refusal.
 * For the length of each fold and each decision there is no clock and no chance, so that a decider that reads either
 * fails its first example; and neither may change the state that it was handed.
 */
import { expect } from '@jest/globals';
import type { Decider, DomainEvent } from '../../src/domain/kernel/decider.js';
import { fold, ok, rejected } from '../../src/domain/kernel/decider.js';

export function specOf<Command, Event extends DomainEvent, State, Rejection>(decider: Decider<Command, Event, State, Rejection>) {
  const decideOn = (events: readonly Event[], command: Command) => {
    const state = pure(() => fold(decider, decider.initial, events));
    const before = structuredClone(state);
    const decided = pure(() => decider.decide(command, state));
    if (decided.ok) pure(() => fold(decider, state, decided.value));
    expect(state).toEqual(before);
    return decided;
  };
  return {
    given: (...events: readonly Event[]) => ({
      when: (command: Command) => ({
        // biome-ignore lint/suspicious/noThenProperty: an example reads as a sentence, and nothing awaits one.
        then: (...expected: readonly Event[]) => expect(decideOn(events, command)).toEqual(ok(expected)),
        thenNothing: () => expect(decideOn(events, command)).toEqual(ok([])),
        thenRejected: (rejection: Rejection) => expect(decideOn(events, command)).toEqual(rejected(rejection)),
      }),
      thenState: (expected: State) => expect(pure(() => fold(decider, decider.initial, events))).toEqual(expected),
    }),
  };
}

/** Runs a synchronous call without a clock and without chance, and gives both back however it ends. */
export function pure<Value>(call: () => Value): Value {
  const restore = [
    take(globalThis, 'Date', withoutNow(Date)),
    take(globalThis, 'performance', refusing('performance')),
    take(globalThis, 'crypto', refusing('crypto')),
    take(Math, 'random', () => refuse('Math.random')),
  ];
  try {
    return call();
  } finally {
    for (const back of restore) back();
  }
}

function take<Holder extends object>(holder: Holder, name: keyof Holder, instead: unknown): () => void {
  const original = Object.getOwnPropertyDescriptor(holder, name);
  Object.defineProperty(holder, name, { value: instead, configurable: true, writable: true });
  return () => (original === undefined ? Reflect.deleteProperty(holder, name) : Object.defineProperty(holder, name, original));
}

function refuse(what: string): never {
  throw new Error(`A decider is a function of its inputs: it may not ask ${what}. Pass the value in with the command.`);
}

const refusing = (what: string): object =>
  new Proxy(
    {},
    {
      get: (_, property) => (typeof property === 'symbol' ? undefined : refuse(`${what}.${String(property)}`)),
      has: () => refuse(what),
    },
  );

const withoutNow = (original: DateConstructor): DateConstructor =>
  new Proxy(original, {
    construct: () => refuse('new Date()'),
    apply: () => refuse('Date()'),
    get: (target, property) => (property === 'now' ? refuse('Date.now') : Reflect.get(target, property)),
  });
