/**
 * A server that does what a test tells it to, so that a client meets what a good server rarely does: lost answers,
 * closed connections, holes. It keeps every command that it was sent.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';

export interface Command {
  readonly type: string;
  readonly id: string;
  readonly data: Readonly<Record<string, unknown>>;
}

type Answer = object | 'silence' | { readonly close: number };

export class FakeServer {
  readonly commands: Command[] = [];
  /** `METHOD path` of every request of the REST door. */
  readonly requests: string[] = [];
  readonly bearers: string[] = [];
  /** What each connection is told after its welcome, by its number from 0; a caught-up with a cursor ends it. */
  greeting: (connection: number) => readonly object[] = (connection) => [caughtUp(`c${connection}`)];
  answer: (command: Command) => Answer = () => ({ ack: {} });
  rest: (request: string) => { readonly status: number; readonly body: object } | undefined = () => undefined;
  /** An HTTP status that refuses the upgrade; `undefined` lets it pass. */
  upgrade: (connection: number) => number | undefined = () => undefined;
  private sockets: WebSocket[] = [];
  private connections = 0;

  private constructor(
    private readonly http: Server,
    private readonly upgrades: WebSocketServer,
  ) {}

  static async open(): Promise<FakeServer> {
    const http = createServer();
    const upgrades = new WebSocketServer({ noServer: true });
    const server = new FakeServer(http, upgrades);
    http.on('request', (request, response) => server.respond(request, response));
    http.on('upgrade', (request, stream, head) => server.connect(request, stream, head));
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.http.address() as AddressInfo).port}`;
  }

  of(type: string): Command[] {
    return this.commands.filter((command) => command.type === type);
  }

  tell(...frames: readonly object[]): void {
    for (const frame of frames) this.sockets.at(-1)?.send(JSON.stringify(frame));
  }

  hangUp(code: number, reason = ''): void {
    this.sockets.at(-1)?.close(code, reason);
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.terminate();
    this.http.closeAllConnections();
    await new Promise((resolve) => this.http.close(resolve));
  }

  private respond(request: IncomingMessage, response: ServerResponse): void {
    const line = `${request.method} ${request.url}`;
    this.requests.push(line);
    request.resume();
    const { status, body } = this.rest(line) ?? {
      status: 200,
      body: { items: [], limited: [], cursor: 'c-sync', caughtUp: true },
    };
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  }

  private connect(request: IncomingMessage, stream: Duplex, head: Buffer): void {
    const connection = this.connections;
    this.connections += 1;
    this.bearers.push(request.headers.authorization ?? '');
    const refused = this.upgrade(connection);
    if (refused !== undefined) {
      stream.end(`HTTP/1.1 ${refused} no\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
      return;
    }
    this.upgrades.handleUpgrade(request, stream, head, (socket) => {
      this.sockets.push(socket);
      socket.on('message', (bytes) => this.receive(socket, connection, JSON.parse(String(bytes)) as Command));
    });
  }

  private receive(socket: WebSocket, connection: number, command: Command): void {
    this.commands.push(command);
    const answer = this.answer(command);
    if (answer === 'silence') return;
    if ('close' in answer) {
      socket.close(answer.close as number);
      return;
    }
    if ('problem' in answer) socket.send(JSON.stringify({ type: 'error', replyTo: command.id, problem: answer.problem }));
    else if (command.type === 'hello') {
      socket.send(JSON.stringify({ type: 'welcome', replyTo: command.id, data: {} }));
      for (const frame of this.greeting(connection)) socket.send(JSON.stringify(frame));
    } else if ('ack' in answer) socket.send(JSON.stringify({ type: 'ack', replyTo: command.id, data: answer.ack }));
  }
}

export const caughtUp = (cursor: string) => ({ type: 'caught-up', data: { cursor } });
export const mark = (cursor: string) => ({ type: 'mark', data: { cursor } });
export const posted = (revision: number, scope = 'talk') => ({
  type: 'message-posted',
  scope,
  revision,
  data: { seq: revision + 1 },
});
export const problem = (code: string, fields: object = {}) => ({ status: 400, code, title: code, retryable: false, ...fields });
