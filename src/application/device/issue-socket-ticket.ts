import { ok } from '../../domain/kernel/decider.js';
import type { Instant } from '../../domain/kernel/instant.js';
import { later } from '../../domain/kernel/instant.js';
import { limits } from '../../domain/kernel/limits.js';
import type { Deps, UseCase } from '../use-case.js';

export interface IssueSocketTicket {
  /** Of the page that asks; absent for a client that is no browser. */
  readonly origin?: string;
}

export interface SocketTicket {
  readonly ticket: string;
  readonly expiresAt: Instant;
}

export function issueSocketTicket(deps: Pick<Deps, 'credentials' | 'clock'>): UseCase<IssueSocketTicket, SocketTicket, never> {
  return async ({ origin }, context) => {
    const at = deps.clock.now();
    const ticket = await deps.credentials.issueTicket(context.principal, origin, at);
    return ok({ ticket, expiresAt: later(at, limits.socketTicketLifeMs) });
  };
}
