/** A problem as bytes on a connection, for what never became a request: it is the last thing that is said there. */
import { STATUS_CODES } from 'node:http';
import type { Problem } from './problems.js';

const MS_PER_SECOND = 1_000;

export function bareAnswer(problem: Problem, headers: Readonly<Record<string, string>> = {}): string {
  const body = JSON.stringify(problem);
  const { retryAfterMs } = problem;
  const retry = retryAfterMs === undefined ? [] : [`Retry-After: ${Math.ceil(retryAfterMs / MS_PER_SECOND)}`];
  return [
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status] ?? problem.code}`,
    'Connection: close',
    'Cache-Control: no-store',
    'Content-Type: application/problem+json',
    ...retry,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    `Content-Length: ${Buffer.byteLength(body)}`,
    '',
    body,
  ].join('\r\n');
}
