/**
 * What pages of other origins may do: those that the operator lists, exactly as listed, may use the API with a token that
 * they hold. No cookies, no credentials of the browser; for any other origin the browser keeps its doors shut.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

const API = '/v1/';
const METHODS = 'GET, POST, PUT, DELETE';
const TAKEN = 'Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, Sottovoce-Min-Position';
const SHOWN =
  'ETag, Sottovoce-Position, Retry-After, RateLimit, RateLimit-Policy, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset';
const NO_CONTENT = 204;
/** How long a browser need not ask again. */
const REMEMBERED_SECONDS = 600;

export function allowOrigins(fastify: Pick<FastifyInstance, 'addHook'>, origins: readonly string[]): void {
  if (origins.length === 0) return;
  fastify.addHook('onRequest', async (request: FastifyRequest, reply: FastifyReply) => {
    if (!request.raw.url?.startsWith(API)) return undefined;
    void reply.header('Vary', 'Origin');
    const { origin } = request.headers;
    if (origin === undefined || !origins.includes(origin)) return undefined;
    void reply.headers({ 'Access-Control-Allow-Origin': origin, 'Access-Control-Expose-Headers': SHOWN });
    return isPreflight(request) ? preflight(reply) : undefined;
  });
}

const isPreflight = ({ method, headers }: FastifyRequest): boolean =>
  method === 'OPTIONS' && headers['access-control-request-method'] !== undefined;

function preflight(reply: FastifyReply): FastifyReply {
  return reply
    .status(NO_CONTENT)
    .headers({
      'Access-Control-Allow-Methods': METHODS,
      'Access-Control-Allow-Headers': TAKEN,
      'Access-Control-Max-Age': REMEMBERED_SECONDS,
      Vary: 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers',
    })
    .send();
}
