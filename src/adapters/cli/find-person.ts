/**
 * The way from a number or an address to an open conversation: codes of a development server are read from its data
 * folder, and whoever has not signed in yet is waited for.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../application/ports/clock.js';
import { isUuid } from '../../domain/kernel/ids.js';
import type { RestDoor } from './rest-door.js';
import type { Identifier, Verification } from './signing-in.js';
import { codeOf, Refused } from './wire.js';

const CODE_FOLDER = 'dev-codes';
const LOOK_EVERY_MS = 2_000;
const SHOWN_WITHIN_MS = 10_000;
const LOOK_AGAIN_MS = 50;

/** `undefined` when this server does not write its codes into a folder here. */
export async function developmentCode(dataFolder: string, { verificationId }: Verification): Promise<string | undefined> {
  if (!isUuid(verificationId)) return undefined;
  return readFile(join(dataFolder, CODE_FOLDER, verificationId), 'utf8').then(
    (text) => text.trim(),
    () => undefined,
  );
}

export interface Looking {
  readonly rest: RestDoor;
  readonly clock: Clock;
  readonly identifier: Identifier;
  readonly signal?: AbortSignal;
  /** Called once, when there is nobody yet. */
  readonly waiting: () => void;
}

/** The account of a number or an address, as soon as there is one; `undefined` when it was not waited for to the end. */
export async function accountOf({ rest, clock, identifier, signal, waiting }: Looking): Promise<string | undefined> {
  for (let isFirst = true; !signal?.aborted; isFirst = false) {
    const { afterMs, accountId } = await look(rest, identifier);
    if (accountId !== undefined) return accountId;
    if (isFirst) waiting();
    await clock.wait(afterMs, signal);
  }
  return undefined;
}

async function look(rest: RestDoor, identifier: Identifier): Promise<{ readonly accountId?: string; readonly afterMs: number }> {
  try {
    const { items } = await rest.post<{ items: readonly { accountId: string }[] }>('/v1/account-lookups', identifier);
    const [found] = items;
    return { afterMs: LOOK_EVERY_MS, ...(found !== undefined && { accountId: found.accountId }) };
  } catch (error) {
    if (!(error instanceof Refused && error.problem.retryable)) throw error;
    return { afterMs: Math.max(LOOK_EVERY_MS, error.problem.retryAfterMs ?? 0) };
  }
}

/** What was just written shows a moment later: until then it is said not to be there. */
export async function onceShown<Value>(clock: Clock, read: () => Promise<Value>): Promise<Value> {
  const untilMs = clock.monotonicMs() + SHOWN_WITHIN_MS;
  for (;;) {
    try {
      return await read();
    } catch (error) {
      const isNotYet = codeOf(error) === 'conversation-not-found' || codeOf(error) === 'view-behind';
      if (!isNotYet || clock.monotonicMs() > untilMs) throw error;
      await clock.wait(LOOK_AGAIN_MS);
    }
  }
}
