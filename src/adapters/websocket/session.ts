/**
 * One open socket: who it is, how far it has got, and what it has been sent. Facts that come before it has caught up
 * wait here, so that none is lost between the sync and the first live one.
 */
import { WebSocket } from 'ws';
import type { Clock } from '../../application/ports/clock.js';
import type { Session as Principal } from '../nest/access-tokens.js';
import { closeCodes, socketLimits } from './frames.js';

/** A fact as it goes out: encoded once, the same bytes for every reader. */
export interface LiveFact {
  readonly position: number;
  readonly frame: Buffer;
}

const READ_WITHIN_MS = 30_000;
const LOOK_AGAIN_MS = 10;
/** Facts held for one socket while it catches up; beyond, it starts again from its cursor. */
const WAITING_FACTS_MAX = 10_000;

export type Phase = 'opening' | 'catching-up' | 'live' | 'closed';

export class SocketSession {
  phase: Phase = 'opening';
  inFlight = 0;
  missedPings = 0;
  private readonly ending = new AbortController();
  private readonly waiting: LiveFact[] = [];
  private markedUpTo = 0;
  private markedAtMs: number;
  private hasNews = false;

  constructor(
    readonly socket: WebSocket,
    readonly principal: Principal,
    private readonly clock: Clock,
  ) {
    this.markedAtMs = clock.monotonicMs();
  }

  /** Aborted when the socket is closed. */
  get ended(): AbortSignal {
    return this.ending.signal;
  }

  send(frame: object): void {
    this.write(Buffer.from(JSON.stringify(frame)));
  }

  /** For much at once: goes on when the reader has taken what was sent, and gives up on one that does not. */
  async sendPatiently(frame: object): Promise<void> {
    const untilMs = this.clock.monotonicMs() + READ_WITHIN_MS;
    while (this.socket.bufferedAmount > socketLimits.unsentBytesMax / 2 && this.phase !== 'closed') {
      if (this.clock.monotonicMs() > untilMs) return this.close(closeCodes.tooSlow, 'reads too slowly');
      await this.clock.wait(LOOK_AGAIN_MS, this.ended);
    }
    this.send(frame);
  }

  deliver(fact: LiveFact): void {
    if (this.phase === 'live') this.write(fact.frame);
    else if (this.phase === 'catching-up') this.waiting.push(fact);
    this.hasNews = true;
    if (this.waiting.length > WAITING_FACTS_MAX) this.close(closeCodes.tooSlow, 'reads too slowly');
  }

  dropWaiting(): void {
    this.waiting.length = 0;
  }

  /** Goes live: what happened while the sync ran and is not in its answer goes out first. */
  goLive(syncedUpTo: number): void {
    if (this.phase !== 'catching-up') return;
    this.phase = 'live';
    this.markedUpTo = syncedUpTo;
    for (const fact of this.waiting.splice(0)) if (fact.position > syncedUpTo) this.write(fact.frame);
  }

  /**
   * The position to mark, if a mark is due. Everything up to `upTo` has been written to every live socket; a socket that
   * got nothing new is told more rarely.
   */
  markDue(upTo: number): number | undefined {
    const everyMs = this.hasNews ? socketLimits.markEveryMs : socketLimits.idleMarkEveryMs;
    const isDue = this.phase === 'live' && upTo > this.markedUpTo && this.clock.monotonicMs() >= this.markedAtMs + everyMs;
    if (!isDue) return undefined;
    this.markedUpTo = upTo;
    this.markedAtMs = this.clock.monotonicMs();
    this.hasNews = false;
    return upTo;
  }

  /** The socket is gone, whoever closed it. */
  end(): void {
    this.phase = 'closed';
    this.dropWaiting();
    this.ending.abort();
  }

  close(code: number, reason = ''): void {
    this.end();
    if (this.socket.readyState === WebSocket.OPEN) this.socket.close(code, reason);
  }

  private write(bytes: Buffer): void {
    if (this.socket.readyState !== WebSocket.OPEN) return;
    if (this.socket.bufferedAmount > socketLimits.unsentBytesMax) {
      // What is dropped here stands in the log: the device syncs when it comes back.
      this.close(closeCodes.tooSlow, 'reads too slowly');
      return;
    }
    this.socket.send(bytes, { binary: false });
  }
}
