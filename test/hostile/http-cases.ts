/** Requests that no client would write, and what each is answered: framing, headers, methods, bodies. */

export interface HttpCase {
  readonly what: string;
  readonly send: string | Buffer;
  /** The answers in their order, as status and code; a success has no code. */
  readonly answers: readonly (readonly [status: number, code?: string])[];
}

const HOST = 'Host: 127.0.0.1';
const JSON_TYPE = 'Content-Type: application/json';
const PHONE = '{"kind":"phone","value":"+15550100"}';
const CLOSE = 'Connection: close';

const get = (path: string, ...headers: string[]) => [`GET ${path} HTTP/1.1`, HOST, ...headers, '', ''].join('\r\n');
const live = get('/health/live', CLOSE);
const post = (headers: readonly string[], body: string | Buffer = '') =>
  Buffer.concat([Buffer.from(['POST /v1/verifications HTTP/1.1', HOST, ...headers, '', ''].join('\r\n')), Buffer.from(body)]);
const BAD = [400, 'invalid-request'] as const;
const TYPE = [415, 'unsupported-media-type'] as const;
const LARGE_HEAD = [413, 'request-too-large'] as const;
const refused = (what: string, send: string | Buffer, ...answers: HttpCase['answers']): HttpCase => ({
  what,
  send,
  answers: answers.length === 0 ? [BAD] : answers,
});

/** E10: where one server sees one request and another sees two. A connection that is in doubt ends. */
export const framing: readonly HttpCase[] = [
  refused('a length and chunks', post(['Content-Length: 6', 'Transfer-Encoding: chunked'], '0\r\n\r\nG')),
  refused('chunks and a length', post(['Transfer-Encoding: chunked', 'Content-Length: 6'], '0\r\n\r\nG')),
  refused('two lengths that differ', post(['Content-Length: 6', 'Content-Length: 5'], '{"a":1')),
  refused('two lengths that agree', post(['Content-Length: 2', 'Content-Length: 2'], '{}')),
  refused('two lengths in one header', post(['Content-Length: 2, 2'], '{}')),
  refused('a negative length', post(['Content-Length: -1'], '{}')),
  refused('a length with a sign', post(['Content-Length: +2'], '{}')),
  refused('a length in another notation', post(['Content-Length: 0x2'], '{}')),
  refused('a length that is a fraction', post(['Content-Length: 2.0'], '{}')),
  refused('a length of nothing', post(['Content-Length:'], '{}')),
  refused('a length beyond 64 bits', post(['Content-Length: 99999999999999999999'], '{}')),
  refused('chunks spelled otherwise', post(['Transfer-Encoding: xchunked'], '0\r\n\r\n')),
  refused('chunks behind something else', post(['Transfer-Encoding: chunked, identity'], '0\r\n\r\n')),
  refused('chunks twice', post(['Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'], '0\r\n\r\n')),
  refused('chunks behind a tab', post(['Transfer-Encoding:\tchunked', 'Content-Length: 4'], '0\r\n\r\n')),
  refused('a space before the colon', post(['Content-Length : 2'], '{}')),
  refused('a header that is folded', post(['X-Folded: a', ' Content-Length: 2'], '{}')),
  refused('a header without a colon', post(['Content-Length'], '{}')),
  refused('a header without a name', post([': 2'], '{}')),
  refused('a header with NUL', post(['X-A: a\0b'], '{}')),
  refused('a header with a bare CR', post(['X-A: a\rContent-Length: 2'], '{}')),
  refused('lines that end with LF alone', 'POST /v1/verifications HTTP/1.1\nHost: a\nContent-Length: 2\n\n{}'),
  refused('a chunk whose size is no number', post([JSON_TYPE, 'Transfer-Encoding: chunked'], 'zz\r\n{}\r\n0\r\n\r\n')),
  refused('a chunk whose size is negative', post([JSON_TYPE, 'Transfer-Encoding: chunked'], '-2\r\n{}\r\n0\r\n\r\n')),
  refused(
    'a chunk whose size is beyond 64 bits',
    post([JSON_TYPE, 'Transfer-Encoding: chunked'], `${'f'.repeat(17)}\r\n{}\r\n0\r\n\r\n`),
  ),
  refused('a chunk that is longer than it says', post([JSON_TYPE, 'Transfer-Encoding: chunked'], '1\r\n{}\r\n0\r\n\r\n')),
  refused(
    'a chunk with an extension of 20 KB',
    post([JSON_TYPE, 'Transfer-Encoding: chunked'], `2;${'a'.repeat(20_000)}\r\n{}\r\n0\r\n\r\n`),
    [413, 'request-too-large'],
  ),
  refused('no host', 'GET /v1/server HTTP/1.1\r\n\r\n'),
  refused('two hosts', get('/v1/server', 'Host: b')),
  refused('a request line of one word', 'GET\r\n\r\n'),
  refused('a request line of five words', 'GET /v1/server a b HTTP/1.1\r\n\r\n'),
  refused('another protocol', 'GET /v1/server HTTPS/1.1\r\n\r\n'),
  refused('HTTP/0.9', 'GET /v1/server\r\n\r\n'),
  refused('HTTP/2.0', 'GET /v1/server HTTP/2.0\r\nHost: a\r\n\r\n'),
  refused('HTTP/9.9', 'GET /v1/server HTTP/9.9\r\nHost: a\r\n\r\n'),
  refused('the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  refused('a handshake of TLS', Buffer.from('16030100a5010000a10303', 'hex')),
  refused('bytes that are nothing', Buffer.from([0, 1, 2, 3, 0xff, 0xfe])),
  refused('a method that nobody has', 'LEVITATE /v1/server HTTP/1.1\r\nHost: a\r\n\r\n'),
  refused('a method in small letters', 'get /v1/server HTTP/1.1\r\nHost: a\r\n\r\n'),
  refused('a method of 10 KB', `${'G'.repeat(10_000)} / HTTP/1.1\r\nHost: a\r\n\r\n`),
];

export const heads: readonly HttpCase[] = [
  refused('a header of 20 KB', get('/v1/server', `X-A: ${'a'.repeat(20_000)}`), LARGE_HEAD),
  refused('a path of 20 KB', get(`/${'a'.repeat(20_000)}`), LARGE_HEAD),
  refused('3,000 headers', get('/v1/server', ...Array.from({ length: 3_000 }, (_, at) => `X${at}: 1`)), LARGE_HEAD),
  refused('a header of 12 KB', get('/health/live', CLOSE, `X-A: ${'a'.repeat(12_000)}`), [200]),
  refused('a header with bytes above 0x7f', get('/health/live', CLOSE, 'X-A: \u00e9\u00ff'), [200]),
  refused('a header in capitals', get('/health/live', CLOSE, 'ACCEPT: */*'), [200]),
  refused('a header that objects have anyway', get('/health/live', CLOSE, '__proto__: a', 'constructor: b'), [200]),
  refused('an expectation that cannot be met', post([JSON_TYPE, 'Expect: levitation', 'Content-Length: 2', CLOSE], '{}'), BAD),
  refused('a token in small letters', get('/v1/me', CLOSE, 'authorization: bearer abc'), [401, 'unauthenticated']),
  refused('two tokens', get('/v1/me', CLOSE, 'Authorization: Bearer abc', 'Authorization: Bearer def'), [401, 'unauthenticated']),
  refused('a token of 8 KB', get('/v1/me', CLOSE, `Authorization: Bearer ${'a'.repeat(8_000)}`), [401, 'unauthenticated']),
  refused(
    'an upgrade to something else',
    get('/v1/me', 'Connection: Upgrade', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQAAP__'),
    [404, 'not-found'],
  ),
  refused('HTTP/1.0 without a host', 'GET /health/live HTTP/1.0\r\n\r\n', [200]),
];

export const methods: readonly HttpCase[] = [
  'HEAD',
  'OPTIONS',
  'TRACE',
  'PATCH',
  'PROPFIND',
  'PURGE',
  'SEARCH',
  'DELETE',
  'PUT',
].map((method) =>
  refused(
    `${method} on a route of GET`,
    `${method} /v1/server HTTP/1.1\r\n${HOST}\r\n${CLOSE}\r\n\r\n`,
    method === 'HEAD' ? [404] : [404, 'not-found'],
  ),
);

/** Node knows it, the router does not. */
export const newMethods: readonly HttpCase[] = [refused('QUERY', `QUERY /v1/server HTTP/1.1\r\n${HOST}\r\n${CLOSE}\r\n\r\n`)];

const bodyOf = (what: string, headers: readonly string[], body: Buffer | string, ...answers: HttpCase['answers']) =>
  refused(what, post([...headers, `Content-Length: ${Buffer.byteLength(body)}`, CLOSE], body), ...answers);
const JSON_BAD = [400, 'malformed-json'] as const;

export const bodies: readonly HttpCase[] = [
  bodyOf('no type', [], PHONE, TYPE),
  bodyOf('an empty type', ['Content-Type:'], PHONE, TYPE),
  bodyOf('plain text', ['Content-Type: text/plain'], PHONE, TYPE),
  bodyOf('a form', ['Content-Type: application/x-www-form-urlencoded'], 'kind=phone', TYPE),
  bodyOf('a form in parts', ['Content-Type: multipart/form-data; boundary=x'], '--x--', TYPE),
  bodyOf('XML', ['Content-Type: application/xml'], '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>', TYPE),
  bodyOf('a type that only begins so', ['Content-Type: application/jsonp'], PHONE, TYPE),
  bodyOf('a type that ends so', ['Content-Type: application/merge-patch+json'], PHONE, TYPE),
  bodyOf('a type that is none', ['Content-Type: ;;;'], PHONE, TYPE),
  bodyOf('another character set', ['Content-Type: application/json; charset=utf-16'], Buffer.from(PHONE, 'utf16le'), TYPE),
  bodyOf('UTF-7', ['Content-Type: application/json; charset=utf-7'], PHONE, TYPE),
  bodyOf('UTF-8 that is said', ['Content-Type: application/json; charset=UTF-8'], '{}', BAD),
  bodyOf('the type in capitals', ['Content-Type: APPLICATION/JSON'], '{}', BAD),
  bodyOf('a compressed body', [JSON_TYPE, 'Content-Encoding: gzip'], Buffer.from('1f8b0800', 'hex'), TYPE),
  bodyOf('a body that only says it is compressed', [JSON_TYPE, 'Content-Encoding: br'], PHONE, TYPE),
  bodyOf('a byte order mark', [JSON_TYPE], Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(PHONE)]), JSON_BAD),
  bodyOf('UTF-16', [JSON_TYPE], Buffer.from(PHONE, 'utf16le'), JSON_BAD),
  bodyOf('invalid UTF-8', [JSON_TYPE], Buffer.from([0x22, 0xc0, 0xaf, 0x22]), JSON_BAD),
  bodyOf('nothing', [JSON_TYPE], '', JSON_BAD),
  bodyOf('spaces', [JSON_TYPE], '   ', JSON_BAD),
  bodyOf('a comment', [JSON_TYPE], `/* a */${PHONE}`, JSON_BAD),
  bodyOf('NaN', [JSON_TYPE], '{"kind":NaN}', JSON_BAD),
  bodyOf('NUL behind the body', [JSON_TYPE], `${PHONE}\0`, JSON_BAD),
  bodyOf('a body and another', [JSON_TYPE], `${PHONE}${PHONE}`, JSON_BAD),
  bodyOf('a text', [JSON_TYPE], '"a"', BAD),
  bodyOf('a number', [JSON_TYPE], '1e400', BAD),
  bodyOf('a truth', [JSON_TYPE], 'true', BAD),
  bodyOf('a list', [JSON_TYPE], `[${PHONE}]`, BAD),
  bodyOf('70,000 bytes', [JSON_TYPE], `{"kind":"${'a'.repeat(70_000)}"}`, [413, 'request-too-large']),
  refused('a length of 1 GB that never comes', post([JSON_TYPE, 'Content-Length: 1000000000', CLOSE], '{'), [
    413,
    'request-too-large',
  ]),
  refused(
    'chunks without an end',
    post([JSON_TYPE, CLOSE, 'Transfer-Encoding: chunked'], `${'2000\r\n'.concat('a'.repeat(8_192), '\r\n').repeat(10)}`),
    [413, 'request-too-large'],
  ),
];

/** Several requests on one connection: each is answered, in its order, and a doubtful one ends it. */
export const pipelines: readonly HttpCase[] = [
  refused('three requests in one write', `${get('/health/live')}${get('/v1/me')}${live}`, [200], [401, 'unauthenticated'], [200]),
  refused('a good one, then one that is none', `${get('/health/live')}LEVITATE / HTTP/1.1\r\n\r\n${live}`, [200], BAD),
  refused('a request within the body of another', post([JSON_TYPE, `Content-Length: ${live.length}`, CLOSE], live), JSON_BAD),
  refused('a body behind a GET', `${get('/health/live', 'Content-Length: 4')}abcd${live}`, [200], [200]),
  refused('a request behind one that ends the connection', `${live}${get('/v1/me')}`, [200]),
];
