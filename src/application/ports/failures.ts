/** What a port throws when none of its expected outcomes happened. The message says what was attempted; the cause is kept. */

/** Nothing was done; the same call may be made again. */
export class Unavailable extends Error {
  override readonly name = 'Unavailable';
}

/** It may or may not have been done; only the identical call may be made again. */
export class OutcomeUnknown extends Error {
  override readonly name = 'OutcomeUnknown';
}

/** The process cannot start on what it was given. The message is one line that says what to do about it. */
export class StartRefused extends Error {
  override readonly name = 'StartRefused';
}
