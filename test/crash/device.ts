/**
 * One device of a crash programme: its tokens, its socket, and what it has seen, which outlive every crash of the server.
 * A fact may come again after a reconnect; the same revision with something else in it, or a message at two places, not.
 */
import { randomUUID, sign } from 'node:crypto';
import { WebSocket } from 'ws';
import type { Frame } from '../support/person.js';
import { CUT, call, type Reply, refusedBy } from './reply.js';

const SUB_PROTOCOL = 'sottovoce.v1.json';
const CONNECT_WITHIN_MS = 10_000;

export interface DeviceKey {
  readonly publicKey: string;
  readonly sign: (message: string) => string;
}

export const deviceKeyOf = (pair: { readonly publicKey: Frame; readonly privateKey: Frame }): DeviceKey => ({
  publicKey: pair.publicKey.export({ format: 'der', type: 'spki' }).toString('base64url'),
  sign: (message) => sign(null, Buffer.from(message), pair.privateKey).toString('base64url'),
});

export interface Tokens {
  readonly accountId: string;
  readonly deviceId: string;
  readonly accessToken: string;
  readonly refreshToken: string;
}

interface Seen {
  /** What came at each revision. */
  readonly facts: Map<number, string>;
  /** Everything above this revision must have come. */
  base: number | undefined;
}

export class Device {
  cursor: string | undefined;
  readonly seen = new Map<string, Seen>();
  readonly problems: string[] = [];
  /** A refresh whose answer did not come: the same token may be shown again. */
  isRefreshOpen = false;
  private url = '';
  private socket: WebSocket | undefined;
  private readonly waiting = new Map<string, (reply: Reply) => void>();
  private readonly places = new Map<string, string>();
  private caughtUp: (() => void) | undefined;

  constructor(
    public tokens: Tokens,
    readonly key: DeviceKey,
  ) {}

  get isOnline(): boolean {
    return this.socket?.readyState === WebSocket.OPEN;
  }

  rest(method: string, path: string, body?: object): Promise<Reply> {
    return call(this.url, method, path, body, this.tokens.accessToken);
  }

  at(url: string): void {
    this.url = url;
  }

  /** Opens the socket and catches up from where it was; false when the server refused or died meanwhile. */
  async connect(url: string): Promise<boolean> {
    this.url = url;
    const headers = { authorization: `Bearer ${this.tokens.accessToken}` };
    const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/socket`, [SUB_PROTOCOL], { headers });
    this.socket = socket;
    return new Promise((resolve) => {
      const late = setTimeout(() => socket.terminate(), CONNECT_WITHIN_MS);
      const settle = (isCaughtUp: boolean): void => {
        clearTimeout(late);
        resolve(isCaughtUp);
      };
      this.caughtUp = () => settle(true);
      socket.on('open', () => {
        const client = { name: 'crash', version: '1' };
        const data = { capabilities: [], client, ...(this.cursor === undefined ? {} : { cursor: this.cursor }) };
        socket.send(JSON.stringify({ type: 'hello', id: randomUUID(), data }));
      });
      socket.on('message', (bytes) => this.take(JSON.parse(String(bytes))));
      socket.on('error', () => undefined);
      socket.on('close', () => {
        if (socket === this.socket) this.cut();
        settle(false);
      });
    });
  }

  command(type: string, data: object): Promise<Reply> {
    const { socket } = this;
    if (socket?.readyState !== WebSocket.OPEN) return Promise.resolve(CUT);
    const id = randomUUID();
    return new Promise((resolve) => {
      this.waiting.set(id, resolve);
      socket.send(JSON.stringify({ type, id, data }));
    });
  }

  async refresh(): Promise<Reply> {
    const { deviceId, refreshToken } = this.tokens;
    const signedAt = new Date().toISOString();
    const signature = this.key.sign(`sottovoce-refresh-v1\n${deviceId}\n${Date.parse(signedAt)}\n${refreshToken}`);
    const reply = await call(this.url, 'POST', '/v1/tokens', { deviceId, refreshToken, signedAt, signature });
    if (reply.outcome === 'ok') this.tokens = { ...this.tokens, ...reply.data };
    this.isRefreshOpen = reply.outcome === 'cut';
    return reply;
  }

  hangUp(): void {
    this.socket?.terminate();
  }

  seenIn(conversationId: string): Seen {
    const known = this.seen.get(conversationId) ?? { facts: new Map(), base: undefined };
    this.seen.set(conversationId, known);
    return known;
  }

  /** The revisions up to the head that have not come. */
  holes(conversationId: string, head: number): number[] {
    const { facts, base } = this.seenIn(conversationId);
    const wanted = base === undefined ? [] : Array.from({ length: Math.max(0, head - base) }, (_, at) => base + 1 + at);
    return wanted.filter((revision) => !facts.has(revision));
  }

  private cut(): void {
    for (const resolve of this.waiting.values()) resolve(CUT);
    this.waiting.clear();
  }

  private take(frame: Frame): void {
    const answer = this.waiting.get(frame.replyTo);
    if (answer !== undefined) {
      this.waiting.delete(frame.replyTo);
      answer(frame.type === 'error' ? refusedBy(frame.problem, 0) : { outcome: 'ok', status: 200, data: frame.data });
    }
    if (frame.type === 'mark' || frame.type === 'caught-up') this.cursor = frame.data.cursor;
    if (frame.type === 'caught-up') this.caughtUp?.();
    if (frame.type === 'limited') this.seenIn(frame.data.conversationId).base = undefined;
    if (frame.scope !== undefined && frame.revision !== undefined) this.note(frame);
  }

  private note({ type, scope, revision, data }: Frame): void {
    const seen = this.seenIn(scope);
    if (type === 'conversation-snapshot') {
      seen.base = revision;
      return;
    }
    const fact = `${type} ${data.seq ?? ''} ${data.messageId ?? data.memberId ?? ''}`;
    const before = seen.facts.get(revision);
    if (before !== undefined && before !== fact) {
      this.problems.push(`Device ${this.tokens.deviceId} saw revision ${revision} of ${scope} as "${before}" and as "${fact}".`);
    }
    seen.facts.set(revision, fact);
    if (type !== 'message-posted' || data.messageId === undefined) return;
    const place = `${scope} ${revision} ${data.seq}`;
    const other = this.places.get(data.messageId);
    if (other !== undefined && other !== place) {
      this.problems.push(`Device ${this.tokens.deviceId} was shown message ${data.messageId} at ${other} and at ${place}.`);
    }
    this.places.set(data.messageId, place);
  }
}
