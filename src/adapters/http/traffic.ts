/**
 * Limits of traffic at the REST door: of the network that asks, before a byte of the body is read or a token is looked at;
 * of the account, once it is known. What is refused has done nothing. Health is for whoever watches, and is not counted.
 */
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import type { Reflector } from '@nestjs/core';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { networkOf } from '../nest/network.js';
import { limitHeaders, type Taken, type TrafficGate, TrafficRefusal } from '../nest/traffic-gate.js';
import { CLASS_OF_OTHER_PATHS, classOfOperation } from '../nest/traffic-limits.js';
import { ROUTE, type RouteMetadata } from './answers.js';
import type { OperationOf } from './operations.js';
import type { AskingRequest } from './signed-in.guard.js';

const HEALTH = '/health/';

export function limitByAddress(fastify: Pick<FastifyInstance, 'addHook'>, operationOf: OperationOf, gate: TrafficGate): void {
  fastify.addHook('onRequest', async (request, reply) => {
    if (request.raw.url?.startsWith(HEALTH)) return;
    const name = classOfOperation[operationOf(request) ?? ''] ?? CLASS_OF_OTHER_PATHS;
    answerTo(await gate.take(name, 'address', networkOf(request.ip)), reply);
  });
}

/** Stands behind the guard that finds out who asks. */
export class AccountTrafficGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly gate: TrafficGate,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    if (context.getType() !== 'http') return true;
    const http = context.switchToHttp();
    const { session } = http.getRequest<AskingRequest>();
    if (session === undefined) return true;
    const route = this.reflector.get<RouteMetadata | undefined>(ROUTE, context.getHandler());
    const name = classOfOperation[route?.operationId ?? ''] ?? CLASS_OF_OTHER_PATHS;
    answerTo(await this.gate.take(name, 'account', session.accountId), http.getResponse<FastifyReply>());
    return true;
  }
}

/** The headers say what is left of the last limit that was asked: the account's own, where there is one. */
function answerTo(taken: Taken | undefined, reply: FastifyReply): void {
  if (taken === undefined) return;
  void reply.headers(limitHeaders(taken));
  if (!taken.grant.allowed) throw new TrafficRefusal(taken);
}
