/**
 * One connection between a device and a process, as the gateway sees it: a socket of `ws` that is none. Frames arrive in
 * their order and take their time; it may break between any two of them, and the server may not notice.
 */
import { EventEmitter } from 'node:events';
import { type Actor, anybody, type Schedule } from './schedule.js';

const OPEN = 1;
const CLOSED = 3;
const HIGH_WATER_BYTES = 16 * 1_024;
const TAKES_UP_WITHIN_MS = 20;

export interface Receiver {
  frame(text: string): void;
  closed(code: number): void;
  /** The server closes it, whether the device hears of it or not. */
  closing(code: number): void;
  /** The server has given it up without a word. */
  terminated(): void;
}

export class Link extends EventEmitter {
  readyState = OPEN;
  bufferedAmount = 0;
  isBroken = false;
  /** After so many more frames to the device it breaks. */
  breaksAfterFrames = Number.POSITIVE_INFINITY;
  slowUntilMs = 0;
  /** Until then nothing is read from it, and whatever comes waits. */
  stopsUntilMs = 0;
  private readonly network: Actor = anybody();
  private readonly toDevice: (() => void)[] = [];
  private readonly toServer: (() => void)[] = [];

  constructor(
    private readonly schedule: Schedule,
    private readonly receiver: Receiver,
    private readonly highWaterBytes = HIGH_WATER_BYTES,
  ) {
    super();
  }

  /** From the server: a whole frame on the connection under the socket. */
  write(frame: Buffer, taken?: () => void): boolean {
    const text = payloadOf(frame);
    this.bufferedAmount += frame.length;
    this.deliver(this.toDevice, () => {
      const wasFull = this.writableNeedDrain;
      this.bufferedAmount -= frame.length;
      if (this.breaksAfterFrames <= 0) this.cut();
      this.breaksAfterFrames -= 1;
      if (!this.isBroken) this.receiver.frame(text);
      taken?.();
      if (wasFull && !this.writableNeedDrain) this.emit('drain');
    });
    return !this.writableNeedDrain;
  }

  get writableLength(): number {
    return this.bufferedAmount;
  }

  get writableNeedDrain(): boolean {
    return this.bufferedAmount >= this.highWaterBytes;
  }

  cork(): void {}

  uncork(): void {}

  pause(): void {}

  resume(): void {}

  close(code: number): void {
    if (this.readyState !== OPEN) return;
    this.readyState = CLOSED;
    this.receiver.closing(code);
    this.deliver(this.toDevice, () => this.ended(code));
    this.later(() => this.emit('close'));
  }

  terminate(): void {
    if (this.readyState === CLOSED) return;
    this.readyState = CLOSED;
    this.receiver.terminated();
    this.later(() => this.emit('close'));
    this.deliver(this.toDevice, () => this.ended(1006));
  }

  ping(): void {
    this.deliver(this.toDevice, () => this.deliver(this.toServer, () => this.emit('pong')));
  }

  /** From the device. */
  say(text: string): void {
    this.deliver(this.toServer, () => {
      if (this.readyState === OPEN) this.emit('message', Buffer.from(text), false);
    });
  }

  /** Breaks here and now; the server notices, or goes on sending into nothing. */
  cut(isNoticed = true): void {
    if (this.isBroken) return;
    this.isBroken = true;
    this.receiver.closed(1006);
    if (!isNoticed || this.readyState !== OPEN) return;
    this.later(() => {
      this.readyState = CLOSED;
      this.emit('close');
    });
  }

  /** No fault that was to come comes. */
  calmDown(): void {
    this.breaksAfterFrames = Number.POSITIVE_INFINITY;
    this.slowUntilMs = 0;
    this.stopsUntilMs = 0;
  }

  private ended(code: number): void {
    if (this.isBroken) return;
    this.isBroken = true;
    this.receiver.closed(code);
  }

  /** What was sent before arrives before. */
  private deliver(line: (() => void)[], arrive: () => void): void {
    line.push(arrive);
    const arrives = (): void => {
      const { network, schedule, stopsUntilMs } = this;
      if (line === this.toDevice && stopsUntilMs > schedule.nowMs && !this.isBroken) {
        schedule.at(network, stopsUntilMs + schedule.chance.fraction() * TAKES_UP_WITHIN_MS, arrives);
        return;
      }
      const next = line.shift();
      if (this.isBroken && line === this.toServer) return;
      next?.();
    };
    this.later(arrives);
  }

  private later(run: () => void): void {
    const { chance, nowMs } = this.schedule;
    const slowMs = this.slowUntilMs > nowMs ? 400 : 0;
    this.schedule.at(this.network, nowMs + slowMs + (chance.happens(0.9) ? chance.fraction() * 5 : chance.fraction() * 200), run);
  }
}

/** Of an unmasked, unfragmented text frame. */
function payloadOf(frame: Buffer): string {
  const length = (frame[1] ?? 0) & 0x7f;
  return frame.toString('utf8', length < 126 ? 2 : length === 126 ? 4 : 10);
}
