/** Decorators that every route shares: how it is called, and which problems it may answer. */

import type { Type } from '@nestjs/common';
import { applyDecorators, Header, HttpCode } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiResponse,
} from '@nestjs/swagger';
import type { ProblemCode } from '../nest/problems.js';
import { problems } from '../nest/problems.js';

export interface RouteOptions {
  readonly summary: string;
  readonly status: 200 | 201 | 204;
  readonly answer?: Type;
  /** When the same was done before: `200` with the same body. */
  readonly repeat?: boolean;
  readonly problems?: readonly ProblemCode[];
  readonly isPublic?: boolean;
}

const EVERYWHERE: readonly ProblemCode[] = ['invalid-request', 'internal', 'unavailable'];

/** The operation id is the use case's or query's name, for ever. */
export function Route(operationId: string, options: RouteOptions): MethodDecorator {
  const { summary, status, answer, repeat = false, isPublic = false } = options;
  const codes = [...EVERYWHERE, ...(isPublic ? [] : (['unauthenticated'] as const)), ...(options.problems ?? [])];
  const described = answer === undefined ? {} : { type: answer };
  const success = { 200: ApiOkResponse, 201: ApiCreatedResponse, 204: ApiNoContentResponse }[status];
  return applyDecorators(
    ApiOperation({ operationId, summary }),
    HttpCode(status),
    Header('Cache-Control', 'no-store'),
    success(described),
    ...(repeat ? [ApiOkResponse({ ...described, description: 'It was so already.' })] : []),
    ...byStatus(codes).map(([code, names]) =>
      ApiResponse({
        status: code,
        description: names.join(', '),
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
      }),
    ),
    ...(isPublic ? [] : [ApiBearerAuth()]),
  );
}

function byStatus(codes: readonly ProblemCode[]): readonly [number, readonly ProblemCode[]][] {
  const grouped = new Map<number, ProblemCode[]>();
  for (const code of new Set(codes)) {
    const { status } = problems[code];
    grouped.set(status, [...(grouped.get(status) ?? []), code]);
  }
  return [...grouped].sort(([one], [other]) => one - other);
}
