/**
 * B7, E19: every route of the OpenAPI document in more than 60 spellings. Only the one spelling is the route: no other one
 * answers a success, to nobody and to somebody who is signed in; and what the document does not name is not there.
 */
import { randomUUID } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type AppUnderTest, openApp } from '../support/app-under-test.js';
import { Person } from '../support/person.js';
import { answersIn, type RawAnswer } from '../support/raw-http.js';
import { until } from '../support/until.js';

type Spelling = readonly [name: string, spell: (path: string) => string];

const lastOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
const butLast = (path: string): string => path.slice(0, path.lastIndexOf('/') + 1);
const inLast = (spell: (segment: string) => string) => (path: string) => butLast(path) + spell(lastOf(path));
const hex = (character: string): string => `%${character.charCodeAt(0).toString(16).padStart(2, '0')}`;

const suffixes = [
  ...[
    '/',
    '//',
    '/.',
    '/..',
    '/./',
    '/../',
    ';',
    ';a=b',
    ';.json',
    '.json',
    '.html',
    '.',
    '..',
    '%',
    '%2',
    '%zz',
    '%00',
    '%00.json',
  ],
  ...[
    '%20',
    '%09',
    '%0a',
    '%0d%0a',
    '%2f',
    '%2F',
    '%5c',
    '%3f',
    '%3Fa=b',
    '%23',
    '%23a',
    '#',
    '#a',
    '\\',
    '*',
    '!',
    '$',
    '&a=b',
    "'",
  ],
  ...[
    '"',
    '(',
    '+',
    ',',
    ':',
    '=',
    '@',
    '[',
    ']',
    '^',
    '`',
    '{',
    '|',
    '}',
    '~',
    '%c0%af',
    '%e2%80%8b',
    '%ef%bc%8f',
    '%u002f',
    '%252f',
  ],
];

const spellings: readonly Spelling[] = [
  ...suffixes.map((suffix): Spelling => [`${suffix} behind it`, (path) => path + suffix]),
  ['its first letter encoded', (path) => `/${hex(path[1] ?? '')}${path.slice(2)}`],
  ['its last segment encoded', inLast((segment) => [...segment].map(hex).join(''))],
  ['its last letter encoded', inLast((segment) => segment.slice(0, -1) + hex(segment.slice(-1)))],
  ['its last letter encoded twice', inLast((segment) => `${segment.slice(0, -1)}%25${hex(segment.slice(-1)).slice(1)}`)],
  ['its slashes encoded', (path) => `/${path.slice(1).replaceAll('/', '%2f')}`],
  ['its slashes encoded twice', (path) => `/${path.slice(1).replaceAll('/', '%252f')}`],
  ['backslashes', (path) => `/${path.slice(1).replaceAll('/', '\\')}`],
  ['full-width slashes, encoded', (path) => `/${path.slice(1).replaceAll('/', '%ef%bc%8f')}`],
  ['two slashes before it', (path) => `/${path}`],
  ['three slashes before it', (path) => `//${path}`],
  ['two slashes before its last segment', (path) => `${butLast(path)}/${lastOf(path)}`],
  ['a dot segment before it', (path) => `/.${path}`],
  ['an encoded dot segment before it', (path) => `/%2e${path}`],
  ['a dot segment before its last segment', (path) => `${butLast(path)}./${lastOf(path)}`],
  ['a way there and back', (path) => `/x/..${path}`],
  ['a way there and back, encoded', (path) => `/x/%2e%2e${path}`],
  ['a way there and back from a public route', (path) => `/v1/server/../..${path}`],
  ['a way above the root', (path) => `/..${path}`],
  ['a parameter in its first segment', (path) => path.replace('/v1', '/v1;a=b')],
  ['capitals', (path) => path.toUpperCase()],
  ['a capital at its beginning', (path) => path.replace('/v1', '/V1')],
  ['more than a parameter may hold behind it', (path) => path + 'a'.repeat(101)],
  ['a capital in its last segment', inLast((segment) => segment.slice(0, -1) + segment.slice(-1).toUpperCase())],
  ['another version', (path) => path.replace('/v1', '/v2')],
  ['no version', (path) => path.replace('/v1', '')],
  ['a prefix', (path) => `/api${path}`],
  ['the whole address', (path) => `http://127.0.0.1${path}`],
  ['the whole address of somebody else', (path) => `http://evil.example${path}`],
  ['no slash', (path) => path.slice(1)],
  ['an address without a scheme', (path) => `//127.0.0.1${path}`],
];

interface Operation {
  readonly method: string;
  readonly path: string;
  readonly template: string;
  readonly isPublic: boolean;
}

let app: AppUnderTest;
let ada: Person;
let operations: readonly {
  readonly method: string;
  readonly path: string;
  readonly template: string;
  readonly isPublic: boolean;
}[];

beforeAll(async () => {
  app = await openApp();
  ada = await Person.signIn(app);
  const { paths } = (await (await fetch(`${app.url}/openapi.json`)).json()) as {
    paths: Record<string, Record<string, { security?: unknown }>>;
  };
  operations = Object.entries(paths).flatMap(([template, methods]) =>
    Object.entries(methods).map(([method, { security }]) => ({
      method: method.toUpperCase(),
      template,
      path: template.replaceAll(/\{[^}]+\}/g, () => randomUUID()),
      isPublic: security === undefined,
    })),
  );
});
afterAll(() => app.close());

/** One connection after the other, each with one request in flight: an answer is that of the request before it. */
class Caller {
  private socket: Socket | undefined;
  private received = Buffer.alloc(0);

  async ask(method: string, target: string, token?: string): Promise<RawAnswer> {
    const authorization = token === undefined ? '' : `Authorization: Bearer ${token}\r\n`;
    const socket = await this.connected();
    this.received = Buffer.alloc(0);
    const body = method === 'POST' || method === 'PUT' ? 'Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}' : '\r\n';
    socket.write(Buffer.from(`${method} ${target} HTTP/1.1\r\nHost: a\r\n${authorization}${body}`));
    const answers = () => answersIn(this.received, socket.destroyed || method === 'HEAD');
    await until(`${method} ${target} is answered`, () => answers().length > 0 || socket.destroyed);
    const answer = answers()[0] ?? { status: 0, headers: {}, body: '' };
    if (method === 'HEAD' || answer.headers.connection === 'close') this.end();
    return answer;
  }

  end(): void {
    this.socket?.destroy();
  }

  private async connected(): Promise<Socket> {
    if (this.socket !== undefined && !this.socket.destroyed && this.socket.writable) return this.socket;
    const socket = connect({ host: '127.0.0.1', port: Number(new URL(app.url).port), noDelay: true });
    socket.on('data', (chunk) => {
      this.received = Buffer.concat([this.received, chunk as Buffer]);
    });
    socket.on('error', () => socket.destroy());
    socket.on('end', () => socket.destroy());
    await new Promise((resolve) => socket.once('connect', resolve));
    this.socket = socket;
    return socket;
  }
}

function complaint(what: string, { status, headers, body }: RawAnswer, allowed: readonly number[]): string[] {
  if (status === 0) return [];
  if (!allowed.includes(status)) return [`${what} was answered ${status}`];
  const isProblem = (headers['content-type'] ?? '').startsWith('application/problem+json');
  const isNamed = body === '' || /"requestId":"[0-9a-f-]{36}"/.test(body);
  return isProblem && isNamed && !/node_modules|\bat \S+:\d+/.test(body)
    ? []
    : [`${what} was answered ${headers['content-type']} ${body}`];
}

describe('a route', () => {
  it('has more than 60 wrong spellings here, and is tried in all of them', () => {
    expect(new Set(spellings.map(([name]) => name)).size).toBe(spellings.length);
    expect(spellings.length).toBeGreaterThan(60);
    expect(operations.length).toBeGreaterThan(20);
  });

  /** All operations at once, each over a connection of its own. */
  async function complaintsOf(
    judge: (operation: Operation, caller: Caller) => Promise<readonly string[]>,
    of = operations,
  ): Promise<readonly string[]> {
    const found = await Promise.all(
      of.map(async (operation) => {
        const caller = new Caller();
        const complaints = await judge(operation, caller);
        caller.end();
        return complaints;
      }),
    );
    return found.flat();
  }

  it.each([
    ['nobody', [400, 401, 404], (): string | undefined => undefined],
    ['somebody who is signed in', [400, 404], () => ada.accessToken],
  ])('answers no other spelling of its path to %s', async (_who, allowed, token) => {
    const complaints = await complaintsOf(async ({ method, path }, caller) => {
      const found: string[] = [];
      for (const [name, spell] of spellings) {
        const target = spell(path);
        if (target === path) continue;
        found.push(...complaint(`${method} ${path} with ${name}`, await caller.ask(method, target, token()), allowed));
      }
      return found;
    });
    expect(complaints).toEqual([]);
  });

  const queries = ['?', '?a=b', '?/../../v1/server', '?;', '??', '?access_token=abc', '?%00', '?#', `?${'a'.repeat(4_000)}`];

  it('asks for a sign-in whatever stands behind its question mark', async () => {
    const complaints = await complaintsOf(async ({ method, path, isPublic }, caller) => {
      const found: string[] = [];
      for (const query of queries) {
        const { status } = await caller.ask(method, path + query);
        if (!isPublic && status !== 401) found.push(`${method} ${path}${query}: ${status}`);
      }
      return found;
    });
    expect(complaints).toEqual([]);
  });

  const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'SEARCH', 'PROPFIND', 'LINK'];

  it('is there for the methods of the document and for no other', async () => {
    const byTemplate = new Map(operations.map((operation) => [operation.template, operation]));
    const complaints = await complaintsOf(
      async ({ path, template }, caller) => {
        const found: string[] = [];
        for (const method of methods) {
          if (operations.some((one) => one.template === template && one.method === method)) continue;
          found.push(...complaint(`${method} ${path}`, await caller.ask(method, path, ada.accessToken), [400, 404]));
        }
        return found;
      },
      [...byTemplate.values()],
    );
    expect(complaints).toEqual([]);
  });
});

describe('the router', () => {
  /** What is served beside the public API, and is no part of it. */
  const others = /^(?:GET \/(?:asyncapi|openapi)\.json|GET \/health\/(?:live|ready)|(?:GET|HEAD) \/docs(?:\/.*)?)$/;

  it('has the routes of the document, and beside them only these', () => {
    const routes: string[] = [];
    // Each line of the tree ends with a path and its methods; a parent's path stands on the lines above it, by depth.
    const trail: string[] = [];
    for (const line of app.server.app.getHttpAdapter().getInstance().printRoutes({ commonPrefix: false }).split('\n')) {
      const [, indent = '', path = '', methods] = /^([│ ├└─]*)(\S+?)(?: \(([A-Z, ]+)\))?$/.exec(line) ?? [];
      if (path === '') continue;
      trail.length = indent.length / 4 - 1;
      trail.push(path);
      for (const method of methods?.split(', ') ?? []) routes.push(`${method} ${trail.join('')}`);
    }
    const described = operations.map(({ method, template }) => `${method} ${template.replaceAll(/\{([^}]+)\}/g, ':$1')}`);
    const undescribed = [...new Set(routes)].filter((route) => !described.includes(route)).sort();
    expect(described.filter((route) => !routes.includes(route))).toEqual([]);
    expect(undescribed.filter((route) => !others.test(route))).toEqual([]);
  });
});
