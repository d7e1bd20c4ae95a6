/**
 * When to try again, and whether at all: what each close of the socket asks of a client (API conventions, 8 and 9).
 * Full jitter, so that clients which lost their server together do not come back together.
 */
import { Refused } from './wire.js';

export interface Backoff {
  readonly baseMs: number;
  readonly capMs: number;
}

export const BACKOFF: Backoff = { baseMs: 200, capMs: 5_000 };

/** A span between nothing and the doubled last one, never above the cap. */
export function fullJitter(attempt: number, fraction: number, { baseMs, capMs }: Backoff = BACKOFF): number {
  return Math.floor(fraction * Math.min(capMs, baseMs * 2 ** Math.min(attempt, 30)));
}

/** After a refusal that named a span: not before it, and not all at once when it ends. */
export function retryAfter(error: unknown, attempt: number, fraction: number, backoff: Backoff = BACKOFF): number {
  const toldMs = error instanceof Refused ? (error.problem.retryAfterMs ?? 0) : 0;
  return toldMs + fullJitter(toldMs > 0 ? 0 : attempt, fraction, backoff);
}

export type Decision =
  | { readonly action: 'stop'; readonly why: string; readonly signOut: boolean }
  | {
      readonly action: 'reconnect';
      readonly afterMs: number;
      /** Whether a new access token is needed first. */
      readonly renew: boolean;
    };

const stop = (why: string, signOut = false): Decision => ({ action: 'stop', why, signOut });

const again = (afterMs: number, renew = false): Decision => ({ action: 'reconnect', afterMs, renew });

/** Protocol error, wrong data type, bad UTF-8, too big, malformed: what was under way is at fault, not the connection. */
const POISON = new Set([1002, 1003, 1007, 1009, 4400]);

export const isPoison = (code: number): boolean => POISON.has(code);

/** After this many such closes in a row it is this program that is wrong. */
const POISONED_MAX = 3;

export function afterClose(code: number, reason: string, attempt: number, fraction: number): Decision {
  const jitterMs = fullJitter(attempt, fraction);
  if (isPoison(code) && attempt >= POISONED_MAX) return stop(`the server does not understand this program (${code}).`);
  switch (code) {
    case 4401:
      return again(attempt === 0 ? 0 : jitterMs, true);
    case 4403:
      return stop('this device was signed out.', true);
    case 4409:
      return stop('the same device has connected from somewhere else.');
    case 4426:
      return stop('the server speaks another version: update this program.');
    case 1012:
    case 4429:
      return again(millisecondsOf(reason) + jitterMs);
    default:
      return again(jitterMs);
  }
}

/** After a connection that never came about, or a token that could not be had. */
export function afterFailure(error: unknown, attempt: number, fraction: number): Decision {
  if (!(error instanceof Refused)) return again(fullJitter(attempt, fraction));
  const { status, code, title, retryable } = error.problem;
  if (code === 'refresh-refused') return stop('this device was signed out.', true);
  if (status === 401) return again(fullJitter(attempt, fraction), true);
  if (retryable || status >= 500 || status === 429) return again(retryAfter(error, attempt, fraction));
  return stop(`${title} (${code}).`);
}

const millisecondsOf = (reason: string): number => Number(/\d{1,9}/.exec(reason)?.[0] ?? 0);
