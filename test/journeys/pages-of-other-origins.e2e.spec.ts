/** Goal: a page of a listed origin can use the whole API, and a page of any other origin nothing of it. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type AppUnderTest, openApp } from '../support/app-under-test.js';
import { Person, request } from '../support/person.js';

const ORIGIN = 'https://chat.example';
const OTHER = 'http://localhost:5173';

let app: AppUnderTest;
let ada: Person;
beforeAll(async () => {
  app = await openApp({ origins: [ORIGIN, OTHER] });
  ada = await Person.signIn(app);
});
afterAll(() => app.close());

const preflight = (origin: string, path = '/v1/conversations', headers: Record<string, string> = {}) =>
  request(app, 'OPTIONS', path, undefined, undefined, {
    origin,
    'access-control-request-method': 'PUT',
    'access-control-request-headers': 'authorization,content-type',
    ...headers,
  });

describe('a page of a listed origin', () => {
  it.each([ORIGIN, OTHER])('may send what the API takes: %s', async (origin) => {
    const { status, headers, body } = await preflight(origin);
    expect([status, body]).toEqual([204, undefined]);
    expect(headers.get('access-control-allow-origin')).toBe(origin);
    expect(headers.get('access-control-allow-methods')).toBe('GET, POST, PUT, DELETE');
    for (const name of [
      'Authorization',
      'Content-Type',
      'Idempotency-Key',
      'If-Match',
      'If-None-Match',
      'Sottovoce-Min-Position',
    ]) {
      expect(headers.get('access-control-allow-headers')).toContain(name);
    }
    expect(headers.get('access-control-allow-credentials')).toBeNull();
    expect(headers.get('vary')).toContain('Origin');
  });

  const answers: readonly (readonly [what: string, status: number, send: () => ReturnType<Person['call']>])[] = [
    ['an answer', 200, () => ada.call('GET', '/v1/me', undefined, { origin: ORIGIN })],
    ['a write', 204, () => ada.call('PUT', '/v1/me/profile', { displayName: 'Ada' }, { origin: ORIGIN })],
    ['that it is not signed in', 401, () => request(app, 'GET', '/v1/me', undefined, undefined, { origin: ORIGIN })],
    ['that its request is wrong', 400, () => ada.call('PUT', '/v1/me/profile', {}, { origin: ORIGIN })],
    ['that there is nothing', 404, () => ada.call('GET', `/v1/conversations/${randomUUID()}`, undefined, { origin: ORIGIN })],
    ['that there is no such path', 404, () => ada.call('GET', '/v1/nowhere', undefined, { origin: ORIGIN })],
  ];

  it.each(answers)('may read %s', async (_what, status, send) => {
    const answer = await send();
    expect([answer.status, answer.headers.get('access-control-allow-origin')]).toEqual([status, ORIGIN]);
    expect(answer.headers.get('access-control-expose-headers')).toContain('Sottovoce-Position');
    expect(answer.headers.get('vary')).toContain('Origin');
  });
});

describe('a page of any other origin', () => {
  it.each([
    'https://evil.example',
    'https://chat.example.evil.example',
    'https://chat.example:443',
    'https://chat.example/',
    'http://chat.example',
    'HTTPS://chat.example',
    'https://sub.chat.example',
    'null',
    '*',
    `${ORIGIN}, https://evil.example`,
  ])('is allowed nothing: %s', async (origin) => {
    for (const answer of [await preflight(origin), await ada.call('GET', '/v1/me', undefined, { origin })]) {
      const allowed = [...answer.headers.keys()].filter((name) => name.startsWith('access-control-'));
      expect([allowed, answer.headers.get('vary')]).toEqual([[], 'Origin']);
    }
    expect((await preflight(origin)).status).toBe(404);
  });

  it('may not look into what is no part of the API', async () => {
    for (const path of ['/health/live', '/docs', '/openapi.json', '/asyncapi.json', '/v1']) {
      const answer = await fetch(app.url + path, { headers: { origin: ORIGIN } });
      await answer.text();
      expect(answer.headers.get('access-control-allow-origin')).toBeNull();
    }
  });
});

describe('a server without listed origins', () => {
  it('has no word for pages', async () => {
    const bare = await openApp();
    try {
      const headers = { origin: ORIGIN, 'access-control-request-method': 'GET' };
      const answer = await request(bare, 'OPTIONS', '/v1/me', undefined, undefined, headers);
      expect([answer.status, answer.headers.get('access-control-allow-origin')]).toEqual([404, null]);
    } finally {
      await bare.close();
    }
  });
});
