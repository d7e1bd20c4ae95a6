/**
 * E10, E16: HTTP written by hand. Whatever is wrong is answered by a problem with a request id and no trace of the code, or
 * by the end of the connection; nothing that was sent comes back in a header, and the server lives.
 */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type AppUnderTest, openApp } from '../support/app-under-test.js';
import { request } from '../support/person.js';
import { exchange, type RawAnswer } from '../support/raw-http.js';
import { bodies, framing, type HttpCase, heads, methods, newMethods, pipelines } from './http-cases.js';

let app: AppUnderTest;
beforeAll(async () => {
  app = await openApp();
});
afterAll(() => app.close());
afterEach(async () => {
  expect((await request(app, 'GET', '/health/live')).status).toBe(200);
});

const TRACE = /node_modules|\bat \S+:\d+|\.ts:|\.js:/;

function seen({ status, headers, body }: RawAnswer): readonly [number, string?] {
  if (status < 400) return [status];
  expect(headers['content-type']).toMatch(/^application\/problem\+json/);
  expect(body).not.toMatch(TRACE);
  if (body === '') return [status];
  const problem = JSON.parse(body);
  expect(problem).toMatchObject({ status, title: expect.any(String), type: expect.any(String), retryable: expect.any(Boolean) });
  expect(problem.requestId).toMatch(/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  return [status, problem.code];
}

const tables = { framing, heads, methods, newMethods, bodies, pipelines };

describe.each(Object.entries(tables))('requests by hand: %s', (_name, cases) => {
  it.each(cases.map((one): [string, HttpCase] => [one.what, one]))('%s', async (_what, { send, answers }) => {
    expect((await exchange(app.url, send)).map(seen)).toEqual(answers);
  });
});

describe('what was sent', () => {
  const CANARY = 'kestrel-9';
  const places: readonly (readonly [string, string])[] = [
    ['the path', `GET /v1/${CANARY} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`],
    ['the query', `GET /v1/me?a=${CANARY}%0d%0aSet-Cookie:%20a=b HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`],
    ['an encoded line break in the path', `GET /v1/%0d%0aX-A:%20${CANARY} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`],
    ['the host', `GET /v1/me HTTP/1.1\r\nHost: ${CANARY}.example\r\nConnection: close\r\n\r\n`],
    ['a forwarded host', `GET /v1/me HTTP/1.1\r\nHost: a\r\nX-Forwarded-Host: ${CANARY}.example\r\nConnection: close\r\n\r\n`],
    [
      'a request id',
      `GET /v1/me HTTP/1.1\r\nHost: a\r\nX-Request-Id: ${CANARY}\r\nRequest-Id: ${CANARY}\r\nConnection: close\r\n\r\n`,
    ],
    ['an origin', `GET /v1/me HTTP/1.1\r\nHost: a\r\nOrigin: https://${CANARY}.example\r\nConnection: close\r\n\r\n`],
    ['a cookie', `GET /v1/me HTTP/1.1\r\nHost: a\r\nCookie: a=${CANARY}\r\nConnection: close\r\n\r\n`],
    ['what is no request', `${CANARY}\r\n\r\n`],
  ];

  it.each(places)('in %s does not come back', async (_place, sent) => {
    const answers = await exchange(app.url, sent);
    expect(answers).toHaveLength(1);
    expect(JSON.stringify(answers)).not.toContain(CANARY);
    expect(Object.keys(answers[0]?.headers ?? {})).not.toContain('set-cookie');
  });

  it('is met by a request id of our own for each request', async () => {
    const ids = (await exchange(app.url, `${'GET /v1/me HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(20)}x\r\n\r\n`)).map(
      ({ body }) => JSON.parse(body).requestId,
    );
    expect([ids.length, new Set(ids).size]).toEqual([21, 21]);
  });

  it('is not continued when the server would refuse it anyway', async () => {
    const sent = 'POST /v1/me HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\nConnection: close\r\n\r\n';
    const answers = await exchange(app.url, [sent, '{}']);
    expect(answers.map(({ status }) => status).filter((status) => status !== 100)).toEqual([404]);
  });

  it('by CONNECT ends the connection', async () => {
    expect(await exchange(app.url, 'CONNECT example.org:443 HTTP/1.1\r\nHost: example.org:443\r\n\r\n')).toEqual([]);
  });
});
