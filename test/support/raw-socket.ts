/**
 * A WebSocket client made by hand on a TCP connection: it sends whatever bytes it is told to, right or wrong, and says what
 * came back. No library is between, because a library would mend what is to be tried.
 */
import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { SUB_PROTOCOL } from '../../src/adapters/websocket/frames.js';

const ANSWER_MS = 10_000;

export const op = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

export interface FrameParts {
  readonly opcode: number;
  readonly payload?: Buffer | string;
  readonly fin?: boolean;
  /** The three reserved bits, as a number up to 7. */
  readonly rsv?: number;
  /** Four bytes, or `null` for a frame without a mask. */
  readonly mask?: Buffer | null;
  /** How many bits the length is written in; as few as it takes unless said. */
  readonly lengthBits?: 7 | 16 | 64;
  /** The length that is written, when it is a lie. */
  readonly claim?: bigint;
}

export function frame({
  opcode,
  payload = '',
  fin = true,
  rsv = 0,
  mask = randomBytes(4),
  lengthBits,
  claim,
}: FrameParts): Buffer {
  const bytes = Buffer.from(payload);
  const length = claim ?? BigInt(bytes.length);
  const bits = lengthBits ?? (length < 126n ? 7 : length < 65_536n ? 16 : 64);
  const head = Buffer.alloc(2 + (bits === 7 ? 0 : bits / 8));
  head[0] = (fin ? 0x80 : 0) | (rsv << 4) | opcode;
  head[1] = (mask === null ? 0 : 0x80) | (bits === 7 ? Number(length) : bits === 16 ? 126 : 127);
  if (bits === 16) head.writeUInt16BE(Number(length), 2);
  if (bits === 64) head.writeBigUInt64BE(length, 2);
  if (mask === null) return Buffer.concat([head, bytes]);
  return Buffer.concat([head, mask, bytes.map((byte, at) => byte ^ (mask[at % 4] as number))]);
}

export function closePayload(code: number, reason: Buffer | string = ''): Buffer {
  const head = Buffer.alloc(2);
  head.writeUInt16BE(code);
  return Buffer.concat([head, Buffer.from(reason)]);
}

export interface Received {
  readonly opcode: number;
  readonly payload: Buffer;
}

/** The head of an upgrade; a header that is `undefined` is left out, a list is sent once for each value. */
export function upgradeHead(
  token: string,
  headers: Readonly<Record<string, string | readonly string[] | undefined>> = {},
  requestLine = 'GET /v1/socket HTTP/1.1',
): string {
  const all: Record<string, string | readonly string[] | undefined> = {
    Host: '127.0.0.1',
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': randomBytes(16).toString('base64'),
    'Sec-WebSocket-Protocol': SUB_PROTOCOL,
    Authorization: `Bearer ${token}`,
    ...headers,
  };
  const lines = Object.entries(all).flatMap(([name, value]) =>
    value === undefined ? [] : [value].flat().map((one) => `${name}: ${one}\r\n`),
  );
  return `${requestLine}\r\n${lines.join('')}\r\n`;
}

export class RawSocket {
  readonly received: Received[] = [];
  /** Everything up to the empty line of the answer, once it is there. */
  head: string | undefined;
  isOver = false;
  private buffer = Buffer.alloc(0);

  private constructor(readonly tcp: Socket) {
    tcp.setNoDelay(true);
    tcp.on('data', (chunk) => this.take(chunk as Buffer));
    tcp.on('error', () => undefined);
    tcp.on('end', () => {
      this.isOver = true;
    });
    tcp.on('close', () => {
      this.isOver = true;
    });
  }

  static async connect(url: string, localAddress?: string): Promise<RawSocket> {
    const { hostname, port } = new URL(url);
    const tcp = connect({ host: hostname, port: Number(port), ...(localAddress === undefined ? {} : { localAddress }) });
    const raw = new RawSocket(tcp);
    await new Promise<void>((resolve, reject) => {
      tcp.once('connect', resolve);
      tcp.once('error', reject);
    });
    return raw;
  }

  /** Connects and asks for the upgrade; what it was answered stands in `head`. */
  static async upgraded(url: string, head: string, localAddress?: string): Promise<RawSocket> {
    const raw = await RawSocket.connect(url, localAddress);
    raw.write(head);
    await raw.changes('the upgrade is answered', () => raw.head !== undefined || raw.isOver);
    return raw;
  }

  /** Looks again whenever something has come, instead of every millisecond. */
  private changes(what: string, holds: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => end(() => reject(new Error(`It never came true: ${what}.`))), ANSWER_MS);
      const end = (settle: () => void) => {
        clearTimeout(late);
        for (const event of ['data', 'end', 'close']) this.tcp.off(event, look);
        settle();
      };
      const look = () => {
        if (holds()) end(resolve);
      };
      for (const event of ['data', 'end', 'close']) this.tcp.on(event, look);
      look();
    });
  }

  get status(): number {
    return Number(/^HTTP\/1\.1 (\d{3})/.exec(this.head ?? '')?.[1] ?? 0);
  }

  /** What is not a frame: the body of an answer that is no upgrade. */
  get rest(): string {
    return this.buffer.toString('utf8');
  }

  write(bytes: Buffer | string): void {
    if (!this.tcp.destroyed && this.tcp.writable) this.tcp.write(bytes);
  }

  destroy(): void {
    this.tcp.destroy();
  }

  private take(chunk: Buffer): void {
    this.buffer = Buffer.concat([this.buffer, chunk]);
    const end = this.head === undefined ? this.buffer.indexOf('\r\n\r\n') : -1;
    if (end >= 0) {
      this.head = this.buffer.toString('latin1', 0, end);
      this.buffer = this.buffer.subarray(end + 4);
    }
    if (this.status === 101) while (this.takeFrame());
  }

  /** Frames of a server have no mask. */
  private takeFrame(): boolean {
    if (this.buffer.length < 2) return false;
    const short = (this.buffer[1] as number) & 0x7f;
    const start = short === 126 ? 4 : short === 127 ? 10 : 2;
    if (this.buffer.length < start) return false;
    const length = short === 126 ? this.buffer.readUInt16BE(2) : short === 127 ? Number(this.buffer.readBigUInt64BE(2)) : short;
    if (this.buffer.length < start + length) return false;
    const payload = Buffer.from(this.buffer.subarray(start, start + length));
    this.received.push({ opcode: (this.buffer[0] as number) & 0x0f, payload });
    this.buffer = this.buffer.subarray(start + length);
    return true;
  }
}
