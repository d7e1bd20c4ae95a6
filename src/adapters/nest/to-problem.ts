import { HttpException } from '@nestjs/common';
import { OutcomeUnknown, Unavailable } from '../../application/ports/failures.js';
import type { Rejection } from '../../application/use-cases.js';
import { Refusal } from './dispatch.js';
import type { Problem, ProblemCode } from './problems.js';
import { ProblemError, problemOf, toProblem } from './problems.js';

/** Errors of the HTTP library, by their own code. */
const byLibraryCode: Readonly<Record<string, ProblemCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'request-too-large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported-media-type',
  FST_ERR_CTP_EMPTY_TYPE: 'unsupported-media-type',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'malformed-json',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'invalid-request',
  FST_ERR_BAD_URL: 'not-found',
  FST_ERR_MAX_PARAM_LENGTH: 'not-found',
};

const byStatus: Readonly<Record<number, ProblemCode>> = {
  400: 'invalid-request',
  401: 'unauthenticated',
  404: 'not-found',
  405: 'method-not-allowed',
  413: 'request-too-large',
  415: 'unsupported-media-type',
};

const RETRY_AFTER_MS = 500;

/** The problem of whatever was thrown. What nobody foresaw is `internal`, and says nothing but the request id. */
export function problemOfError(error: unknown, requestId: string): Problem {
  if (error instanceof ProblemError) return toProblem(error.code, requestId, error.extra);
  if (error instanceof Refusal) return problemOf(error.rejection as Rejection, requestId);
  if (error instanceof Unavailable || error instanceof OutcomeUnknown) {
    return toProblem('unavailable', requestId, { retryAfterMs: RETRY_AFTER_MS });
  }
  const library = byLibraryCode[String((error as { code?: unknown } | null)?.code)];
  if (library !== undefined) return toProblem(library, requestId);
  const status = error instanceof HttpException ? error.getStatus() : (error as { statusCode?: unknown } | null)?.statusCode;
  const known = typeof status === 'number' ? byStatus[status] : undefined;
  return toProblem(known ?? 'internal', requestId);
}
