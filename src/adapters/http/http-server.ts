/**
 * The HTTP server as Sottovoce needs it: strict JSON only, bodies up to a limit, canonical paths only, and a random id
 * for each request. Who may do what is decided by guards on handlers, never here.
 */
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { IdSource } from '../../application/ports/id-source.js';
import { limits } from '../../domain/kernel/limits.js';
import { ProblemError } from '../nest/problems.js';
import { parseStrictJson } from '../nest/strict-json.js';
import { problemOfError } from '../nest/to-problem.js';
import { BrokenRequests, checkBodyType, isHeadFine } from './broken-requests.js';
import { type ConnectionLimits, limitConnections } from './connection-limits.js';
import { allowOrigins } from './cross-origin.js';
import { compressLargeAnswers } from './large-answers.js';
import { UnreadAnswers, type UnreadLimits, unreadLimits } from './unread-answers.js';

const CANONICAL_PATH = /^(?:\/[A-Za-z0-9._~-]+)+$|^\/$/;
const HEADERS_TIMEOUT_MS = 5_000;
const REQUEST_TIMEOUT_MS = 30_000;
/** How late one of the two may be noticed. */
const TIMEOUTS_CHECK_MS = 1_000;
const PARAMETER_CHARACTERS_MAX = 100;

export interface HttpServerOptions {
  readonly trustedProxies: number;
  readonly ids: Pick<IdSource, 'uuid'>;
  /** Of pages that may use the API. */
  readonly origins: readonly string[];
  readonly connections?: Partial<ConnectionLimits>;
  readonly unread?: UnreadLimits;
}

export function createHttpServer(options: HttpServerOptions): FastifyAdapter {
  const { trustedProxies, ids, origins, connections = {}, unread = unreadLimits } = options;
  const broken = new BrokenRequests(ids);
  const adapter = new FastifyAdapter({
    bodyLimit: limits.frameBytesMax,
    genReqId: () => ids.uuid(),
    trustProxy: (_address: string, hop: number) => hop < trustedProxies,
    requestTimeout: REQUEST_TIMEOUT_MS,
    connectionTimeout: unread.stalledMs,
    http: { headersTimeout: HEADERS_TIMEOUT_MS, connectionsCheckingInterval: TIMEOUTS_CHECK_MS, requireHostHeader: false },
    clientErrorHandler: (error, socket) => broken.refuse(error, socket),
    exposeHeadRoutes: false,
    routerOptions: {
      caseSensitive: true,
      ignoreTrailingSlash: false,
      ignoreDuplicateSlashes: false,
      maxParamLength: PARAMETER_CHARACTERS_MAX,
    },
    frameworkErrors: (error: Error, request: FastifyRequest, reply: FastifyReply) => {
      const problem = problemOfError(error, request.id);
      void reply.status(problem.status).type('application/problem+json').send(problem);
    },
  });
  const fastify = adapter.getInstance();
  broken.watch(fastify.server);
  const { connectionsMax = Number.POSITIVE_INFINITY, connectionsPerAddressMax = Number.POSITIVE_INFINITY } = connections;
  limitConnections(fastify.server, {
    connectionsMax,
    connectionsPerAddressMax: trustedProxies > 0 ? Number.POSITIVE_INFINITY : connectionsPerAddressMax,
  });
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    try {
      checkBodyType(request.headers);
      done(null, readJson(body as Buffer));
    } catch (error) {
      done(error as Error);
    }
  });
  allowOrigins(fastify, origins);
  compressLargeAnswers(fastify);
  new UnreadAnswers(unread).watch(fastify);
  // One path, one route: what spells it otherwise does not exist, so no rule can be dodged by spelling.
  fastify.addHook('onRequest', async (request, reply) => {
    if (!isHeadFine(request.raw)) {
      void reply.header('Connection', 'close');
      throw new ProblemError('invalid-request');
    }
    const [path = ''] = request.raw.url?.split('?', 1) ?? [];
    if (!CANONICAL_PATH.test(path)) throw new ProblemError('not-found');
  });
  return adapter;
}

function readJson(body: Buffer): unknown {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body);
  } catch {
    throw new ProblemError('malformed-json', { errors: [{ pointer: '', code: 'invalid-utf-8' }] });
  }
  const parsed = parseStrictJson(text);
  if (!parsed.ok) throw new ProblemError('malformed-json', { errors: [{ pointer: '', code: parsed.code }] });
  return parsed.value;
}
