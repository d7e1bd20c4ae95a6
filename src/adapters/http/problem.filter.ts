import type { ArgumentsHost, ExceptionFilter } from '@nestjs/common';
import { Catch } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Log } from '../nest/log.js';
import { problemOfError } from '../nest/to-problem.js';

/** Every error leaves as a problem. What is ours is logged with its request id, and says nothing more outside. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(private readonly log: Log) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const reply = http.getResponse<FastifyReply>();
    const problem = problemOfError(error, request.id);
    if (problem.code === 'internal') {
      this.log.error('request-failed', { requestId: request.id, route: request.routeOptions?.url ?? 'none', error });
    }
    if (problem.retryAfterMs !== undefined) void reply.header('Retry-After', Math.ceil(problem.retryAfterMs / 1_000));
    if (problem.status === 401) void reply.header('WWW-Authenticate', 'Bearer');
    void reply.status(problem.status).type('application/problem+json').send(problem);
  }
}
