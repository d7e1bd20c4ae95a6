/**
 * Tells the observer of each answered request, by the operation's name in the OpenAPI document: a path holds ids, and an
 * operation does not.
 */
import type { OpenAPIObject } from '@nestjs/swagger';
import type { FastifyInstance } from 'fastify';
import type { DoorObserver } from '../nest/door-observer.js';

const OTHER = 'other';

export function observeRequests(fastify: FastifyInstance, document: OpenAPIObject, observer: DoorObserver): void {
  if (observer.request === undefined) return;
  const operations = operationsOf(document);
  const entries = new WeakMap<object, object>();
  // The body is read by now, and what is called from here on runs in the context that the observer has entered.
  fastify.addHook('preHandler', (request, _reply, done) => {
    const entry = observer.entered?.();
    if (entry !== undefined) entries.set(request, entry);
    done();
  });
  fastify.addHook('onResponse', async (request, reply) => {
    const route = `${request.method} ${request.routeOptions.url ?? ''}`;
    observer.request?.(operations.get(route) ?? OTHER, reply.statusCode, reply.elapsedTime, entries.get(request));
  });
}

/** By method and route, in the spelling of the router. */
function operationsOf({ paths }: OpenAPIObject): ReadonlyMap<string, string> {
  const found = Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item as Readonly<Record<string, { readonly operationId?: string }>>).map(
      ([method, { operationId }]) =>
        [`${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ':$1')}`, operationId ?? OTHER] as const,
    ),
  );
  return new Map(found);
}
