/**
 * `Idempotency-Key` on requests whose client chooses no id: a repetition gets the answer of the first one, the refusals
 * that stay refusals too. What may turn out otherwise next time lets go of the key (ADR 0028).
 */
import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import type { Reflector } from '@nestjs/core';
import type { FastifyReply } from 'fastify';
import { defer, lastValueFrom, type Observable } from 'rxjs';
import type { Clock } from '../../application/ports/clock.js';
import type { IdempotencyLedger, KeptAnswer, KeyedRequest } from '../../application/ports/idempotency-ledger.js';
import { limits } from '../../domain/kernel/limits.js';
import { Refusal } from '../nest/dispatch.js';
import type { Log } from '../nest/log.js';
import { ProblemError } from '../nest/problems.js';
import { problemOfError } from '../nest/to-problem.js';
import { ROUTE, type RouteMetadata } from './answers.js';
import type { AskingRequest } from './signed-in.guard.js';

export const IDEMPOTENCY_KEY = 'Idempotency-Key';
const KEY = new RegExp(`^[!-~]{1,${limits.idempotencyKeyCharactersMax}}$`);
const RETRY_AFTER_MS = 1_000;
/** What an answer is made of beside its status and body. */
const KEPT_HEADERS = ['sottovoce-position', 'content-type'] as const;
const PROBLEM_TYPE = 'application/problem+json';

interface Deps {
  readonly reflector: Reflector;
  readonly ledger: IdempotencyLedger;
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Log;
}

export class IdempotencyKeys implements NestInterceptor {
  constructor(private readonly deps: Deps) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const route = this.deps.reflector.get<RouteMetadata | undefined>(ROUTE, context.getHandler());
    const http = context.switchToHttp();
    const request = http.getRequest<AskingRequest>();
    const key = request.headers[IDEMPOTENCY_KEY.toLowerCase()];
    if (route?.keyLifeMs === undefined || key === undefined) return next.handle();
    if (typeof key !== 'string' || !KEY.test(key)) {
      throw new ProblemError('invalid-request', { errors: [{ pointer: `/${IDEMPOTENCY_KEY}`, code: 'wrong-form' }] });
    }
    const { operationId: operation, keyLifeMs } = route;
    const keyed = { scope: scopeOf(request), operation, key, content: contentOf(request) };
    const reply = http.getResponse<FastifyReply>();
    return defer(() => this.once(keyed, keyLifeMs, { request, reply, run: () => lastValueFrom(next.handle()) }));
  }

  private async once(
    keyed: KeyedRequest,
    lifeMs: number,
    { request, reply, run }: { request: AskingRequest; reply: FastifyReply; run: () => Promise<unknown> },
  ): Promise<unknown> {
    const { ledger, clock } = this.deps;
    const reserved = await ledger.reserve(keyed, clock.now(), lifeMs);
    if (reserved.outcome === 'reused') throw new ProblemError('idempotency-key-reused');
    if (reserved.outcome === 'in-progress') throw new ProblemError('request-in-progress', { retryAfterMs: RETRY_AFTER_MS });
    if (reserved.outcome === 'answered') return repeated(reserved.answer, reply);
    const { attempt } = reserved;
    try {
      const body = await run();
      await this.keep(request, () => ledger.settle(keyed, attempt, answerOf(reply, body)));
      return body;
    } catch (error) {
      const problem = problemOfError(error, request.id);
      const isFinal = error instanceof Refusal && !problem.retryable;
      const refusal = { status: problem.status, headers: { 'content-type': PROBLEM_TYPE }, body: problem };
      await this.keep(request, () => (isFinal ? ledger.settle(keyed, attempt, refusal) : ledger.release(keyed, attempt)));
      throw error;
    }
  }

  /** What was done is done: when it cannot be kept the client hears it all the same, and the lease sees to the rest. */
  private async keep(request: AskingRequest, settle: () => Promise<void>): Promise<void> {
    try {
      await settle();
    } catch (error) {
      this.deps.log.warn('idempotent-answer-not-kept', { requestId: request.id, error });
    }
  }
}

/** Nobody has signed in for some requests: there a key belongs to the address that asks. */
const scopeOf = ({ session, ip }: AskingRequest): string =>
  session === undefined ? `address ${ip}` : `account ${session.accountId}`;

const contentOf = ({ params, body, headers }: AskingRequest): string =>
  JSON.stringify(sorted([params, body ?? {}, conditionIn(headers['if-match'])]));

/** Stored, in a hash: no condition has always been the empty text. An empty header is none, but is refused, and no repetition. */
const conditionIn = (given: string | undefined): string => (given === '' ? ' ' : (given ?? ''));

/** Members in one order, so that the same JSON is the same text. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return { '': members.map(([name, member]) => [name, sorted(member)]) };
}

function answerOf(reply: FastifyReply, body: unknown): KeptAnswer {
  const headers = KEPT_HEADERS.flatMap((name) => {
    const value = reply.getHeader(name);
    return value === undefined ? [] : [[name, String(value)] as const];
  });
  return { status: reply.statusCode, headers: Object.fromEntries(headers), ...(body === undefined ? {} : { body }) };
}

function repeated({ status, headers, body }: KeptAnswer, reply: FastifyReply): unknown {
  void reply.status(status).headers({ ...headers });
  return body;
}
