/**
 * One connection to the socket door from outside: replies find their commands by id, everything else is handed on in the
 * order in which it came. It ends once, with a code; whatever was under way then is `Unreachable`.
 */
import type { IncomingMessage } from 'node:http';
import { WebSocket } from 'ws';
import type { Clock } from '../../application/ports/clock.js';
import type { IdSource } from '../../application/ports/id-source.js';
import { problemOf } from './rest-door.js';
import { type Fact, type Problem, Refused, Unreachable } from './wire.js';

const SUB_PROTOCOL = 'sottovoce.v1.json';
const FRAME_BYTES_MAX = 1_024 * 1_024;
const HANDSHAKE_WITHIN_MS = 10_000;
const REPLY_WITHIN_MS = 15_000;
const GOODBYE_MS = 2_000;
/** The server pings every 25 s; a connection that is silent for longer than two of them is dead. */
const SILENCE_MS_MAX = 70_000;

export interface Closed {
  readonly code: number;
  readonly reason: string;
}

/** The connection ended before the reply came. */
export class ConnectionEnded extends Unreachable {
  constructor(readonly code: number) {
    super(`The connection ended (${code}).`);
  }
}

export interface ServerFrame {
  readonly type: string;
  readonly replyTo?: string;
  readonly data?: Readonly<Record<string, unknown>>;
  readonly problem?: Problem;
  readonly scope?: string;
  readonly revision?: number;
}

export interface SocketDeps {
  readonly clock: Clock;
  readonly ids: IdSource;
}

interface Waiting {
  resolve(frame: ServerFrame): void;
  reject(error: Error): void;
}

export const isFact = (frame: ServerFrame): frame is Fact & ServerFrame =>
  typeof frame.scope === 'string' && frame.data !== undefined;

export class SocketDoor {
  private readonly waiting = new Map<string, Waiting>();
  private readonly ended = Promise.withResolvers<Closed>();
  private readonly over = new AbortController();
  private heardMs: number;

  private constructor(
    private readonly socket: WebSocket,
    private readonly deps: SocketDeps,
    /** Every frame that answers nothing. */
    private readonly handed: (frame: ServerFrame) => void,
  ) {
    this.heardMs = deps.clock.monotonicMs();
    socket.on('message', (bytes) => this.read(String(bytes)));
    socket.on('ping', () => this.heard());
    socket.on('error', () => undefined);
    socket.on('close', (code, reason) => this.close({ code, reason: String(reason) }));
    void this.watch();
  }

  /** Throws `Refused` for a refused upgrade, `Unreachable` otherwise. */
  static open(serverUrl: string, token: string, deps: SocketDeps, handed: (frame: ServerFrame) => void): Promise<SocketDoor> {
    const url = `${serverUrl.replace(/^http/, 'ws')}/v1/socket`;
    const socket = new WebSocket(url, [SUB_PROTOCOL], {
      headers: { authorization: `Bearer ${token}` },
      perMessageDeflate: false,
      handshakeTimeout: HANDSHAKE_WITHIN_MS,
      maxPayload: FRAME_BYTES_MAX,
    });
    return new Promise((resolve, reject) => {
      socket.once('open', () => resolve(new SocketDoor(socket, deps, handed)));
      socket.once('error', (cause) => reject(new Unreachable(`${serverUrl} opens no socket.`, { cause })));
      socket.once('unexpected-response', (request, response) => {
        void textOf(response).then((text) => {
          request.destroy();
          reject(new Refused(problemOf(response.statusCode ?? 0, text)));
        });
      });
    });
  }

  get closed(): Promise<Closed> {
    return this.ended.promise;
  }

  /** Sends a command and waits for its one reply. */
  async request(type: string, data: object): Promise<ServerFrame> {
    const id = this.deps.ids.uuid();
    const answered = new AbortController();
    const reply = new Promise<ServerFrame>((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      void this.deps.clock.wait(REPLY_WITHIN_MS, answered.signal).then(() => reject(new Unreachable(`No reply to ${type}.`)));
    });
    try {
      this.sendText(JSON.stringify({ type, id, data }));
      const frame = await reply;
      if (frame.type === 'error') throw new Refused(frame.problem ?? problemOf(500, ''));
      return frame;
    } finally {
      this.waiting.delete(id);
      answered.abort();
    }
  }

  /** Sends text as it is, well formed or not. */
  sendText(text: string): void {
    if (this.socket.readyState !== WebSocket.OPEN) throw new Unreachable('The socket is not open.');
    this.socket.send(text);
  }

  /** Says goodbye, and does not wait long for the answer. */
  leave(): void {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.close(1000);
    void this.deps.clock.wait(GOODBYE_MS, this.over.signal).then(() => this.socket.terminate());
  }

  /** Ends a connection that is of no use any more, without waiting for the other side. */
  abandon(): void {
    this.socket.terminate();
  }

  private heard(): void {
    this.heardMs = this.deps.clock.monotonicMs();
  }

  private read(text: string): void {
    this.heard();
    const frame = frameOf(text);
    if (frame === undefined) return;
    const waiting = frame.replyTo === undefined ? undefined : this.waiting.get(frame.replyTo);
    if (waiting !== undefined) waiting.resolve(frame);
    else this.handed(frame);
  }

  private close(closed: Closed): void {
    this.over.abort();
    for (const { reject } of this.waiting.values()) reject(new ConnectionEnded(closed.code));
    this.waiting.clear();
    this.ended.resolve(closed);
  }

  private async watch(): Promise<void> {
    const { clock } = this.deps;
    while (!this.over.signal.aborted) {
      await clock.wait(SILENCE_MS_MAX / 2, this.over.signal);
      if (!this.over.signal.aborted && clock.monotonicMs() - this.heardMs > SILENCE_MS_MAX) this.abandon();
    }
  }
}

/** `undefined` for what no server of ours sends: it is ignored, like a type that is not known. */
function frameOf(text: string): ServerFrame | undefined {
  try {
    const frame: unknown = JSON.parse(text);
    return typeof (frame as ServerFrame | null)?.type === 'string' ? (frame as ServerFrame) : undefined;
  } catch {
    return undefined;
  }
}

async function textOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of response) chunks.push(chunk as Buffer);
  } catch {
    // Half of a problem is worth as much as none; the status has been told.
  }
  return Buffer.concat(chunks).toString('utf8');
}
