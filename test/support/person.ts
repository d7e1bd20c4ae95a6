/**
 * A person with one device, as a journey tells of them: what they do goes through the doors, and every frame that
 * reaches them is checked against its schema before anybody looks at it.
 */
import { generateKeyPairSync, type KeyObject, randomUUID, sign } from 'node:crypto';
import { WebSocket } from 'ws';
import { SUB_PROTOCOL } from '../../src/adapters/websocket/frames.js';
import { serverFrames } from '../../src/adapters/websocket/server-frames.js';
import type { AppUnderTest } from './app-under-test.js';
import { until } from './until.js';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: a journey reads what came over the wire.
  readonly body: any;
}

// biome-ignore lint/suspicious/noExplicitAny: a journey reads what came over the wire.
export type Frame = any;

export async function request(
  app: AppUnderTest,
  method: string,
  path: string,
  body?: unknown,
  token?: string,
  more: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const headers: Record<string, string> = { ...more };
  if (body !== undefined) headers['content-type'] = 'application/json';
  if (token !== undefined) headers.authorization = `Bearer ${token}`;
  const answer = await fetch(app.url + path, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
  const text = await answer.text();
  return { status: answer.status, headers: answer.headers, body: text === '' ? undefined : JSON.parse(text) };
}

let next = 1_000;

export class Person {
  accountId = '';
  deviceId = '';
  accessToken = '';
  refreshToken = '';

  private constructor(
    readonly app: AppUnderTest,
    readonly number: string,
    readonly privateKey: KeyObject,
    readonly publicKey: string,
  ) {}

  /** Signs in with a number of their own, or with the given one. */
  static async signIn(app: AppUnderTest, number = `+1555${String(next++).padStart(7, '0')}`): Promise<Person> {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    const spki = publicKey.export({ format: 'der', type: 'spki' }).toString('base64url');
    const person = new Person(app, number, privateKey, spki);
    const started = await request(app, 'POST', '/v1/verifications', { kind: 'phone', value: number });
    const { verificationId } = started.body;
    const code = await app.codeOf(verificationId);
    const completed = await request(app, 'POST', `/v1/verifications/${verificationId}/complete`, {
      code,
      device: { publicKey: spki, name: 'Journey' },
    });
    if (completed.status !== 201)
      throw new Error(`Signing in was answered ${completed.status} ${JSON.stringify(completed.body)}`);
    Object.assign(person, completed.body);
    return person;
  }

  /** The same person, as another server on the same data sees them. */
  at(app: AppUnderTest): Person {
    return Object.assign(new Person(app, this.number, this.privateKey, this.publicKey), {
      accountId: this.accountId,
      deviceId: this.deviceId,
      accessToken: this.accessToken,
      refreshToken: this.refreshToken,
    });
  }

  call(method: string, path: string, body?: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    return request(this.app, method, path, body, this.accessToken, headers);
  }

  /** Asks again until the answer is as expected: views lag behind writes for a moment. */
  async eventually(path: string, isExpected: (answer: Answer) => boolean): Promise<Answer> {
    let answer = await this.call('GET', path);
    await until(`${path} answers as expected`, async () => {
      answer = await this.call('GET', path);
      return isExpected(answer);
    });
    return answer;
  }

  async directWith(other: Person): Promise<string> {
    const { body } = await this.call('POST', '/v1/direct-conversations', { accountId: other.accountId });
    return body.conversationId;
  }

  async send(conversationId: string, text: string, messageId: string = randomUUID()): Promise<Answer> {
    return this.call('POST', `/v1/conversations/${conversationId}/messages`, { messageId, content: { type: 'text', text } });
  }

  refresh(): Promise<Answer> {
    const signedAt = new Date().toISOString();
    const message = `sottovoce-refresh-v1\n${this.deviceId}\n${Date.parse(signedAt)}\n${this.refreshToken}`;
    const signature = sign(null, Buffer.from(message), this.privateKey).toString('base64url');
    return request(this.app, 'POST', '/v1/tokens', {
      deviceId: this.deviceId,
      refreshToken: this.refreshToken,
      signedAt,
      signature,
    });
  }

  /** Opens the socket, says hello and waits until it has caught up. */
  async online(cursor?: string): Promise<Line> {
    return (await Line.open(this)).caughtUp(cursor);
  }
}

/** One open socket. */
export class Line {
  readonly frames: Frame[] = [];
  closed: { readonly code: number; readonly reason: string } | undefined;

  private constructor(readonly socket: WebSocket) {
    socket.on('message', (data) => {
      const frame = JSON.parse(data.toString());
      const schema = serverFrames[frame.type];
      if (schema === undefined) throw new Error(`A frame of type ${frame.type} has no schema`);
      schema.parse(frame);
      this.frames.push(frame);
    });
    socket.on('close', (code, reason) => {
      this.closed = { code, reason: reason.toString() };
    });
    socket.on('error', () => undefined);
  }

  static async open(person: Person, protocols: readonly string[] = [SUB_PROTOCOL]): Promise<Line> {
    const address = `${person.app.url.replace('http', 'ws')}/v1/socket`;
    const socket = new WebSocket(address, [...protocols], { headers: { authorization: `Bearer ${person.accessToken}` } });
    const line = new Line(socket);
    await until('the socket opens or is refused', () => socket.readyState !== WebSocket.CONNECTING);
    return line;
  }

  /** Whether it was let in, and is still. */
  get isOpen(): boolean {
    return this.socket.readyState === WebSocket.OPEN;
  }

  async caughtUp(cursor?: string): Promise<this> {
    this.send('hello', {
      capabilities: [],
      client: { name: 'journey', version: '1' },
      ...(cursor === undefined ? {} : { cursor }),
    });
    await this.next((frame) => frame.type === 'caught-up');
    return this;
  }

  send(type: string, data: object, id: string = randomUUID()): string {
    this.socket.send(JSON.stringify({ type, id, data }));
    return id;
  }

  /** The reply to a command, whatever else comes in between. */
  async ask(type: string, data: object): Promise<Frame> {
    const id = this.send(type, data);
    return this.next((frame) => frame.replyTo === id);
  }

  /** The first frame, among those that came or will come, that is as expected. */
  async next(isExpected: (frame: Frame) => boolean): Promise<Frame> {
    await until(`a frame comes for which ${isExpected}`, () => this.frames.some(isExpected));
    return this.frames.find(isExpected);
  }

  async close(): Promise<void> {
    this.socket.close();
    await until('the socket closes', () => this.closed !== undefined);
  }
}
