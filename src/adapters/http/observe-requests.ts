/**
 * Tells the observer of each answered request, by the operation's name in the OpenAPI document: a path holds ids, and an
 * operation does not.
 */
import type { FastifyInstance } from 'fastify';
import type { DoorObserver } from '../nest/door-observer.js';
import type { OperationOf } from './operations.js';

const OTHER = 'other';

export function observeRequests(fastify: FastifyInstance, operationOf: OperationOf, observer: DoorObserver): void {
  if (observer.request === undefined) return;
  const entries = new WeakMap<object, object>();
  // The body is read by now, and what is called from here on runs in the context that the observer has entered.
  fastify.addHook('preHandler', (request, _reply, done) => {
    const entry = observer.entered?.();
    if (entry !== undefined) entries.set(request, entry);
    done();
  });
  fastify.addHook('onResponse', async (request, reply) => {
    observer.request?.(operationOf(request) ?? OTHER, reply.statusCode, reply.elapsedTime, entries.get(request));
  });
}
