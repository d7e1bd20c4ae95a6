/** Decorators that every route shares: how it is called, and which problems it may answer. */

import type { Type } from '@nestjs/common';
import { applyDecorators, Header, HttpCode, SetMetadata } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiCreatedResponse,
  ApiHeader,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiResponse,
} from '@nestjs/swagger';
import { limits } from '../../domain/kernel/limits.js';
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
  /** A write answers its position; a read may be asked to wait for one. */
  readonly does?: 'write' | 'read';
  /** The version of what is answered: its `ETag`. Must differ whenever what the reader sees differs. */
  // biome-ignore lint/suspicious/noExplicitAny: each route names the type of its own answer.
  readonly tag?: (answer: any) => number | string;
  /** A write that answers the version that its thing has now. */
  readonly givesTag?: true;
  /** Takes `If-Match` against the version of this thing. */
  readonly ifMatch?: string;
  /** Worth compressing for a client that takes gzip. */
  readonly isLarge?: true;
  /** Takes `Idempotency-Key`, and keeps the answer for this long. */
  readonly keyLifeMs?: number;
}

export const KEY_LIFE_MS = limits.idempotencyKeyLifeDays * 24 * 60 * 60 * 1_000;

export interface RouteMetadata extends RouteOptions {
  readonly operationId: string;
}

export const ROUTE = 'sottovoce:route';

const EVERYWHERE: readonly ProblemCode[] = ['invalid-request', 'internal', 'unavailable'];

/** The operation id is the use case's or query's name, for ever. */
export function Route(operationId: string, options: RouteOptions): MethodDecorator {
  const { summary, status, answer, repeat = false, isPublic = false } = options;
  const codes = [
    ...EVERYWHERE,
    ...(isPublic ? [] : (['unauthenticated'] as const)),
    ...(options.problems ?? []),
    ...(options.ifMatch === undefined ? [] : (['version-mismatch'] as const)),
    ...(options.keyLifeMs === undefined ? [] : (['request-in-progress', 'idempotency-key-reused'] as const)),
    ...(options.does === 'read' ? (['invalid-cursor', 'view-behind'] as const) : []),
  ];
  const content = { ...(answer === undefined ? {} : { type: answer }), headers: answeredHeaders(options) };
  const success = { 200: ApiOkResponse, 201: ApiCreatedResponse, 204: ApiNoContentResponse }[status];
  return applyDecorators(
    ApiOperation({ operationId, summary }),
    HttpCode(status),
    Header('Cache-Control', 'no-store'),
    SetMetadata(ROUTE, { ...options, operationId } satisfies RouteMetadata),
    success(content),
    ...(repeat ? [ApiOkResponse({ ...content, description: 'It was so already.' })] : []),
    ...byStatus(codes).map(([code, names]) =>
      ApiResponse({
        status: code,
        description: names.join(', '),
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
      }),
    ),
    ...(options.keyLifeMs === undefined ? [] : [idempotencyKey(options.keyLifeMs)]),
    ...(options.does === 'read' ? [minPosition] : []),
    ...(options.tag === undefined ? [] : revalidation),
    ...(options.ifMatch === undefined ? [] : [ifMatch(options.ifMatch)]),
    ...(isPublic ? [] : [ApiBearerAuth()]),
  );
}

const described = (description: string) => ({ description, schema: { type: 'string' as const } });

const answeredHeaders = ({ tag, givesTag, does }: RouteOptions) => ({
  ...(tag === undefined && !givesTag ? {} : { ETag: described('The version, quoted.') }),
  ...(does === 'write' ? { 'Sottovoce-Position': described('A read that is given it sees this write.') } : {}),
});

const minPosition: MethodDecorator = ApiHeader({
  name: 'Sottovoce-Min-Position',
  required: false,
  ...described(`From a write: wait up to ${limits.minPositionWaitMs} ms until it can be read.`),
});

const idempotencyKey = (lifeMs: number): MethodDecorator =>
  ApiHeader({
    name: 'Idempotency-Key',
    required: false,
    description: `Chosen by the client, for one request: a repetition within ${lifeMs / 60_000} minutes gets the answer of the first.`,
    schema: { type: 'string', pattern: '^[!-~]+$', minLength: 1, maxLength: limits.idempotencyKeyCharactersMax },
  });

const revalidation: readonly MethodDecorator[] = [
  ApiHeader({ name: 'If-None-Match', required: false, ...described('An `ETag` that was answered earlier.') }),
  ApiResponse({ status: 304, description: 'It is as it was: nothing is answered.' }),
];

const ifMatch = (what: string): MethodDecorator =>
  ApiHeader({
    name: 'If-Match',
    required: false,
    description: `The version, quoted, ${what}. When it is another one by now, nothing is changed.`,
    schema: { type: 'string', pattern: '^("(0|[1-9][0-9]{0,15})"|\\*)$' },
  });

function byStatus(codes: readonly ProblemCode[]): readonly [number, readonly ProblemCode[]][] {
  const grouped = new Map<number, ProblemCode[]>();
  for (const code of new Set(codes)) {
    const { status } = problems[code];
    grouped.set(status, [...(grouped.get(status) ?? []), code]);
  }
  return [...grouped].sort(([one], [other]) => one - other);
}
