/** TABLE of what is judged, by the ids under which the invariants are known everywhere; and the first thing found wrong. */
export const invariants = {
  I1: 'no loss: what was acknowledged reaches every device that was entitled to it, as it was said',
  I2: 'no duplicates: one message id is at most one message, with one content',
  I3: 'order: the places of a conversation are dense and the same for everybody',
  I4: 'decisions see what was acknowledged before them',
  I5: 'isolation: nothing reaches a device that was not entitled to it',
  I6: 'erasure: what was destroyed is not read again',
  I9: 'a command may be repeated with the same result',
  I10: 'a view is the fold of the log, and every query answers from it',
  I13: 'marks never go back, and say only what was done',
  I14: 'liveness: after the faults everything comes to rest',
} as const;

export type Invariant = keyof typeof invariants;

/** Thrown by the rules, caught by the checker. */
export class Wrong extends Error {
  constructor(
    readonly invariant: Invariant,
    readonly what: string,
    /** Ids that the story should show. */
    readonly about: readonly string[] = [],
  ) {
    super(`${invariant}: ${what}`);
  }
}

export function holds(
  condition: boolean,
  invariant: Invariant,
  what: () => string,
  about: readonly string[] = [],
): asserts condition {
  if (!condition) throw new Wrong(invariant, what(), about);
}
