/** Floods at both doors: who sends one is told to wait, what was refused did nothing, and nobody else notices. */
import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, it } from '@jest/globals';
import { WebSocket } from 'ws';
import { SUB_PROTOCOL, socketLimits } from '../../src/adapters/websocket/frames.js';
import { type AppOptions, type AppUnderTest, openApp } from '../support/app-under-test.js';
import { type Answer, Person, request } from '../support/person.js';
import { until } from '../support/until.js';

const MANY = { accountMax: 1_000, addressMax: 1_000 };

let app: AppUnderTest;
const open = async (options: AppOptions): Promise<void> => {
  app = await openApp(options);
};
afterEach(() => app.close());

const times = <T>(count: number, call: (index: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, (_, index) => call(index)));

describe('a flood of requests', () => {
  it('of one account is refused beyond its limit, does nothing, and touches no other account', async () => {
    await open({ traffic: { send: { accountMax: 5, addressMax: 1_000 } } });
    const [ada, ben] = [await Person.signIn(app), await Person.signIn(app)];
    const conversationId = await ada.directWith(ben);
    await ada.eventually(`/v1/conversations/${conversationId}`, ({ status }) => status === 200);
    const answers = await times(20, (index) => ada.send(conversationId, `flood ${index}`));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(5);
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused).toHaveLength(15);
    for (const { body, headers } of refused) {
      expect(body).toMatchObject({ code: 'too-many-requests', limit: 'send-by-account', retryable: true });
      expect(body.retryAfterMs).toBeGreaterThan(0);
      expect(body.retryAfterMs).toBeLessThanOrEqual(60_000);
      expect(headers.get('retry-after')).toBe(String(Math.ceil(body.retryAfterMs / 1_000)));
      expect(headers.get('x-ratelimit-remaining')).toBe('0');
    }
    const postsIn = ({ body }: Answer): unknown[] => body.items.filter((item: { class: string }) => item.class === 'post');
    const path = `/v1/conversations/${conversationId}/messages`;
    expect(postsIn(await ben.eventually(path, (answer) => postsIn(answer).length >= 5))).toHaveLength(5);
    expect((await ben.send(conversationId, 'I am not the flood')).status).toBe(201);
    expect((await ada.call('GET', '/v1/me')).status).toBe(200);
  });

  it('without a sign-in is refused by its address before a token is looked at', async () => {
    await open({ traffic: { read: { accountMax: 1_000, addressMax: 4 } } });
    const answers: number[] = [];
    for (let asked = 0; asked < 7; asked += 1) {
      answers.push((await request(app, 'GET', '/v1/me', undefined, 'no.such.token')).status);
    }
    expect(answers).toEqual([401, 401, 401, 401, 429, 429, 429]);
    const { body } = await request(app, 'GET', '/v1/me');
    expect(body).toMatchObject({ code: 'too-many-requests', limit: 'read-by-address' });
    expect((await request(app, 'GET', '/v1/server')).status).toBe(200);
    expect((await request(app, 'GET', '/health/ready')).status).toBe(200);
  });

  it('of paths that do not exist is refused too, and health is never', async () => {
    await open({ traffic: { public: { addressMax: 3 } } });
    const answers = [];
    for (let asked = 0; asked < 5; asked += 1) answers.push((await request(app, 'GET', `/v1/nothing-${asked}`)).status);
    expect(answers).toEqual([404, 404, 404, 429, 429]);
    const checks = await times(10, () => request(app, 'GET', '/health/live'));
    expect(checks.every(({ status, headers }) => status === 200 && headers.get('ratelimit') === null)).toBe(true);
  });

  it('from one IPv6 network counts as from one address, and another network is another', async () => {
    await open({ trustedProxies: 1, traffic: { public: { addressMax: 2 } } });
    const from = async (address: string) =>
      (await request(app, 'GET', '/v1/server', undefined, undefined, { 'x-forwarded-for': address })).status;
    const statuses = [
      await from('2001:db8::1'),
      await from('2001:db8::2'),
      await from('2001:db8::3'),
      await from('2001:db8:1::1'),
    ];
    expect(statuses).toEqual([200, 200, 429, 200]);
  });
});

describe('a flood of frames', () => {
  const hello = (conversationId: string, text: string) => ({
    ...{ conversationId, messageId: randomUUID() },
    content: { type: 'text', text },
  });

  it('of one account counts over its devices and over both doors, and touches no other account', async () => {
    await open({ traffic: { send: { accountMax: 6, addressMax: 1_000 } } });
    const ada = await Person.signIn(app);
    const [phone, ben] = [await Person.signIn(app, ada.number), await Person.signIn(app)];
    const conversationId = await ada.directWith(ben);
    const [laptops, phones, bens] = [await ada.online(), await phone.online(), await ben.online()];
    expect((await ada.send(conversationId, 'by REST')).status).toBe(201);
    const lines = [laptops, phones];
    const replies = await times(20, (index) => lines[index % 2]!.ask('send-message', hello(conversationId, `flood ${index}`)));
    expect(replies.filter(({ type }) => type === 'ack')).toHaveLength(5);
    for (const { problem } of replies.filter(({ type }) => type === 'error')) {
      expect(problem).toMatchObject({ status: 429, code: 'too-many-requests', limit: 'send-by-account' });
      expect(problem.retryAfterMs).toBeGreaterThan(0);
    }
    expect((await ada.send(conversationId, 'by REST again')).status).toBe(429);
    expect(await bens.ask('send-message', hello(conversationId, 'I am not the flood'))).toMatchObject({ type: 'ack' });
    await bens.next(({ type, data }) => type === 'message-posted' && data.content?.text === 'I am not the flood');
    expect(bens.frames.filter(({ type, data }) => type === 'message-posted' && data.class === 'post')).toHaveLength(7);
  });

  it('that goes on all the same ends its socket with 4429 and the milliseconds to wait', async () => {
    await open({ traffic: { ephemeral: { accountMax: 2, addressMax: 1_000 } } });
    const ada = await Person.signIn(app);
    const line = await ada.online();
    for (let sent = 0; sent < 2 + socketLimits.limitedMax; sent += 1) await line.ask('set-background', { background: false });
    expect(line.closed).toBeUndefined();
    line.send('set-background', { background: false });
    await until('the socket is closed', () => line.closed !== undefined);
    expect(line.closed?.code).toBe(4429);
    expect(Number(line.closed?.reason)).toBeGreaterThan(0);
    expect(Number(line.closed?.reason)).toBeLessThanOrEqual(60_000);
  });

  it('begins with upgrades: they are refused by address before a token is looked at, by account after it', async () => {
    await open({ traffic: { sync: { accountMax: 1, addressMax: 3 } } });
    const ada = await Person.signIn(app);
    const upgrade = async (token: string): Promise<readonly (string | number | undefined)[]> => {
      const socket = new WebSocket(`${app.url.replace('http', 'ws')}/v1/socket`, [SUB_PROTOCOL], {
        headers: { authorization: `Bearer ${token}` },
      });
      socket.on('error', () => undefined);
      const answer = Promise.withResolvers<readonly (string | number | undefined)[]>();
      socket.once('open', () => answer.resolve([101]));
      socket.once('unexpected-response', (request, { statusCode, headers }) => {
        request.destroy();
        answer.resolve([statusCode, headers['ratelimit-policy'] as string | undefined]);
      });
      return answer.promise;
    };
    expect(await upgrade(ada.accessToken)).toEqual([101]);
    expect(await upgrade(ada.accessToken)).toEqual([429, '"sync-by-account";q=1;w=60']);
    expect(await upgrade('no.such.token')).toEqual([401, undefined]);
    expect(await upgrade('no.such.token')).toEqual([429, '"sync-by-address";q=3;w=60']);
  });
});

describe('the limit on codes', () => {
  it('counts an IPv6 network as one address', async () => {
    await open({ trustedProxies: 1, limits: { signInsPerAddressHourMax: 1 } });
    const from = async (address: string, value: string) => {
      const more = { 'x-forwarded-for': address };
      return (await request(app, 'POST', '/v1/verifications', { kind: 'phone', value }, undefined, more)).status;
    };
    const first = await from('2001:db8::1', '+15550000001');
    expect([first, await from('2001:db8::2', '+15550000002'), await from('2001:db8:1::1', '+15550000003')]).toEqual([
      201, 429, 201,
    ]);
  });
});

describe('the headers of limits', () => {
  it('say what is left of the account’s limit, in both spellings', async () => {
    await open({ traffic: { read: { accountMax: 3, addressMax: 1_000 } } });
    const ada = await Person.signIn(app);
    const seen = [];
    for (let asked = 0; asked < 4; asked += 1) seen.push(await ada.call('GET', '/v1/me'));
    expect(seen.map(({ status }) => status)).toEqual([200, 200, 200, 429]);
    for (const [index, { headers }] of seen.entries()) {
      const left = Math.max(0, 2 - index);
      const reset = Number(headers.get('x-ratelimit-reset'));
      expect(reset).toBeGreaterThan(0);
      expect(reset).toBeLessThanOrEqual(60);
      expect(headers.get('ratelimit')).toBe(`"read-by-account";r=${left};t=${reset}`);
      expect(headers.get('ratelimit-policy')).toBe('"read-by-account";q=3;w=60');
      expect(headers.get('x-ratelimit-limit')).toBe('3');
      expect(headers.get('x-ratelimit-remaining')).toBe(String(left));
    }
  });

  it('say what is left of the address’s limit where nobody has signed in', async () => {
    await open({ traffic: { public: { addressMax: 9 }, read: MANY } });
    const { headers } = await request(app, 'GET', '/v1/server');
    expect(headers.get('ratelimit-policy')).toBe('"public-by-address";q=9;w=60');
    expect(headers.get('x-ratelimit-remaining')).toBe('8');
    const refused = await request(app, 'GET', '/v1/me');
    expect(refused.status).toBe(401);
    expect(refused.headers.get('ratelimit-policy')).toBe('"read-by-address";q=1000;w=60');
  });
});
