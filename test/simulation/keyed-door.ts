/**
 * The idempotency keys of the HTTP door in front of a use case, as its routes have them; the framework is left out. The
 * ledger is the one that all processes have in common, and every call of it takes its time, or fails.
 */
import type { CallHandler, ExecutionContext } from '@nestjs/common';
import { lastValueFrom, from as observe } from 'rxjs';
import { KEY_LIFE_MS } from '../../src/adapters/http/answers.js';
import { IdempotencyKeys } from '../../src/adapters/http/idempotency-keys.js';
import type { Dispatch } from '../../src/adapters/nest/dispatch.js';
import type { Log } from '../../src/adapters/nest/log.js';
import type { Problem } from '../../src/adapters/nest/problems.js';
import type { Clock } from '../../src/application/ports/clock.js';
import type { Principal } from '../../src/application/ports/credentials.js';
import { Unavailable } from '../../src/application/ports/failures.js';
import type { IdempotencyLedger, KeyedRequest, Reserved } from '../../src/application/ports/idempotency-ledger.js';
import type { Json } from './history.js';
import type { Schedule } from './schedule.js';
import type { Suffering } from './trouble.js';
import type { Answer } from './world.js';

export type KeyedName = 'addMember' | 'leaveConversation' | 'createDirect';

const OK = 200;
const CREATED = 201;
const NO_CONTENT = 204;
const REFUSED_FROM = 400;

const routes: Readonly<Record<KeyedName, { readonly status: number; readonly body?: string }>> = {
  addMember: { status: CREATED, body: 'memberId' },
  leaveConversation: { status: NO_CONTENT },
  createDirect: { status: CREATED, body: 'conversationId' },
};

export const isKeyedName = (name: string): name is KeyedName => Object.hasOwn(routes, name);

interface Asks {
  readonly dispatch: Dispatch;
  readonly ledger: IdempotencyLedger;
  readonly clock: Clock;
  readonly log: Log;
}

/** Throws as the door does. A kept refusal comes back as a value. */
export async function throughKeys(asks: Asks, name: KeyedName, key: string, input: Json, principal: Principal): Promise<Answer> {
  const { dispatch, ledger, clock, log } = asks;
  const route = { operationId: name, keyLifeMs: KEY_LIFE_MS };
  const { status, body } = routes[name];
  const reply = {
    statusCode: status,
    getHeader: () => undefined,
    status(code: number) {
      reply.statusCode = code;
      return reply;
    },
    headers: () => reply,
  };
  const request = { headers: { 'idempotency-key': key }, session: principal, params: {}, body: input, id: key };
  const handle = async (): Promise<unknown> => {
    const done = (await dispatch.value(name, input as never, { principal })) as unknown as Json;
    if (done.isNew === false && body !== undefined) reply.statusCode = OK;
    return body === undefined ? undefined : { [body]: done[body] };
  };
  const keys = new IdempotencyKeys({ reflector: { get: () => route } as never, ledger, clock, log });
  const context = { getHandler: () => route, switchToHttp: () => ({ getRequest: () => request, getResponse: () => reply }) };
  const next: CallHandler = { handle: () => observe(handle()) };
  const answered = await lastValueFrom(keys.intercept(context as unknown as ExecutionContext, next));
  if (reply.statusCode >= REFUSED_FROM) return { ok: false, problem: answered as Problem };
  return { ok: true, value: { ...(answered as Json | undefined), status: reply.statusCode } };
}

const COUNTED = { answered: 'key: answered again', 'in-progress': 'key: in progress', reused: 'key: reused' } as const;

export class FaultyLedger implements IdempotencyLedger {
  constructor(
    private readonly schedule: Schedule,
    private readonly process: Suffering,
    private readonly ledger: IdempotencyLedger,
    private readonly open: Map<string, string>,
  ) {}

  reserve(request: KeyedRequest, at: Parameters<IdempotencyLedger['reserve']>[1], lifeMs: number): Promise<Reserved> {
    return this.schedule.turn(this.process, 'write', async () => {
      const { trouble } = this.process;
      const isFaulty = trouble.has('store') && this.schedule.chance.happens(trouble.storeRate);
      if (isFaulty && this.schedule.chance.happens(0.5)) throw new Unavailable('A key was not reserved.');
      const reserved = await this.ledger.reserve(request, at, lifeMs);
      const name = JSON.stringify([request.scope, request.operation, request.key]);
      if (reserved.outcome === 'reserved') {
        if (this.open.has(name)) trouble.counters.hit('key: done after a crash');
        this.open.set(name, reserved.attempt);
      } else trouble.counters.hit(COUNTED[reserved.outcome]);
      if (isFaulty) throw new Unavailable('A key was reserved, and nobody knew.');
      return reserved;
    });
  }

  settle(...asked: Parameters<IdempotencyLedger['settle']>): Promise<void> {
    return this.end(asked[0], asked[1], () => this.ledger.settle(...asked));
  }

  release(...asked: Parameters<IdempotencyLedger['release']>): Promise<void> {
    return this.end(asked[0], asked[1], () => this.ledger.release(...asked));
  }

  purge(before: Parameters<IdempotencyLedger['purge']>[0]): Promise<number> {
    return this.ledger.purge(before);
  }

  private end({ scope, operation, key }: KeyedRequest, attempt: string, work: () => Promise<void>): Promise<void> {
    return this.schedule.turn(this.process, 'write', async () => {
      await work();
      const name = JSON.stringify([scope, operation, key]);
      if (this.open.get(name) === attempt) this.open.delete(name);
    });
  }
}
