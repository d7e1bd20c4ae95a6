/** Getting in, staying in, and being kept out: tokens, refreshes, tickets and origins. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { WebSocket } from 'ws';
import { SUB_PROTOCOL } from '../../src/adapters/websocket/frames.js';
import { type AppUnderTest, openApp } from '../support/app-under-test.js';
import { Line, Person, request } from '../support/person.js';
import { until } from '../support/until.js';

const ORIGIN = 'https://chat.example';

describe('a session', () => {
  let app: AppUnderTest;
  beforeAll(async () => {
    app = await openApp({ origins: [ORIGIN], limits: { signInsPerTargetHourMax: 3, lookupsPerAccountMinuteMax: 3 } });
  });
  afterAll(() => app.close());

  /** What an upgrade is answered: the sub-protocol that was chosen, or the status of the refusal. */
  function upgrade(protocols: string[], headers: Record<string, string> = {}, path = '/v1/socket'): Promise<string | number> {
    return new Promise((resolve) => {
      const socket = new WebSocket(app.url.replace('http', 'ws') + path, protocols, { headers });
      socket.on('open', () => {
        resolve(socket.protocol);
        socket.close();
      });
      socket.on('unexpected-response', (_request, answer) => {
        expect(answer.headers['content-type']).toBe('application/problem+json');
        resolve(answer.statusCode ?? 0);
        answer.destroy();
      });
      socket.on('error', () => undefined);
    });
  }

  const ticketOf = async (person: Person, origin?: string): Promise<string> => {
    const headers = { authorization: `Bearer ${person.accessToken}`, ...(origin === undefined ? {} : { origin }) };
    const answer = await fetch(`${app.url}/v1/socket-tickets`, { method: 'POST', headers });
    return ((await answer.json()) as { ticket: string }).ticket;
  };

  it('is prolonged by a refresh that the device signs; an old token ends it', async () => {
    const ada = await Person.signIn(app);
    const first = ada.refreshToken;
    const answer = await ada.refresh();
    expect(answer.status).toBe(201);
    // The answer was lost: the same token gives the same successor again.
    expect((await ada.refresh()).body.refreshToken).toBe(answer.body.refreshToken);
    Object.assign(ada, answer.body);
    const second = await ada.refresh();
    Object.assign(ada, { refreshToken: first });
    expect((await ada.refresh()).body.code).toBe('refresh-refused');
    Object.assign(ada, { refreshToken: second.body.refreshToken });
    expect((await ada.refresh()).body.code).toBe('refresh-refused');
  });

  it('cannot be refreshed with the signature of another device', async () => {
    const [ada, ben] = [await Person.signIn(app), await Person.signIn(app)];
    Object.assign(ben, { deviceId: ada.deviceId, refreshToken: ada.refreshToken });
    expect((await ben.refresh()).status).toBe(401);
    expect((await ada.refresh()).status).toBe(201);
  });

  it('opens a socket with a ticket once, from the origin that it was given to', async () => {
    const ada = await Person.signIn(app);
    const ticket = `sottovoce.ticket.${await ticketOf(ada, ORIGIN)}`;
    expect(await upgrade([SUB_PROTOCOL, ticket], { origin: ORIGIN })).toBe(SUB_PROTOCOL);
    expect(await upgrade([SUB_PROTOCOL, ticket], { origin: ORIGIN })).toBe(401);
    const another = `sottovoce.ticket.${await ticketOf(ada, ORIGIN)}`;
    expect(await upgrade([SUB_PROTOCOL, another])).toBe(401);
  });

  it('that a ticket opened goes on with a newer token, and ends with one of somebody else', async () => {
    const [ada, ben] = [await Person.signIn(app), await Person.signIn(app)];
    const line = await Line.open(ada, [SUB_PROTOCOL, `sottovoce.ticket.${await ticketOf(ada)}`]);
    line.send('hello', { capabilities: [], client: { name: 'journey', version: '1' } });
    await line.next(({ type }) => type === 'caught-up');
    Object.assign(ada, (await ada.refresh()).body);
    const { type, data } = await line.ask('authenticate', { accessToken: ada.accessToken });
    expect([type, Date.parse(data.sessionExpiresAt) > Date.now()]).toEqual(['ack', true]);
    expect((await line.ask('authenticate', { accessToken: ben.accessToken })).problem.code).toBe('unauthenticated');
    await until('the socket is closed', () => line.closed !== undefined);
    expect(line.closed?.code).toBe(4401);
  });

  const authorization = (token: string) => ({ authorization: `Bearer ${token}` });
  it.each([
    ['no credentials', 401, () => upgrade([SUB_PROTOCOL])],
    ['a ticket that is none', 401, () => upgrade([SUB_PROTOCOL, `sottovoce.ticket.${randomUUID()}`])],
    ['no sub-protocol', 426, (ada: Person) => upgrade([], authorization(ada.accessToken))],
    ['another sub-protocol', 426, (ada: Person) => upgrade(['chat'], authorization(ada.accessToken))],
    ['another path', 404, (ada: Person) => upgrade([SUB_PROTOCOL], authorization(ada.accessToken), '/v1/socket/')],
    ['a token in the address', 404, (ada: Person) => upgrade([SUB_PROTOCOL], {}, `/v1/socket?token=${ada.accessToken}`)],
    [
      'a strange origin',
      403,
      (ada: Person) => upgrade([SUB_PROTOCOL], { ...authorization(ada.accessToken), origin: 'https://evil.example' }),
    ],
    [
      'an origin that begins alike',
      403,
      (ada: Person) => upgrade([SUB_PROTOCOL], { ...authorization(ada.accessToken), origin: `${ORIGIN}.evil.example` }),
    ],
    ['the origin null', 403, (ada: Person) => upgrade([SUB_PROTOCOL], { ...authorization(ada.accessToken), origin: 'null' })],
  ] as const)('is not opened with %s: %i', async (_what, status, open) => {
    expect(await open(await Person.signIn(app))).toBe(status);
  });

  it('offers no compression', async () => {
    const ada = await Person.signIn(app);
    const socket = new WebSocket(`${app.url.replace('http', 'ws')}/v1/socket`, [SUB_PROTOCOL], {
      headers: authorization(ada.accessToken),
      perMessageDeflate: true,
    });
    await new Promise((resolve) => socket.on('open', resolve));
    expect(socket.extensions).toBe('');
    socket.close();
  });

  it('limits codes per target and look-ups per account, and says when to come back', async () => {
    const start = () => request(app, 'POST', '/v1/verifications', { kind: 'email', value: 'Ada@Example.org ' });
    const answers = [await start(), await start(), await start(), await start()];
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201, 429]);
    expect(answers[3]?.body).toMatchObject({ code: 'too-many-requests', retryable: true, limit: 'sign-in-target' });
    expect(Number(answers[3]?.headers.get('retry-after'))).toBeGreaterThan(3_000);
    const ada = await Person.signIn(app);
    const find = () => ada.call('POST', '/v1/account-lookups', { kind: 'phone', value: '+15550100' });
    expect((await Promise.all([find(), find(), find(), find()])).map(({ status }) => status).sort()).toEqual([
      200, 200, 200, 429,
    ]);
  });
});
