/**
 * C6, E6, E7, E9, E17: values that mean something to somebody behind: operators of a store, prototypes, escapes of a terminal,
 * tokens of others. Every text that the OpenAPI document takes gets them; none may be a success of another kind or a 5xx.
 */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { logProblem } from '../fuzz/verdict.js';
import { bombTexts } from '../siege/bombs.js';
import { type AppUnderTest, openApp } from '../support/app-under-test.js';
import { Person, request } from '../support/person.js';
import { frame, op, RawSocket, upgradeHead } from '../support/raw-socket.js';
import { until } from '../support/until.js';

interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly format?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly allOf?: readonly Schema[];
  readonly items?: Schema;
  readonly enum?: readonly string[];
}
interface Operation {
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> };
}

const CANARY = 'kestrel-9';
const UUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/;
const MALFORMED = 4_400;
let app: AppUnderTest;
let ada: Person;
let ben: Person;
let conversationId: string;
let operations: readonly (readonly [method: string, path: string, operation: Operation])[];
let schemas: Readonly<Record<string, Schema>>;

beforeAll(async () => {
  app = await openApp();
  [ada, ben] = [await Person.signIn(app), await Person.signIn(app)];
  conversationId = await ada.directWith(ben);
  for (let at = 0; at < 4; at += 1) await ada.send(conversationId, `message ${at}`);
  const document = await (await fetch(`${app.url}/openapi.json`)).json();
  const { paths, components } = document as {
    paths: Record<string, Record<string, Operation>>;
    components: { schemas: typeof schemas };
  };
  schemas = components.schemas;
  operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(
      ([method, operation]) => [method.toUpperCase(), path.replaceAll(/\{[^}]+\}/g, () => randomUUID()), operation] as const,
    ),
  );
});
afterAll(() => app.close());

const followed = (schema: Schema): Schema => {
  const name = (schema.$ref ?? schema.allOf?.[0]?.$ref)?.split('/').at(-1);
  return name === undefined ? schema : (schemas[name] as Schema);
};

/** A body of the right shape. */
function sample(given: Schema): unknown {
  const schema = followed(given);
  if (schema.properties !== undefined)
    return Object.fromEntries(Object.entries(schema.properties).map(([name, one]) => [name, sample(one)]));
  if (schema.type === 'array') return [sample(schema.items as Schema)];
  if (schema.enum !== undefined) return schema.enum[0];
  if (schema.type === 'integer') return 1;
  if (schema.type === 'boolean') return true;
  return schema.format === 'uuid' ? randomUUID() : 'abc';
}

/** The paths to every text within a schema. */
function textsIn(given: Schema, at: readonly string[] = []): (readonly string[])[] {
  const schema = followed(given);
  if (schema.properties !== undefined)
    return Object.entries(schema.properties).flatMap(([name, one]) => textsIn(one, [...at, name]));
  if (schema.type === 'array') return textsIn(schema.items as Schema, [...at, '0']);
  return schema.type === 'string' ? [at] : [];
}

function withAt(root: unknown, [name, ...rest]: readonly string[], value: unknown): unknown {
  if (name === undefined) return value;
  if (Array.isArray(root)) return root.map((one, index) => (String(index) === name ? withAt(one, rest, value) : one));
  return { ...(root as object), [name]: withAt((root as Record<string, unknown>)[name], rest, value) };
}

const notTexts: readonly unknown[] = [
  { $ne: '' },
  { $gt: '' },
  { $where: 'sleep(1000)' },
  { $regex: '.*' },
  { toString: 'a' },
  { length: 1 },
  ['a'],
  [],
  {},
  1,
  true,
  { constructor_: {} },
];
const queries = [
  '[$ne]=1',
  '[$gt]=',
  '[]=a',
  '.a=b',
  '=a&limit[$ne]=1',
  '[__proto__]=a',
  '[constructor][prototype][polluted]=true',
];
const texts = [
  `${CANARY}\r\n{"level":"error","event":"forged"}`,
  `${CANARY}\u001b[2J\u001b[31m`,
  `${CANARY}\0`,
  `${CANARY}\u202e`,
  `\${jndi:ldap://${CANARY}/a}`,
  `%0d%0aX-A: ${CANARY}`,
  `'; DROP TABLE events; -- ${CANARY}`,
  `{{7*7}}${CANARY}`,
  `<script>${CANARY}</script>`,
  `../../../etc/passwd\0${CANARY}`,
  '__proto__',
  'constructor',
  'x'.repeat(10_000),
];

/** One of each command of the socket that takes texts, with a text wherever there may be one. */
function commandsWithTexts(): readonly (readonly [type: string, data: object])[] {
  const messageId = randomUUID();
  const content = { type: 'text', text: 'abc' };
  const encrypted = { type: 'encrypted', scheme: 'abc', epoch: 1, header: 'YWJj', ciphertext: 'YWJj' };
  const hints = { mentions: [randomUUID()] };
  const relations = { replyTo: randomUUID(), threadId: randomUUID() };
  return [
    ['send-message', { conversationId, messageId, content, hints, relations, composedAt: new Date(0).toISOString() }],
    ['send-message', { conversationId, messageId, content: encrypted }],
    ['remove-message', { conversationId, messageId }],
    ['mark-read', { conversationId, seq: 1 }],
    ['received', { cursor: 'abc' }],
    ['authenticate', { accessToken: 'abc' }],
  ];
}

const leavesOf = (value: unknown, at: readonly string[] = []): (readonly string[])[] =>
  typeof value === 'object' && value !== null
    ? Object.entries(value).flatMap(([name, one]) => leavesOf(one, [...at, name]))
    : typeof value === 'string'
      ? [at]
      : [];

describe('where a text is due', () => {
  it('anything else is refused, whatever a store might make of it', async () => {
    const complaints: string[] = [];
    let asked = 0;
    for (const [method, path, { requestBody }] of operations) {
      const schema = requestBody?.content['application/json']?.schema;
      if (schema === undefined) continue;
      for (const at of textsIn(schema)) {
        for (const value of notTexts) {
          const { status } = await request(app, method, path, withAt(sample(schema), at, value), ada.accessToken);
          asked += 1;
          if (status !== 400) complaints.push(`${method} ${path} /${at.join('/')} ${JSON.stringify(value)}: ${status}`);
        }
      }
    }
    expect(asked).toBeGreaterThan(300);
    expect(complaints).toEqual([]);
  });

  it('anything else is refused in every command of the socket too', async () => {
    const line = await ada.online();
    const complaints: string[] = [];
    let asked = 0;
    for (const [type, data] of commandsWithTexts()) {
      for (const at of leavesOf(data)) {
        for (const value of notTexts) {
          const { problem } = await line.ask(type, withAt(data, at, value) as object);
          line.frames.length = 0;
          asked += 1;
          if (problem?.code !== 'invalid-request') complaints.push(`${type} /${at.join('/')} ${JSON.stringify(value)}`);
        }
      }
    }
    await line.close();
    expect(asked).toBeGreaterThan(200);
    expect(complaints).toEqual([]);
  });

  it('operators in a path are not found', async () => {
    const complaints: string[] = [];
    for (const path of new Set(operations.map(([, one]) => one).filter((one) => UUID.test(one)))) {
      for (const value of ['{"$ne":null}', '[$ne]', '$where', '__proto__', "' OR 1=1 --", '*']) {
        const { status, body } = await request(
          app,
          'GET',
          path.replace(UUID, encodeURIComponent(value)),
          undefined,
          ada.accessToken,
        );
        if (status !== 404 && status !== 400 && status !== 405) complaints.push(`${path} ${value}: ${status} ${body?.code}`);
      }
    }
    expect(complaints).toEqual([]);
  });

  it('operators in a query are refused', async () => {
    const complaints: string[] = [];
    for (const [method, path, { parameters = [] }] of operations) {
      for (const { name } of parameters.filter((parameter) => parameter.in === 'query')) {
        for (const query of queries) {
          const { status } = await request(app, method, `${path}?${name}${query}`, undefined, ada.accessToken);
          if (status !== 400) complaints.push(`${method} ${path}?${name}${query}: ${status}`);
        }
      }
    }
    expect(complaints).toEqual([]);
  });

  it('texts that mean something elsewhere are texts: no 5xx, no trace, nothing of them in the log', async () => {
    const complaints: string[] = [];
    for (const [method, path, { requestBody }] of operations) {
      const schema = requestBody?.content['application/json']?.schema;
      if (schema === undefined) continue;
      for (const at of textsIn(schema)) {
        for (const value of texts) {
          const { status, body } = await request(app, method, path, withAt(sample(schema), at, value), ada.accessToken);
          const isTold = /node_modules|\bat \S+:\d+/.test(JSON.stringify(body ?? ''));
          if (status >= 500 || isTold) complaints.push(`${method} ${path} /${at.join('/')} ${value.slice(0, 40)}: ${status}`);
        }
      }
    }
    const headers = {
      'user-agent': `${CANARY}\u001b[31m`.replace('\u001b', '%1b'),
      'x-forwarded-for': `${CANARY}`,
      referer: CANARY,
    };
    await fetch(`${app.url}/v1/${CANARY}`, { headers });
    expect(complaints).toEqual([]);
    expect(app.logged.length).toBeGreaterThan(0);
    expect(app.logged.map((line) => logProblem(line.trimEnd(), CANARY)).filter((problem) => problem !== undefined)).toEqual([]);
  });
});

describe('JSON that is small to send and large to hold', () => {
  it.each(bombTexts)('as %s is refused', async (_what, body) => {
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${ada.accessToken}` };
    const answer = await fetch(`${app.url}/v1/me/profile`, { method: 'PUT', headers, body });
    expect([answer.status, ((await answer.json()) as { requestId: string }).requestId.length]).toEqual([400, 36]);
    const fresh = {} as { polluted?: boolean };
    expect([fresh.polluted, Object.keys(Object.prototype)]).toEqual([undefined, []]);
  });

  it.each(bombTexts)('as %s is refused on the socket', async (_what, text) => {
    const raw = await RawSocket.upgraded(app.url, upgradeHead(ada.accessToken));
    raw.write(frame({ opcode: op.text, payload: `{"type":"levitate","id":"${randomUUID()}","data":{"a":${text}}}` }));
    const answered = () => raw.received.find(({ opcode }) => opcode !== op.ping);
    await until('it is answered', () => raw.isOver || answered() !== undefined);
    const answer = answered();
    const code = answer?.opcode === op.close ? answer.payload.readUInt16BE() : JSON.parse(`${answer?.payload}`).problem.code;
    raw.destroy();
    expect([MALFORMED, 'unknown-frame-type']).toContain(code);
    expect([({} as { polluted?: boolean }).polluted, Object.keys(Object.prototype)]).toEqual([undefined, []]);
  });
});

describe('a token of paging or sync', () => {
  const messages = () => `/v1/conversations/${conversationId}/messages`;
  const ask = (path: string, person = ada) => request(app, 'GET', path, undefined, person.accessToken);

  it.each(['0', '-1', '201', '1000000000', '1.5', '1e2', '0x10', '%201', '1%20', 'abc', '', 'NaN', '٣', '1,2', 'true'])(
    'does not make a page of limit %s',
    async (limit) => {
      for (const path of [messages(), '/v1/conversations', `/v1/conversations/${conversationId}/members`]) {
        expect([path, limit, (await ask(`${path}?limit=${limit}`)).body.code]).toEqual([path, limit, 'invalid-request']);
      }
    },
  );

  it('is refused when any one character of it is another, and to anybody else', async () => {
    const { body } = await ada.eventually(`${messages()}?limit=1`, (answer) => answer.body.previousPageToken !== undefined);
    const { cursor } = (await ask('/v1/sync')).body;
    const kinds: readonly (readonly [string, (token: string) => string])[] = [
      [body.previousPageToken, (token) => `${messages()}?limit=1&pageToken=${encodeURIComponent(token)}`],
      [cursor, (token) => `/v1/sync?cursor=${encodeURIComponent(token)}`],
    ];
    for (const [token, pathOf] of kinds) {
      expect((await ask(pathOf(token))).status).toBe(200);
      const forged = Array.from(
        token,
        (character, at) => token.slice(0, at) + (character === 'A' ? 'B' : 'A') + token.slice(at + 1),
      );
      forged.push(
        token.slice(1),
        token.slice(0, -1),
        token.slice(0, 20),
        `${token}A`,
        `${token}=`,
        `A${token}`,
        token + token,
        `${token}%`,
        'A',
      );
      const taken: string[] = [];
      for (const one of forged) if ((await ask(pathOf(one))).body.code !== 'invalid-cursor') taken.push(one);
      expect(taken).toEqual([]);
      expect((await ask(pathOf(token), ben)).body.code).toBe('invalid-cursor');
    }
    expect((await ask(`/v1/sync?cursor=${body.previousPageToken}`)).body.code).toBe('invalid-cursor');
    expect((await ask(`${messages()}?pageToken=${cursor}`)).body.code).toBe('invalid-cursor');
  });
});
