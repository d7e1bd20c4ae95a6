/**
 * One open socket: who it is, how far it has got, and what it has been sent. Facts that come before it has caught up
 * wait here, so that none is lost between the sync and the first live one. One that does not read gets no more facts
 * until it has read what it was sent, and is then caught up from the log: what a socket can hold here is bounded (ADR 0029).
 */
import { WebSocket } from 'ws';
import type { Clock } from '../../application/ports/clock.js';
import type { Principal } from '../../application/ports/credentials.js';
import { type Instant, instant } from '../../domain/kernel/instant.js';
import type { Session } from '../nest/access-tokens.js';
import { closeCodes, socketLimits } from './frames.js';
import { HeldFacts } from './held-facts.js';
import type { LiveFact } from './live-fact.js';
import type { SocketCounts } from './socket-counts.js';
import { textFrame } from './text-frame.js';
import type { Turn } from './turn.js';
import { WaitingFacts } from './waiting-facts.js';
import type { Wire } from './wire.js';

/** What all sockets of a process have in common. */
export interface Surroundings {
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly turn: Turn;
  readonly counts: SocketCounts;
  /** The reader has taken what was waiting for it, and facts from `position` on were dropped meanwhile. */
  fellBehind(session: SocketSession, position: number): void;
  /** It has come into a conversation: what is after the position comes to it from the log. */
  joined(session: SocketSession, after: number): void;
}

/** `behind`: live, but facts are dropped until the reader has read. */
export type Phase = 'opening' | 'catching-up' | 'live' | 'behind' | 'closed';

export class SocketSession {
  phase: Phase = 'opening';
  /** Spreads the pings of all sockets over time. */
  readonly number: number;
  /** Its device was not asked after since the socket opened; then it is with every ping. */
  isUnproven = true;
  inFlight = 0;
  /** Commands refused since there were too many under way. */
  refused = 0;
  /** Frames refused for a limit on traffic whose window had not ended then. */
  limited = 0;
  limitedUntil = instant(0);
  missedPings = 0;
  readonly principal: Principal;
  /** When the access token, or a newer one that was shown since, ends. */
  expiresAt: Instant;
  /** It was told that the token is about to end. */
  wasReminded = false;
  readonly openedAtMs: number;
  private markedUpTo = 0;
  private syncedUpTo = -1;
  private markedAtMs: number;
  private hasNews = false;
  /** What the server has closed it with: a client that does not answer that ends without any code. */
  closedWith: number | undefined;
  private out: Buffer | Buffer[] | undefined;
  private outBytes = 0;
  private unsentFrames = 0;
  private waiting = new WaitingFacts();
  private droppedFrom = 0;
  /** In the background: the furthest mark of each, until something else goes out. */
  private held: HeldFacts | undefined;
  private inBackground = false;
  private pressedAtMs: number | undefined;
  private isFlooding = false;
  private wake: (() => void) | undefined;

  constructor(
    readonly socket: WebSocket,
    private readonly wire: Wire,
    { accountId, deviceId, expiresAt }: Session,
    private readonly around: Surroundings,
    /** The network that it comes from, for limits only. */
    readonly network = '',
  ) {
    this.principal = { accountId, deviceId };
    this.expiresAt = expiresAt;
    this.number = around.counts.opened;
    around.counts.opened += 1;
    this.openedAtMs = around.clock.monotonicMs();
    this.markedAtMs = this.openedAtMs;
  }

  /** Facts that are held until it has caught up. */
  get waitingFacts(): number {
    return this.waiting.size;
  }

  send(frame: object): void {
    this.write(textFrame(JSON.stringify(frame)));
  }

  /** For much at once: goes on when the reader has taken what was sent; one that does not take it is closed by the heartbeat. */
  async sendPatiently(frame: object): Promise<void> {
    while (this.phase !== 'closed' && this.unsentBytes > socketLimits.unsentBytesMax / 2 && this.press()) {
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
    this.send(frame);
  }

  deliver(fact: LiveFact): void {
    if (this.phase === 'live') this.push(fact);
    else if (this.phase === 'catching-up') this.waiting.keep(fact);
    else if (this.phase === 'behind') this.drop(fact);
  }

  /** From now on live facts wait. */
  beginCatchUp(): void {
    if (this.phase !== 'closed') this.phase = 'catching-up';
    this.dropWaiting();
  }

  dropWaiting(): void {
    if (this.waiting.size > 0 || this.waiting.hasOverflowed) this.waiting = new WaitingFacts();
  }

  /** More happened while it caught up than can wait here: it has to catch up again. */
  get mustCatchUpAgain(): boolean {
    return this.waiting.hasOverflowed && this.phase === 'catching-up';
  }

  /** It comes into a conversation at this position: the log tells it from there on, beginning with the conversation as it is. */
  join(position: number, after: number): void {
    if (this.phase === 'catching-up') this.waiting.overflow();
    if (this.phase !== 'live' || position <= this.syncedUpTo) return;
    this.beginCatchUp();
    this.around.joined(this, after);
  }

  /** Goes live: what happened while the sync ran and is not in its answer goes out first. `marked`: its device was given the cursor. */
  goLive(syncedUpTo: number, marked: 'marked' | 'unmarked' = 'marked'): void {
    if (this.phase !== 'catching-up') return;
    this.phase = 'live';
    this.syncedUpTo = syncedUpTo;
    if (marked === 'marked') this.markedUpTo = syncedUpTo;
    else this.hasNews = true;
    const waited = this.waiting;
    this.dropWaiting();
    for (const fact of waited.all()) if ((fact.asNewAs ?? fact.position) > syncedUpTo) this.deliver(fact);
  }

  /**
   * The position to mark, if a mark is due. Everything up to `upTo` has been written to every live socket; a socket that
   * got nothing new is told more rarely.
   */
  markDue(upTo: number): number | undefined {
    const everyMs = this.hasNews ? socketLimits.markEveryMs : socketLimits.idleMarkEveryMs;
    const nowMs = this.around.clock.monotonicMs();
    if (this.phase !== 'live' || upTo <= this.markedUpTo || nowMs < this.markedAtMs + everyMs) return undefined;
    this.release();
    if (this.phase !== 'live') return undefined;
    this.markedUpTo = upTo;
    this.markedAtMs = nowMs;
    this.hasNews = false;
    return upTo;
  }

  /** In the background nothing is sent for which alone a phone should not wake. */
  setBackground(inBackground: boolean): void {
    this.inBackground = inBackground;
    if (!inBackground) this.release();
  }

  /** A newer token was shown; an older one takes nothing away. */
  renew(expiresAt: Instant): void {
    if (expiresAt <= this.expiresAt) return;
    this.expiresAt = expiresAt;
    this.wasReminded = false;
  }

  /** Whether it sends so much that it is not read from for a while. */
  setFlooding(isFlooding: boolean): void {
    this.isFlooding = isFlooding;
    this.readOrNot();
  }

  /** Answers a ping. Pongs wait for the reader too: who pings and does not read is not read from either. */
  pong(payload: Buffer): void {
    this.socket.pong(payload);
    if (this.phase !== 'closed' && this.unsentBytes > socketLimits.unsentBytesMax) this.press();
  }

  /** For how long the reader has not taken what waits for it. */
  get pressedMs(): number {
    return this.pressedAtMs === undefined ? 0 : this.around.clock.monotonicMs() - this.pressedAtMs;
  }

  /** The socket is gone, whoever closed it. */
  end(): void {
    this.phase = 'closed';
    this.dropWaiting();
    this.out = undefined;
    this.held = undefined;
    this.wakeUp();
  }

  close(code: number, reason = ''): void {
    this.flush();
    this.end();
    if (code === closeCodes.tooSlow) this.around.counts.closedTooSlow += 1;
    this.closedWith ??= code;
    if (this.socket.readyState === WebSocket.OPEN) this.socket.close(code, reason);
  }

  /** Writes what this turn has gathered. */
  flush(): void {
    const { out, wire } = this;
    if (out === undefined) return;
    this.out = undefined;
    this.outBytes = 0;
    if (this.socket.readyState !== WebSocket.OPEN) return;
    const { counts } = this.around;
    counts.writes += 1;
    if (!Array.isArray(out)) {
      counts.framesWritten += 1;
      counts.bytesWritten += out.length;
      wire.write(out, this.countUnsent(1));
      return;
    }
    counts.framesWritten += out.length;
    const taken = this.countUnsent(out.length);
    wire.cork();
    for (const [index, frame] of out.entries()) {
      counts.bytesWritten += frame.length;
      wire.write(frame, index === out.length - 1 ? taken : undefined);
    }
    wire.uncork();
  }

  private get unsentBytes(): number {
    return this.wire.writableLength + this.outBytes;
  }

  /** Where nothing waits, counting begins anew; otherwise what is returned takes the frames off when they have been taken. */
  private countUnsent(frames: number): (() => void) | undefined {
    if (this.wire.writableLength === 0) {
      this.unsentFrames = frames;
      return undefined;
    }
    this.unsentFrames += frames;
    return () => {
      this.unsentFrames = Math.max(0, this.unsentFrames - frames);
    };
  }

  private push(fact: LiveFact): void {
    // A fan-out that is behind the views hands out what the sync has told.
    if ((fact.asNewAs ?? fact.position) <= this.syncedUpTo) return;
    if (this.inBackground && fact.mark !== undefined) {
      this.held ??= new HeldFacts();
      if (this.held.hold(fact.mark, fact) > socketLimits.heldFactsMax) this.release();
      return;
    }
    this.release();
    if (this.phase !== 'live') {
      this.deliver(fact);
      return;
    }
    this.pushNow(fact);
    this.hasNews = true;
  }

  /** Sends what was held back. */
  private release(): void {
    const { held } = this;
    if (held === undefined) return;
    this.held = undefined;
    for (const fact of held.all()) {
      if (this.phase === 'live') this.pushNow(fact);
      else this.deliver(fact);
    }
  }

  private pushNow(fact: LiveFact): void {
    const { unsentBytesMax, unsentFramesMax } = socketLimits;
    if ((this.unsentBytes > unsentBytesMax || this.unsentFrames > unsentFramesMax) && this.press()) {
      this.phase = 'behind';
      this.droppedFrom = fact.position;
      this.drop(fact);
      return;
    }
    this.write(fact.frame);
  }

  /** Between keys the feed may hand out later facts before earlier ones: it comes again from the earliest on. */
  private drop({ position }: LiveFact): void {
    this.droppedFrom = Math.min(this.droppedFrom, position);
    this.around.counts.factsDropped += 1;
  }

  private write(frame: Buffer): void {
    if (this.phase === 'closed') return;
    this.outBytes += frame.length;
    if (this.out === undefined) {
      this.out = frame;
      this.around.turn.flushLater(this);
    } else if (Array.isArray(this.out)) this.out.push(frame);
    else this.out = [this.out, frame];
    // Replies to a reader that does not read: it is not read from either, so only what is under way can still come.
    if (this.unsentBytes > socketLimits.unsentBytesMax) this.press();
  }

  /** Stops reading from whoever does not read, until it has; `false` when nothing is waiting after all. */
  private press(): boolean {
    if (this.pressedAtMs !== undefined) return true;
    this.flush();
    if (!this.wire.writableNeedDrain) {
      this.unsentFrames = 0;
      return false;
    }
    this.pressedAtMs = this.around.clock.monotonicMs();
    this.readOrNot();
    this.wire.once('drain', () => this.relieve());
    return true;
  }

  private relieve(): void {
    this.pressedAtMs = undefined;
    this.unsentFrames = 0;
    this.wakeUp();
    this.readOrNot();
    if (this.phase === 'behind') this.around.fellBehind(this, this.droppedFrom);
  }

  private readOrNot(): void {
    if (this.phase === 'closed') return;
    if (this.isFlooding || this.pressedAtMs !== undefined) this.socket.pause();
    else this.socket.resume();
  }

  private wakeUp(): void {
    this.wake?.();
    this.wake = undefined;
  }
}
