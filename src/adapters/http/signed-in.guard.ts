import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { createParamDecorator } from '@nestjs/common';
import type { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import type { AccessTokens, Session } from '../nest/access-tokens.js';
import type { Caller } from '../nest/dispatch.js';
import { networkOf } from '../nest/network.js';
import { ProblemError } from '../nest/problems.js';
import { PUBLIC } from '../nest/public.js';

const BEARER = /^Bearer ([A-Za-z0-9._-]{1,2048})$/;

export interface AskingRequest extends FastifyRequest {
  session?: Session;
  /** Where the command that was run for this request stands in the log. */
  wrotePosition?: number | undefined;
}

export class SignedInGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly tokens: AccessTokens,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    if (context.getType() !== 'http') return true;
    if (this.reflector.getAllAndOverride<boolean>(PUBLIC, [context.getHandler(), context.getClass()])) return true;
    const request = context.switchToHttp().getRequest<AskingRequest>();
    const [, token] = BEARER.exec(request.headers.authorization ?? '') ?? [];
    const session = token === undefined ? undefined : await this.tokens.verify(token);
    if (session === undefined) throw new ProblemError('unauthenticated');
    request.session = session;
    return true;
  }
}

/** Who is signed in; on a public route there is nobody. */
export const Me = createParamDecorator((_data: unknown, context: ExecutionContext): Session => {
  const { session } = context.switchToHttp().getRequest<AskingRequest>();
  if (session === undefined) throw new ProblemError('unauthenticated');
  return session;
});

/** Whoever asks, as the use cases see it. */
export const Asking = createParamDecorator((_data: unknown, context: ExecutionContext): Caller => {
  const request = context.switchToHttp().getRequest<AskingRequest>();
  const { session } = request;
  const address = networkOf(request.ip);
  const wrote = (position: number | undefined): void => {
    request.wrotePosition = position;
  };
  return session === undefined
    ? { address, wrote }
    : { address, wrote, principal: { accountId: session.accountId, deviceId: session.deviceId } };
});
