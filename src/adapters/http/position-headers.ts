/** `Sottovoce-Position` on the answers of writes, and `Sottovoce-Min-Position` before reads. */
import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import type { Reflector } from '@nestjs/core';
import type { FastifyReply } from 'fastify';
import { from, mergeMap, type Observable } from 'rxjs';
import type { Positions } from '../nest/positions.js';
import { ROUTE, type RouteOptions } from './answers.js';
import type { AskingRequest } from './signed-in.guard.js';

export const POSITION = 'Sottovoce-Position';
export const MIN_POSITION = 'Sottovoce-Min-Position';

export class PositionHeaders implements NestInterceptor {
  constructor(
    private readonly reflector: Reflector,
    private readonly positions: Positions,
  ) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const route = this.reflector.get<RouteOptions | undefined>(ROUTE, context.getHandler());
    const http = context.switchToHttp();
    const request = http.getRequest<AskingRequest>();
    if (route?.does === 'read') {
      const given = request.headers[MIN_POSITION.toLowerCase()];
      const reached = given === undefined ? this.positions.reachHead() : this.positions.reach(String(given));
      return from(reached).pipe(mergeMap(() => next.handle()));
    }
    if (route?.does !== 'write') return next.handle();
    const reply = http.getResponse<FastifyReply>();
    return next.handle().pipe(
      mergeMap(async (answer) => {
        void reply.header(POSITION, await this.positions.given(request.wrotePosition));
        return answer;
      }),
    );
  }
}
