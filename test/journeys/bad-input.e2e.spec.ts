/**
 * Bad input, and what it gets: one table by door. Nowhere a 5xx or a stack; after every case the process lives, and a
 * well-behaved request is answered. Requests are written raw, because a friendly client would mend them.
 */
import { randomUUID } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { limits } from '../../src/domain/kernel/limits.js';
import { type AppUnderTest, openApp } from '../support/app-under-test.js';
import { Line, Person, request } from '../support/person.js';
import { until } from '../support/until.js';

interface RawAnswer {
  readonly status: number;
  readonly text: string;
}

let app: AppUnderTest;
let ada: Person;
let ben: Person;
let eve: Person;
let conversationId: string;
let messageId: string;

beforeAll(async () => {
  app = await openApp();
  ada = await Person.signIn(app);
  ben = await Person.signIn(app);
  eve = await Person.signIn(app);
  conversationId = await ada.directWith(ben);
  messageId = (await ada.send(conversationId, 'a good one')).body.messageId;
  await ada.eventually(`/v1/conversations/${conversationId}`, ({ body }) => body.lastSeq === 3);
});
afterAll(() => app.close());
afterEach(async () => {
  expect((await request(app, 'GET', '/health/live')).status).toBe(200);
});

function raw(method: string, path: string, body?: string | Buffer, headers: Record<string, string> = {}): Promise<RawAnswer> {
  const { hostname, port } = new URL(app.url);
  const all = {
    authorization: `Bearer ${ada.accessToken}`,
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    ...headers,
  };
  return new Promise((resolve, reject) => {
    const call = httpRequest({ hostname, port, method, path, headers: all }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') }));
    });
    call.on('error', reject);
    call.end(body);
  });
}

const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
const text = (value: string) => ({ messageId: randomUUID(), content: { type: 'text', text: value } });
const lookup = '/v1/account-lookups';
const phone = '{"kind":"phone","value":"+15550100"}';
/** The longest text whose content is exactly as many bytes as a content may be. */
const fitting = (extra: number): string =>
  'x'.repeat(limits.contentBytesMax - JSON.stringify({ type: 'text', text: '' }).length + extra);
const messages = () => `/v1/conversations/${conversationId}/messages`;

const readMark = () => `/v1/conversations/${conversationId}/read-mark`;

type Case = readonly [what: string, status: number, code: string, send: () => Promise<RawAnswer>];

const rest: readonly Case[] = [
  ['broken JSON', 400, 'malformed-json', () => raw('POST', lookup, '{"kind":"phone"')],
  ['an empty body', 400, 'malformed-json', () => raw('POST', lookup, '')],
  ['a body that is no object', 400, 'invalid-request', () => raw('POST', lookup, '[]')],
  ['text instead of JSON', 415, 'unsupported-media-type', () => raw('POST', lookup, phone, { 'content-type': 'text/plain' })],
  [
    'a form instead of JSON',
    415,
    'unsupported-media-type',
    () => raw('POST', lookup, 'kind=phone', { 'content-type': 'application/x-www-form-urlencoded' }),
  ],
  ['invalid UTF-8', 400, 'malformed-json', () => raw('POST', lookup, Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]))],
  [
    'a lone surrogate',
    400,
    'malformed-json',
    () => raw('POST', messages(), `{"messageId":"${randomUUID()}","content":{"type":"text","text":"\\ud800"}}`),
  ],
  ['an unknown field', 400, 'invalid-request', () => raw('POST', lookup, '{"kind":"phone","value":"+15550100","more":1}')],
  ['a server-owned field', 400, 'invalid-request', () => raw('POST', messages(), JSON.stringify({ ...text('a'), seq: 1 }))],
  [
    'another server-owned field',
    400,
    'invalid-request',
    () => raw('POST', messages(), JSON.stringify({ ...text('a'), senderId: ben.accountId })),
  ],
  ['a wrong type', 400, 'invalid-request', () => raw('POST', lookup, '{"kind":"phone","value":15550100}')],
  ['an object where text is due', 400, 'invalid-request', () => raw('POST', lookup, '{"kind":"phone","value":{"$ne":"a"}}')],
  ['null', 400, 'malformed-json', () => raw('POST', lookup, '{"kind":"phone","value":null}')],
  [
    'a duplicate key',
    400,
    'malformed-json',
    () => raw('POST', lookup, '{"kind":"phone","value":"+15550100","value":"+15550101"}'),
  ],
  [
    'a duplicate key spelled with an escape',
    400,
    'malformed-json',
    () => raw('POST', lookup, '{"kind":"phone","value":"+1555","val\\u0075e":"+1556"}'),
  ],
  [
    'a prototype key',
    400,
    'malformed-json',
    () => raw('POST', lookup, '{"kind":"phone","value":"+15550100","__proto__":{"polluted":true}}'),
  ],
  ['a constructor key', 400, 'malformed-json', () => raw('POST', lookup, '{"constructor":{"prototype":{"polluted":true}}}')],
  ['nesting over 16', 400, 'malformed-json', () => raw('POST', lookup, `{"kind":${nested(16)}}`)],
  [
    'too many keys',
    400,
    'malformed-json',
    () => raw('POST', lookup, JSON.stringify(Object.fromEntries(Array.from({ length: 300 }, (_, at) => [`k${at}`, 1])))),
  ],
  [
    'an unknown kind of content',
    400,
    'invalid-request',
    () => raw('POST', messages(), JSON.stringify({ messageId: randomUUID(), content: { type: 'sticker' } })),
  ],
  [
    'an instant that does not exist',
    400,
    'invalid-request',
    () => raw('POST', messages(), JSON.stringify({ ...text('a'), composedAt: '2026-13-41T25:61:61.000Z' })),
  ],
  [
    'text content with a ciphertext',
    400,
    'invalid-request',
    () =>
      raw(
        'POST',
        messages(),
        JSON.stringify({ messageId: randomUUID(), content: { type: 'text', text: 'a', ciphertext: 'YQ' } }),
      ),
  ],
  ['content of one byte over 40 KiB', 413, 'content-too-large', () => raw('POST', messages(), JSON.stringify(text(fitting(1))))],
  [
    'content of 40 KiB in two-byte characters',
    413,
    'content-too-large',
    () => raw('POST', messages(), JSON.stringify(text('é'.repeat(20_500)))),
  ],
  ['a body over 64 KiB', 413, 'request-too-large', () => raw('POST', messages(), JSON.stringify(text('x'.repeat(70_000))))],
  [
    'a number that is none',
    400,
    'invalid-request',
    () => raw('POST', '/v1/verifications', '{"kind":"phone","value":"0049123456"}'),
  ],
  [
    'an address that is none',
    400,
    'invalid-request',
    () => raw('POST', '/v1/verifications', '{"kind":"email","value":"nobody"}'),
  ],
  ['no token', 401, 'unauthenticated', () => raw('GET', '/v1/me', undefined, { authorization: '' })],
  ['a token that is none', 401, 'unauthenticated', () => raw('GET', '/v1/me', undefined, { authorization: 'Bearer abc' })],
  [
    'a token with another signature',
    401,
    'unauthenticated',
    () => raw('GET', '/v1/me', undefined, { authorization: `Bearer ${ada.accessToken.slice(0, -4)}AAAA` }),
  ],
  [
    'a token of algorithm none',
    401,
    'unauthenticated',
    () => raw('GET', '/v1/me', undefined, { authorization: `Bearer ${unsigned(ada.accessToken)}` }),
  ],
  [
    'a forged cursor',
    400,
    'invalid-cursor',
    () => raw('GET', '/v1/sync?cursor=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'),
  ],
  [
    'a cursor of another device',
    400,
    'invalid-cursor',
    async () => raw('GET', `/v1/sync?cursor=${(await ben.call('GET', '/v1/sync')).body.cursor}`),
  ],
  ['a forged page token', 400, 'invalid-cursor', () => raw('GET', '/v1/conversations?pageToken=AAAA')],
  [
    'a page token of another question',
    400,
    'invalid-cursor',
    async () =>
      raw('GET', `/v1/conversations?pageToken=${(await ada.call('GET', `${messages()}?limit=1`)).body.previousPageToken}`),
  ],
  ['a page that is too long', 400, 'invalid-request', () => raw('GET', `${messages()}?limit=201`)],
  ['a page length in another notation', 400, 'invalid-request', () => raw('GET', `${messages()}?limit=0x10`)],
  ['a page length with an exponent', 400, 'invalid-request', () => raw('GET', `${messages()}?limit=1e1`)],
  ['a page length of nothing', 400, 'invalid-request', () => raw('GET', `${messages()}?limit=`)],
  ['a text where a number is due', 400, 'invalid-request', () => raw('PUT', readMark(), '{"seq":"1"}')],
  ['a flag where a number is due', 400, 'invalid-request', () => raw('PUT', readMark(), '{"seq":true}')],
  ['a list where a number is due', 400, 'invalid-request', () => raw('PUT', readMark(), '{"seq":[1]}')],
  ['an unknown parameter', 400, 'invalid-request', () => raw('GET', `${messages()}?offset=1`)],
  ['a parameter given twice', 400, 'invalid-request', () => raw('GET', `${messages()}?limit=1&limit=2`)],
  [
    'a conversation of others',
    404,
    'conversation-not-found',
    () => eve.call('GET', `/v1/conversations/${conversationId}`).then(asRaw),
  ],
  ['the history of others', 404, 'conversation-not-found', () => eve.call('GET', messages()).then(asRaw)],
  ['a message to others', 404, 'conversation-not-found', () => eve.send(conversationId, 'let me in').then(asRaw)],
  ['a message of others', 404, 'message-not-found', () => eve.call('GET', `${messages()}/${messageId}`).then(asRaw)],
  [
    'removing a message of others',
    404,
    'conversation-not-found',
    () => eve.call('DELETE', `${messages()}/${messageId}`).then(asRaw),
  ],
  ['a conversation that is none', 404, 'conversation-not-found', () => raw('GET', `/v1/conversations/${randomUUID()}`)],
  ['an id that is none', 404, 'not-found', () => raw('GET', '/v1/conversations/1')],
  ['a device of somebody else', 404, 'device-not-found', () => raw('DELETE', `/v1/me/devices/${ben.deviceId}`)],
  ['a message id of somebody else', 409, 'id-reused', () => ben.send(conversationId, 'mine', messageId).then(asRaw)],
  ['the same message id with another text', 409, 'id-reused', () => ada.send(conversationId, 'another', messageId).then(asRaw)],
  [
    'a read mark beyond the end',
    400,
    'seq-not-found',
    () => raw('PUT', `/v1/conversations/${conversationId}/read-mark`, '{"seq":999}'),
  ],
  [
    'a conversation with nobody',
    404,
    'account-not-found',
    () => raw('POST', '/v1/direct-conversations', JSON.stringify({ accountId: randomUUID() })),
  ],
  ['leaving a direct conversation', 403, 'direct-is-fixed', () => raw('POST', `/v1/conversations/${conversationId}/leave`, '{}')],
  [
    'a device key that is none',
    400,
    'device-key-unsupported',
    () =>
      raw(
        'POST',
        `/v1/verifications/${randomUUID()}/complete`,
        JSON.stringify({ code: '123456', device: { publicKey: 'A'.repeat(60), name: 'a' } }),
      ),
  ],
  [
    'a verification that is none',
    410,
    'verification-gone',
    () =>
      raw(
        'POST',
        `/v1/verifications/${randomUUID()}/complete`,
        JSON.stringify({ code: '123456', device: { publicKey: ada.publicKey, name: 'a' } }),
      ),
  ],
  ['an encoded path', 404, 'not-found', () => raw('GET', '/v1/m%65')],
  ['a path with two slashes', 404, 'not-found', () => raw('GET', '/v1//me')],
  ['a trailing slash', 404, 'not-found', () => raw('GET', '/v1/me/')],
  ['a path with a semicolon', 404, 'not-found', () => raw('GET', '/v1/me;a=1')],
  ['a path in capitals', 404, 'not-found', () => raw('GET', '/V1/me')],
  ['a path with dots', 404, 'not-found', () => raw('GET', '/v1/x/../me')],
  ['a method that is not there', 404, 'not-found', () => raw('PATCH', '/v1/me', '{}')],
];

const asRaw = ({ status, body }: { status: number; body: unknown }): RawAnswer => ({ status, text: JSON.stringify(body) });

function unsigned(token: string): string {
  const header = Buffer.from(JSON.stringify({ alg: 'none', typ: 'at+jwt' })).toString('base64url');
  return `${header}.${token.split('.')[1]}.`;
}

describe('the REST door', () => {
  it.each(rest)('answers %s with %i %s', async (_what, status, code, send) => {
    const answer = await send();
    expect([answer.status, JSON.parse(answer.text).code]).toEqual([status, code]);
    expect(answer.text).not.toMatch(/node_modules|\.ts:|at Object/);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });

  it('takes content of exactly 40 KiB, and answers its repetition the same', async () => {
    const body = text(fitting(0));
    const first = await ada.call('POST', messages(), body);
    expect(first.status).toBe(201);
    expect((await ada.call('POST', messages(), body)).body).toEqual(first.body);
  });

  it('reveals nothing about a number: hit and miss have one shape', async () => {
    const [hit, miss] = await Promise.all(
      [ben.number, '+15559999999'].map((value) => ada.call('POST', lookup, { kind: 'phone', value })),
    );
    expect([hit?.status, Object.keys(hit?.body), miss?.status, miss?.body]).toEqual([200, ['items'], 200, { items: [] }]);
  });

  it('lets a code be tried five times', async () => {
    const { body } = await request(app, 'POST', '/v1/verifications', { kind: 'phone', value: '+15557770000' });
    const code = await app.codeOf(body.verificationId);
    const tryOf = (guess: string) =>
      request(app, 'POST', `/v1/verifications/${body.verificationId}/complete`, {
        code: guess,
        device: { publicKey: ada.publicKey, name: 'a' },
      });
    const wrong = code === '000000' ? '000001' : '000000';
    const answers = [];
    for (let at = 0; at < 5; at += 1) answers.push(await tryOf(wrong));
    expect(answers.map((answer) => [answer.status, answer.body.triesLeft])).toEqual([
      [401, 4],
      [401, 3],
      [401, 2],
      [401, 1],
      [401, 0],
    ]);
    expect((await tryOf(code)).status).toBe(410);
  });
});

type SocketCase = readonly [what: string, expected: number | string, play: (line: Line) => void];

const frame = (type: string, data: object) => JSON.stringify({ type, id: randomUUID(), data });
const hello = frame('hello', { capabilities: [], client: { name: 'a', version: '1' } });

const sockets: readonly SocketCase[] = [
  ['a frame over 64 KiB', 1009, (line) => line.socket.send('x'.repeat(65_537))],
  ['binary where text is due', 1003, (line) => line.socket.send(Buffer.from(hello), { binary: true })],
  ['invalid UTF-8', 1007, (line) => line.socket.send(Buffer.from([0xff, 0xfe]), { binary: false })],
  ['broken JSON', 4400, (line) => line.socket.send('{"type":')],
  ['a frame without an id', 4400, (line) => line.socket.send('{"type":"hello","data":{}}')],
  ['a frame with a field too many', 4400, (line) => line.socket.send(hello.replace('{', '{"more":1,'))],
  ['a duplicate key', 4400, (line) => line.socket.send(hello.replace('{', '{"type":"a",'))],
  ['a prototype key', 4400, (line) => line.socket.send(hello.replace('"client"', '"__proto__":{},"client"'))],
  ['null', 4400, (line) => line.socket.send(frame('hello', {}).replace('{}', 'null'))],
  ['nesting over 16', 4400, (line) => line.socket.send(`{"type":"hello","id":"${randomUUID()}","data":{"a":${nested(16)}}}`)],
  ['a command before hello', 4400, (line) => line.socket.send(frame('mark-read', { conversationId, seq: 1 }))],
  ['an unknown type', 'unknown-frame-type', (line) => line.socket.send(frame('levitate', {}))],
  ['a type that objects have anyway', 'unknown-frame-type', (line) => line.socket.send(frame('toString', {}))],
  ['a hello of another shape', 'invalid-request', (line) => line.socket.send(frame('hello', { cursor: 1 }))],
  [
    'a forged cursor',
    'invalid-cursor',
    (line) => line.socket.send(hello.replace('"capabilities"', '"cursor":"AAAA","capabilities"')),
  ],
];

const afterHello: readonly SocketCase[] = [
  ['a second hello', 'invalid-request', (line) => line.socket.send(hello)],
  [
    'content of one byte over 40 KiB',
    'content-too-large',
    (line) => line.socket.send(frame('send-message', { conversationId, ...text(fitting(1)) })),
  ],
  [
    'a lone surrogate',
    4400,
    (line) => line.socket.send(frame('send-message', { conversationId, ...text('@') }).replace('@', '\\ud800')),
  ],
  [
    'a server-owned field',
    'invalid-request',
    (line) => line.socket.send(frame('send-message', { conversationId, ...text('a'), seq: 1 })),
  ],
  [
    'a conversation of others',
    'conversation-not-found',
    (line) => line.socket.send(frame('send-message', { conversationId: randomUUID(), ...text('a') })),
  ],
  [
    'a message id of somebody else',
    'id-reused',
    (line) => line.socket.send(frame('send-message', { conversationId, messageId, content: { type: 'text', text: 'b' } })),
  ],
  ['a read mark beyond the end', 'seq-not-found', (line) => line.socket.send(frame('mark-read', { conversationId, seq: 999 }))],
  ['a cursor that is none', 'invalid-cursor', (line) => line.socket.send(frame('received', { cursor: 'AAAA' }))],
];

async function outcomeOf(line: Line): Promise<number | string> {
  const isError = (sent: { type: string }) => sent.type === 'error';
  await until('the socket answers or closes', () => line.closed !== undefined || line.frames.some(isError));
  return line.closed?.code ?? line.frames.find(isError).problem.code;
}

describe('the socket door', () => {
  it.each(sockets)('answers %s with %s', async (_what, expected, play) => {
    const line = await Line.open(ben);
    play(line);
    expect(await outcomeOf(line)).toBe(expected);
    if (line.closed === undefined) await line.close();
  });

  it.each(afterHello)('after hello answers %s with %s', async (_what, expected, play) => {
    const line = await ben.online();
    play(line);
    expect(await outcomeOf(line)).toBe(expected);
    if (line.closed === undefined) await line.close();
  });

  it('tells the older socket of a device that a newer one has come', async () => {
    const [older, newer] = [await ben.online(), await ben.online()];
    await until('the older one is closed', () => older.closed !== undefined);
    expect(older.closed?.code).toBe(4409);
    await newer.close();
  });

  it('finds out a socket that a token opened just after its device was revoked', async () => {
    const second = await Person.signIn(app, ben.number);
    expect((await second.call('GET', '/v1/me')).status).toBe(200);
    expect((await ben.call('DELETE', `/v1/me/devices/${second.deviceId}`)).status).toBe(204);
    const line = await Line.open(second);
    await until('the socket closes', () => line.closed !== undefined);
    // Refused at the upgrade, or closed within five seconds, as the token was remembered or not.
    expect([1006, 4403]).toContain(line.closed?.code);
  });

  it('closes the socket of a device that is revoked', async () => {
    const second = await Person.signIn(app, ben.number);
    const line = await second.online();
    expect((await ben.call('DELETE', `/v1/me/devices/${second.deviceId}`)).status).toBe(204);
    await until('the socket closes', () => line.closed !== undefined);
    expect(line.closed?.code).toBe(4403);
    await until('the token is refused', async () => (await second.call('GET', '/v1/me')).status === 401);
    expect((await second.refresh()).body.code).toBe('refresh-refused');
  });
});
