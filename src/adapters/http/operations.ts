/** The operations of the OpenAPI document by their routes: a path holds ids, and an operation does not. */
import type { OpenAPIObject } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';

export type OperationOf = (request: FastifyRequest) => string | undefined;

/** By method and route, in the spelling of the router. */
export function operationsOf({ paths }: OpenAPIObject): OperationOf {
  const found = Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item as Readonly<Record<string, { readonly operationId?: string }>>).flatMap(([method, { operationId }]) =>
      operationId === undefined
        ? []
        : [[`${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ':$1')}`, operationId] as const],
    ),
  );
  const operations = new Map(found);
  return (request) => operations.get(`${request.method} ${request.routeOptions.url ?? ''}`);
}
