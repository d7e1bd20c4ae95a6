/**
 * Answers that are worth compressing: pages of sync, of conversations, of messages. They hold no secret that a text beside
 * it could help to guess: tokens are sealed with chance in them, and nothing else is the server's own.
 */
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import type { Reflector } from '@nestjs/core';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Observable } from 'rxjs';
import { ROUTE, type RouteMetadata } from './answers.js';

/** Below this a packet is saved by nobody. */
const BYTES_MIN = 1_024;
const REFUSED = /;\s*q=0(?:\.0{1,3})?$/;

const compress = promisify(gzip);

interface LargeRequest extends FastifyRequest {
  isLarge?: true;
}

/** Says of a request that its answer may be large. */
export class LargeAnswers implements NestInterceptor {
  constructor(private readonly reflector: Reflector) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const route = this.reflector.get<RouteMetadata | undefined>(ROUTE, context.getHandler());
    if (route?.isLarge) context.switchToHttp().getRequest<LargeRequest>().isLarge = true;
    return next.handle();
  }
}

export function compressLargeAnswers(fastify: Pick<FastifyInstance, 'addHook'>): void {
  fastify.addHook('onSend', async (request: LargeRequest, reply: FastifyReply, payload: unknown) => {
    if (!request.isLarge || typeof payload !== 'string') return payload;
    const vary = reply.getHeader('Vary');
    void reply.header('Vary', vary === undefined ? 'Accept-Encoding' : `${vary}, Accept-Encoding`);
    if (!takesGzip(request.headers['accept-encoding']) || Buffer.byteLength(payload) < BYTES_MIN) return payload;
    void reply.header('Content-Encoding', 'gzip').removeHeader('Content-Length');
    return compress(payload);
  });
}

function takesGzip(header: string | string[] | undefined): boolean {
  const offered = String(header ?? '')
    .split(',')
    .map((one) => one.trim().toLowerCase());
  return offered.some((one) => (one === 'gzip' || /^gzip\s*;/.test(one)) && !REFUSED.test(one));
}
