/** A socket whose reader is the test: what was written can be read, and it stops or goes on taking bytes when the test says so. */
import { randomUUID } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { WebSocket } from 'ws';

export interface SentFrame {
  readonly type: string;
  readonly scope?: string;
  readonly replyTo?: string;
  // biome-ignore lint/suspicious/noExplicitAny: a test reads what came over the wire.
  readonly data?: any;
  readonly problem?: { readonly code: string; readonly retryAfterMs?: number };
}

const HIGH_WATER_BYTES = 64 * 1_024;

/** The payload of an unmasked, unfragmented text frame. */
function payloadOf(frame: Buffer): string {
  const short = (frame[1] ?? 0) & 0x7f;
  return frame.subarray(short < 126 ? 2 : short === 126 ? 4 : 10).toString('utf8');
}

export class FakeWire extends EventEmitter {
  readonly writes: Buffer[][] = [];
  writableLength = 0;
  writableNeedDrain = false;
  isReading = true;
  private corked: Buffer[] | undefined;
  private taken: (() => void)[] = [];

  cork(): void {
    this.corked = [];
  }

  uncork(): void {
    if (this.corked !== undefined) this.writes.push(this.corked);
    this.corked = undefined;
  }

  write(frame: Buffer, taken?: () => void): boolean {
    if (this.corked === undefined) this.writes.push([frame]);
    else this.corked.push(frame);
    if (this.isReading) return true;
    if (taken !== undefined) this.taken.push(taken);
    this.writableLength += frame.length;
    this.writableNeedDrain = this.writableLength >= HIGH_WATER_BYTES;
    return !this.writableNeedDrain;
  }

  /** The reader takes all that waits for it. */
  drain(): void {
    const wasNeeded = this.writableNeedDrain;
    this.writableLength = 0;
    this.writableNeedDrain = false;
    for (const taken of this.taken.splice(0)) taken();
    if (wasNeeded) this.emit('drain');
  }

  get frames(): SentFrame[] {
    return this.writes.flat().map((frame) => JSON.parse(payloadOf(frame)));
  }
}

export class FakeSocket extends EventEmitter {
  readonly wire = new FakeWire();
  readyState: number = WebSocket.OPEN;
  isPaused = false;
  pings = 0;
  answersPings = false;
  code: number | undefined;
  reason: string | undefined;

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
  }

  ping(): void {
    this.pings += 1;
    if (this.answersPings) this.emit('pong');
  }

  terminate(): void {
    this.close(1006);
  }

  close(code: number, reason = ''): void {
    this.code = code;
    this.reason = reason;
    this.readyState = WebSocket.CLOSED;
    this.emit('close', code);
  }

  get frames(): SentFrame[] {
    return this.wire.frames;
  }

  get types(): string[] {
    return this.frames.map(({ type }) => type);
  }

  /** As if the client had sent it; answers the id of the command. */
  receive(type: string, data: object, id: string = randomUUID()): string {
    this.emit('message', Buffer.from(JSON.stringify({ type, id, data })), false);
    return id;
  }

  hello(given: object = {}): string {
    return this.receive('hello', { capabilities: [], client: { name: 'a', version: '1' }, ...given });
  }
}
