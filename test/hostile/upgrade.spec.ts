/**
 * C1, C2, C4: what may stand before a socket. Upgrades written by hand; whatever is refused is refused with a problem, and
 * nothing that was offered beyond the sub-protocol is taken.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SUB_PROTOCOL } from '../../src/adapters/websocket/frames.js';
import { type AppUnderTest, openApp } from '../support/app-under-test.js';
import { Person, request } from '../support/person.js';
import { frame, op, RawSocket, upgradeHead } from '../support/raw-socket.js';
import { until } from '../support/until.js';

const ORIGIN = 'https://chat.example';
const PORTED = 'https://chat.example:8443';
const IDN = 'https://xn--bcher-kva.example';

let app: AppUnderTest;
let ada: Person;
beforeAll(async () => {
  app = await openApp({ origins: [ORIGIN, PORTED, IDN] });
  ada = await Person.signIn(app);
});
afterAll(() => app.close());

type Headers = NonNullable<Parameters<typeof upgradeHead>[1]>;
type UpgradeCase = readonly [what: string, headers: Headers, status: number, code?: string, requestLine?: string];

/** What an upgrade is answered, and the problem in it. */
async function answerTo(head: string): Promise<readonly [number, string?]> {
  const raw = await RawSocket.upgraded(app.url, head);
  if (raw.status === 101) {
    raw.destroy();
    return [101];
  }
  await until('the refusal ends the connection', () => raw.isOver);
  expect(raw.head).toMatch(/content-type: application\/problem\+json/i);
  const problem = JSON.parse(raw.rest);
  expect(problem).toMatchObject({ status: raw.status, requestId: expect.stringMatching(/^[0-9a-f-]{36}$/) });
  expect(raw.rest).not.toMatch(/node_modules|\bat \S+:\d+/);
  return [raw.status, problem.code];
}

const key = 'Sec-WebSocket-Key';
const version = 'Sec-WebSocket-Version';
const protocol = 'Sec-WebSocket-Protocol';
const line = (method: string, target = '/v1/socket', protocolVersion = 'HTTP/1.1') => `${method} ${target} ${protocolVersion}`;

const handshakes: readonly UpgradeCase[] = [
  ['nothing unusual', {}, 101],
  ['names of headers in capitals', { 'Sec-WebSocket-Version': undefined, 'SEC-WEBSOCKET-VERSION': '13' }, 101],
  ['Upgrade in capitals', { Upgrade: 'WEBSOCKET' }, 101],
  ['Connection with more in it', { Connection: 'keep-alive, Upgrade' }, 101],
  ['no key', { [key]: undefined }, 400, 'invalid-request'],
  ['an empty key', { [key]: '' }, 400, 'invalid-request'],
  ['a key of 15 bytes', { [key]: Buffer.alloc(15).toString('base64') }, 400, 'invalid-request'],
  ['a key that is no base64', { [key]: '!'.repeat(24) }, 400, 'invalid-request'],
  ['two keys', { [key]: ['AAAAAAAAAAAAAAAAAAAAAA==', 'AAAAAAAAAAAAAAAAAAAAAA=='] }, 400, 'invalid-request'],
  ['no version', { [version]: undefined }, 400, 'invalid-request'],
  ['version 0', { [version]: '0' }, 400, 'invalid-request'],
  ['version 8', { [version]: '8' }, 400, 'invalid-request'],
  ['version 12', { [version]: '12' }, 400, 'invalid-request'],
  ['version 14', { [version]: '14' }, 400, 'invalid-request'],
  ['a version that is no number', { [version]: '13 or so' }, 400, 'invalid-request'],
  ['a version in another notation', { [version]: '0xd' }, 400, 'invalid-request'],
  ['two versions', { [version]: ['13', '8'] }, 400, 'invalid-request'],
  ['another protocol to upgrade to', { Upgrade: 'h2c' }, 400, 'invalid-request'],
  ['several protocols to upgrade to', { Upgrade: 'h2c, websocket' }, 400, 'invalid-request'],
  ['POST', {}, 405, 'method-not-allowed', line('POST')],
  ['HEAD', {}, 405, 'method-not-allowed', line('HEAD')],
  ['OPTIONS', {}, 405, 'method-not-allowed', line('OPTIONS')],
  ['HTTP/1.0', {}, 400, 'invalid-request', line('GET', '/v1/socket', 'HTTP/1.0')],
  ['no sub-protocol', { [protocol]: undefined }, 426, 'protocol-not-supported'],
  ['another sub-protocol', { [protocol]: 'chat' }, 426, 'protocol-not-supported'],
  ['the sub-protocol in capitals', { [protocol]: SUB_PROTOCOL.toUpperCase() }, 426, 'protocol-not-supported'],
  ['the sub-protocol among others', { [protocol]: `chat, ${SUB_PROTOCOL}` }, 101],
  ['the sub-protocol twice', { [protocol]: `${SUB_PROTOCOL}, ${SUB_PROTOCOL}` }, 400, 'invalid-request'],
  ['a list of sub-protocols that is none', { [protocol]: `${SUB_PROTOCOL},` }, 400, 'invalid-request'],
  ['a sub-protocol with characters that none has', { [protocol]: `${SUB_PROTOCOL}, a(b)` }, 400, 'invalid-request'],
  [
    'a thousand sub-protocols',
    { [protocol]: `${SUB_PROTOCOL}, ${Array.from({ length: 1_000 }, (_, at) => `p${at}`).join(', ')}` },
    101,
  ],
  ['a body', { 'Content-Length': '4' }, 400, 'invalid-request'],
  ['a body in chunks', { 'Transfer-Encoding': 'chunked' }, 400, 'invalid-request'],
  ['another path', {}, 404, 'not-found', line('GET', '/v1/sockets')],
  ['a trailing slash', {}, 404, 'not-found', line('GET', '/v1/socket/')],
  ['a question', {}, 404, 'not-found', line('GET', '/v1/socket?token=a')],
  ['the path in capitals', {}, 404, 'not-found', line('GET', '/V1/socket')],
  ['the path encoded', {}, 404, 'not-found', line('GET', '/v1/%73ocket')],
  ['the path with dots', {}, 404, 'not-found', line('GET', '/v1/./socket')],
  ['the whole address', {}, 404, 'not-found', line('GET', 'http://127.0.0.1/v1/socket')],
  ['the path of a route', {}, 404, 'not-found', line('GET', '/v1/me')],
];

const credentials: readonly UpgradeCase[] = [
  ['no credentials', { Authorization: undefined }, 401, 'unauthenticated'],
  ['no token', { Authorization: 'Bearer ' }, 401, 'unauthenticated'],
  ['a token that is none', { Authorization: 'Bearer abc' }, 401, 'unauthenticated'],
  ['another scheme', { Authorization: 'Basic YWRhOmE=' }, 401, 'unauthenticated'],
  ['a token of 10 KB', { Authorization: `Bearer ${'a'.repeat(10_000)}` }, 401, 'unauthenticated'],
  [
    'a ticket that is none',
    { Authorization: undefined, [protocol]: `${SUB_PROTOCOL}, sottovoce.ticket.abc` },
    401,
    'unauthenticated',
  ],
  ['a token in a cookie', { Authorization: undefined, Cookie: 'access_token=abc' }, 401, 'unauthenticated'],
];

const NOT_ALLOWED = [403, 'origin-not-allowed'] as const;
const origins: readonly (readonly [string, string | readonly string[], ...(readonly [number, string?])])[] = [
  ['the origin of the list', ORIGIN, 101],
  ['the one with a port', PORTED, 101],
  ['the one in Punycode', IDN, 101],
  ['null', 'null', ...NOT_ALLOWED],
  ['an empty one', '', ...NOT_ALLOWED],
  ['a star', '*', ...NOT_ALLOWED],
  ['one without encryption', 'http://chat.example', ...NOT_ALLOWED],
  ['one with a slash behind it', `${ORIGIN}/`, ...NOT_ALLOWED],
  ['one with a path', `${ORIGIN}/v1`, ...NOT_ALLOWED],
  ['one with the usual port spelled out', `${ORIGIN}:443`, ...NOT_ALLOWED],
  ['another port', `${ORIGIN}:8444`, ...NOT_ALLOWED],
  ['a beginning of a port', `${ORIGIN}:844`, ...NOT_ALLOWED],
  ['one that begins alike', `${ORIGIN}.evil.example`, ...NOT_ALLOWED],
  ['one that ends alike', 'https://evilchat.example', ...NOT_ALLOWED],
  ['a part of the name', 'https://example', ...NOT_ALLOWED],
  ['a name below it', 'https://a.chat.example', ...NOT_ALLOWED],
  ['one in capitals', 'HTTPS://CHAT.EXAMPLE', ...NOT_ALLOWED],
  ['one with a user', 'https://chat.example@evil.example', ...NOT_ALLOWED],
  ['the name as it is spoken', 'https://bücher.example', ...NOT_ALLOWED],
  ['letters that look alike', 'https://chаt.example', ...NOT_ALLOWED],
  ['two in one header', `${ORIGIN}, https://evil.example`, ...NOT_ALLOWED],
  ['one behind a space', `https://evil.example ${ORIGIN}`, ...NOT_ALLOWED],
  ['a file', 'file://', ...NOT_ALLOWED],
  ['an extension', 'chrome-extension://abcdef', ...NOT_ALLOWED],
];

describe('an upgrade', () => {
  const rows = <Row extends readonly [string, ...unknown[]]>(table: readonly Row[]) => table.map((row) => [row[0], row] as const);

  it.each(rows(handshakes))('with %s', async (_title, [, headers, status, code, requestLine]) => {
    const expected = code === undefined ? [status] : [status, code];
    expect(await answerTo(upgradeHead(ada.accessToken, headers, requestLine))).toEqual(expected);
  });

  it.each(rows(credentials))('with %s is not let in', async (_title, [, headers, status, code]) => {
    expect(await answerTo(upgradeHead(ada.accessToken, headers))).toEqual([status, code]);
  });

  it.each(rows(origins))('from %s', async (_title, [, origin, status, code]) => {
    const expected = code === undefined ? [status] : [status, code];
    expect(await answerTo(upgradeHead(ada.accessToken, { Origin: origin }))).toEqual(expected);
  });

  it.each([
    ['permessage-deflate'],
    ['permessage-deflate; client_max_window_bits'],
    ['permessage-deflate; server_no_context_takeover; client_max_window_bits=8'],
    ['x-webkit-deflate-frame'],
    ['permessage-bzip2, permessage-deflate'],
    ['mux; max-channels=4'],
    ['=;;,,"'],
  ])('that offers the extension %s gets none', async (offer) => {
    const raw = await RawSocket.upgraded(app.url, upgradeHead(ada.accessToken, { 'Sec-WebSocket-Extensions': offer }));
    expect([raw.status, /sec-websocket-extensions/i.test(raw.head ?? '')]).toEqual([101, false]);
    raw.write(frame({ opcode: op.text, rsv: 4, payload: Buffer.from([0xaa, 0x56, 0, 0]) }));
    await until('a compressed frame is refused', () => raw.received.length > 0);
    expect(raw.received[0]?.payload.readUInt16BE()).toBe(1002);
    raw.destroy();
  });

  it('may bring its first frames in the same write', async () => {
    const hello = { type: 'hello', id: ada.deviceId, data: { capabilities: [], client: { name: 'a', version: '1' } } };
    const head = Buffer.from(upgradeHead(ada.accessToken));
    const raw = await RawSocket.connect(app.url);
    raw.write(Buffer.concat([head, frame({ opcode: op.text, payload: JSON.stringify(hello) })]));
    await until('it is welcome', () => raw.received.some(({ payload }) => payload.includes('"welcome"')));
    raw.destroy();
  });

  it('never repeats in its answer what it was sent', async () => {
    const raw = await RawSocket.upgraded(
      app.url,
      upgradeHead('abc', { 'X-Canary': 'kestrel-9', Origin: 'https://kestrel-9.example' }),
    );
    await until('it is refused', () => raw.isOver);
    expect(`${raw.head}${raw.rest}`).not.toContain('kestrel-9');
  });
});

describe('a ticket', () => {
  const ticketOf = async (origin?: string): Promise<string> => {
    const headers = { authorization: `Bearer ${ada.accessToken}`, ...(origin === undefined ? {} : { origin }) };
    const answer = await fetch(`${app.url}/v1/socket-tickets`, { method: 'POST', headers });
    return ((await answer.json()) as { ticket: string }).ticket;
  };
  const by = (ticket: string, headers: Headers = {}) =>
    answerTo(
      upgradeHead('', { Authorization: undefined, [protocol]: `${SUB_PROTOCOL}, sottovoce.ticket.${ticket}`, ...headers }),
    );

  it('opens one socket and no second one', async () => {
    const ticket = await ticketOf(ORIGIN);
    expect(await by(ticket, { Origin: ORIGIN })).toEqual([101]);
    expect(await by(ticket, { Origin: ORIGIN })).toEqual([401, 'unauthenticated']);
  });

  it('opens one socket when many ask at once', async () => {
    const ticket = await ticketOf(ORIGIN);
    const answers = await Promise.all(Array.from({ length: 16 }, () => by(ticket, { Origin: ORIGIN })));
    expect(answers.map(([status]) => status).sort()).toEqual([101, ...Array.from({ length: 15 }, () => 401)]);
  });

  it.each([
    ['from another origin of the list', ORIGIN, { Origin: PORTED }],
    ['from nowhere', ORIGIN, {}],
    ['from an origin, when it was given to none', undefined, { Origin: ORIGIN }],
  ] as const)('opens nothing %s, and is used up', async (_where, given, headers) => {
    const ticket = await ticketOf(given);
    expect(await by(ticket, headers)).toEqual([401, 'unauthenticated']);
    expect(await by(ticket, given === undefined ? {} : { Origin: given })).toEqual([401, 'unauthenticated']);
  });

  it.each([
    ['cut', (ticket: string) => ticket.slice(0, -1)],
    ['prolonged', (ticket: string) => `${ticket}A`],
    ['with one other character', (ticket: string) => `${ticket.startsWith('A') ? 'B' : 'A'}${ticket.slice(1)}`],
    ['of nothing', () => ''],
    ['of 4,000 characters', () => 'A'.repeat(4_000)],
  ])('%s opens nothing', async (_what, forge) => {
    expect(await by(forge(await ticketOf()))).toEqual([401, 'unauthenticated']);
  });

  it('beside a token decides alone', async () => {
    const head = upgradeHead(ada.accessToken, { [protocol]: `${SUB_PROTOCOL}, sottovoce.ticket.abc` });
    expect(await answerTo(head)).toEqual([401, 'unauthenticated']);
  });

  it('leaves a server that answers an honest client', async () => {
    expect((await request(app, 'GET', '/health/live')).status).toBe(200);
    await (await ada.online()).close();
  });
});
