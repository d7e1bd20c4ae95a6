/**
 * Versions over HTTP: an answer that has one carries it as its `ETag`, and `If-None-Match` with it is answered 304. A
 * change takes `If-Match`, which only is parsed here: it is decided with the change itself (ADR 0028).
 */
import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import { createParamDecorator } from '@nestjs/common';
import type { Reflector } from '@nestjs/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Observable } from 'rxjs';
import { map } from 'rxjs';
import { ProblemError } from '../nest/problems.js';
import { ROUTE, type RouteOptions } from './answers.js';

const NOT_MODIFIED = 304;
/** As this server gives them out: one strong tag that holds a whole number. */
const VERSION_TAG = /^"(0|[1-9]\d{0,15})"$/;
const TAGS = /^(?:W\/)?"[!#-~]*"(?:[ \t]*,[ \t]*(?:W\/)?"[!#-~]*")*$/;
const TAG = /"[!#-~]*"/g;

export const tagOf = (version: number | string): string => `"${version}"`;

/** The version that a change is asked for on condition of; absent when it is meant whatever the version is. */
export const IfMatch = createParamDecorator((_data: unknown, context: ExecutionContext): number | undefined => {
  const given = context.switchToHttp().getRequest<FastifyRequest>().headers['if-match'];
  // Whatever takes this header refuses what does not exist.
  if (given === undefined || given === '*') return undefined;
  const [, version] = VERSION_TAG.exec(given) ?? [];
  if (version === undefined || !Number.isSafeInteger(Number(version))) throw malformed('/If-Match');
  return Number(version);
});

export class ETags implements NestInterceptor {
  constructor(private readonly reflector: Reflector) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const route = this.reflector.get<RouteOptions | undefined>(ROUTE, context.getHandler());
    if (route?.tag === undefined) return next.handle();
    const { tag } = route;
    const http = context.switchToHttp();
    const known = tagsIn(http.getRequest<FastifyRequest>().headers['if-none-match']);
    const reply = http.getResponse<FastifyReply>();
    return next.handle().pipe(
      map((answer) => {
        const current = tagOf(tag(answer));
        void reply.header('ETag', current);
        if (known !== 'any' && !known.includes(current)) return answer;
        void reply.status(NOT_MODIFIED);
        return undefined;
      }),
    );
  }
}

/** Compared weakly, as reading allows. */
function tagsIn(header: string | undefined): readonly string[] | 'any' {
  if (header === undefined) return [];
  if (header === '*') return 'any';
  if (!TAGS.test(header)) throw malformed('/If-None-Match');
  return header.match(TAG) ?? [];
}

const malformed = (pointer: string): ProblemError =>
  new ProblemError('invalid-request', { errors: [{ pointer, code: 'wrong-form' }] });
