/**
 * Turns a failure of the database into the one failure that a port throws; a defect of ours stays a defect.
 * Only for steps that may be made again whatever became of them: done and undone are not told apart here.
 */
import Database from 'better-sqlite3';
import { Unavailable } from '../../application/ports/failures.js';

export function attempt<Value>(what: string, act: () => Value): Value {
  try {
    return act();
  } catch (cause) {
    throw isOfDatabase(cause) ? new Unavailable(`${what} failed in the database.`, { cause }) : cause;
  }
}

/** What the library throws, as a plain TypeError, when its connection was closed. */
const CLOSED = 'The database connection is not open';

const isOfDatabase = (cause: unknown): boolean =>
  cause instanceof Database.SqliteError
    ? cause.code !== 'SQLITE_ERROR' && !cause.code.startsWith('SQLITE_CONSTRAINT')
    : (cause as { readonly message?: unknown } | undefined)?.message === CLOSED;
