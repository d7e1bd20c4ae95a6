/**
 * One signed-in device on both doors: it stays connected, takes in every fact once and in order, notices holes and mends
 * them by a sync, and sends each message under one id until the server has it on disk.
 * `received` is said only after the owner of the session has taken the facts in and the cursor is stored.
 */
import type { Clock } from '../../application/ports/clock.js';
import type { IdSource } from '../../application/ports/id-source.js';
import { afterClose, afterFailure, type Decision, fullJitter, isPoison, retryAfter } from './backoff.js';
import type { DeviceState, StateStore } from './device-state.js';
import { RestDoor } from './rest-door.js';
import { Revisions } from './revisions.js';
import { DeviceTokens } from './signing-in.js';
import { type Closed, ConnectionEnded, isFact, type ServerFrame, SocketDoor } from './socket-door.js';
import type { Content, Fact, MessageAck, Outgoing, Range, SyncPage } from './wire.js';
import { codeOf, Refused, Unreachable } from './wire.js';

/** `snapshot`: the first sync of a device. `missed`: what happened while it was away. `live`: now. */
export type Origin = 'snapshot' | 'missed' | 'live';

export interface SessionEvents {
  /** Awaited before the fact counts as taken in; it must not wait for a command of the same session. */
  fact(fact: Fact, origin: Origin): void | Promise<void>;
  /** All that was missed has been handed over; awaited like a fact. */
  caughtUp?(isFirst: boolean): void | Promise<void>;
  /** Left out of a sync because it is too much: page it from REST. */
  leftOut?(range: Range): void | Promise<void>;
  lost?(): void;
  ended?(why: string): void;
}

export interface SessionOptions {
  readonly state: DeviceState;
  readonly store: StateStore;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly events: SessionEvents;
  readonly program?: { readonly name: string; readonly version: string };
}

export interface ToSend {
  readonly conversationId: string;
  readonly content: Content;
  readonly messageId?: string;
  readonly commitment?: string;
}

/** The session is over: the message says why, in words for the person. */
export class Ended extends Error {
  override readonly name = 'Ended';
}

const SYNC_PAGES_MAX = 10_000;
const MEND_TRIES_MAX = 20;
const MEND_EVERY_MS = 100;

const cursorOf = (frame: ServerFrame): string => String(frame.data?.cursor);

export class ChatSession {
  readonly rest: RestDoor;
  private readonly revisions: Revisions;
  private readonly tokens: DeviceTokens;
  private readonly stopping = new AbortController();
  private readonly first = Promise.withResolvers<void>();
  /** Open to commands while a connection is. */
  private gate = Promise.withResolvers<SocketDoor>();
  private over: Ended | undefined;
  private door: SocketDoor | undefined;
  private intake: Promise<void> = Promise.resolve();
  private running: Promise<void> | undefined;
  private failures = 0;
  private isLive = false;
  private wasLive = false;

  constructor(private readonly options: SessionOptions) {
    const { state, store, clock } = options;
    const rest = new RestDoor(state.serverUrl, clock);
    this.tokens = new DeviceTokens(state, { rest, store, clock });
    this.rest = rest.signedInAs(this.tokens);
    this.revisions = new Revisions(state.revisions);
    this.gate.promise.catch(() => undefined);
    this.first.promise.catch(() => undefined);
  }

  get accountId(): string {
    return this.options.state.accountId ?? '';
  }

  /** For calls that this session does not make itself. */
  accessToken(): Promise<string> {
    return this.tokens.accessToken();
  }

  get isConnected(): boolean {
    return this.isLive;
  }

  /** Resolves when everything up to now has been handed over; keeps the connection from then on. */
  start(): Promise<void> {
    this.running ??= this.run();
    return this.first.promise;
  }

  async stop(): Promise<void> {
    this.finish('the session was stopped.');
    this.door?.leave();
    await this.running;
    await this.intake;
  }

  /** Keeps a message until it is delivered, over crashes and restarts. */
  async enqueue(message: ToSend): Promise<Outgoing> {
    const { state, store, ids } = this.options;
    const outgoing: Outgoing = { ...message, messageId: message.messageId ?? ids.uuid() };
    state.outbox.push(outgoing);
    await store.save(state);
    return outgoing;
  }

  /** What was kept and not delivered. */
  get outbox(): readonly Outgoing[] {
    return this.options.state.outbox;
  }

  /** Resolves when the server has the message on disk. Throws `Refused` when it will never take it. */
  async deliver(outgoing: Outgoing): Promise<MessageAck> {
    const { state, store } = this.options;
    try {
      const reply = await this.untilAnswered('send-message', outgoing);
      return reply.data as unknown as MessageAck;
    } finally {
      if (this.over === undefined) {
        state.outbox = state.outbox.filter(({ messageId }) => messageId !== outgoing.messageId);
        await store.save(state);
      }
    }
  }

  async send(message: ToSend): Promise<MessageAck> {
    return this.deliver(await this.enqueue(message));
  }

  markRead(conversationId: string, seq: number): Promise<void> {
    return this.command('mark-read', { conversationId, seq });
  }

  /** Sends a command until it is acked; every command of the socket may be repeated. */
  async command(type: string, data: object): Promise<void> {
    await this.untilAnswered(type, data);
  }

  private async untilAnswered(type: string, data: object): Promise<ServerFrame> {
    const { clock, ids } = this.options;
    for (let attempt = 0; ; attempt += 1) {
      const door = await this.gate.promise;
      try {
        return await door.request(type, data);
      } catch (error) {
        if (error instanceof Refused && !error.problem.retryable) throw error;
        if (!(error instanceof Refused || error instanceof Unreachable)) throw error;
        // Sent again it would only break the next connection too.
        if (error instanceof ConnectionEnded && isPoison(error.code)) throw error;
        await clock.wait(retryAfter(error, attempt, ids.fraction()), this.stopping.signal);
      }
    }
  }

  private async run(): Promise<void> {
    const { clock, state, store } = this.options;
    while (!this.stopping.signal.aborted) {
      const decision = await this.connection();
      if (this.stopping.signal.aborted) return;
      if (decision.action === 'stop') {
        if (decision.signOut) await store.forget();
        this.finish(decision.why);
        return this.options.events.ended?.(decision.why);
      }
      this.failures += 1;
      if (decision.renew) delete state.accessToken;
      await clock.wait(decision.afterMs, this.stopping.signal);
    }
  }

  private finish(why: string): void {
    this.over ??= new Ended(why);
    this.stopping.abort();
    this.gate.reject(this.over);
    this.first.reject(this.over);
  }

  /** One connection from its beginning to its end, and what to do after it. */
  private async connection(): Promise<Decision> {
    const { state, ids } = this.options;
    const fraction = ids.fraction();
    try {
      if (state.cursor === undefined) await this.catchUp('snapshot');
      const closed = await this.connected(await this.tokens.accessToken());
      return afterClose(closed.code, closed.reason, this.failures, fraction);
    } catch (error) {
      if (codeOf(error) === 'cursor-expired' || codeOf(error) === 'invalid-cursor') {
        delete state.cursor;
        return { action: 'reconnect', afterMs: fullJitter(this.failures, fraction), renew: false };
      }
      return afterFailure(error, this.failures, fraction);
    }
  }

  private async connected(token: string): Promise<Closed> {
    const { state, clock, ids, program = { name: 'sottovoce-cli', version: '1' } } = this.options;
    const early: ServerFrame[] = [];
    let handed = (frame: ServerFrame): void => void early.push(frame);
    const door = await SocketDoor.open(state.serverUrl, token, { clock, ids }, (frame) => handed(frame));
    handed = (frame) => this.take(door, frame);
    for (const frame of early) handed(frame);
    this.door = door;
    if (this.stopping.signal.aborted) door.leave();
    try {
      const hello = { ...(state.cursor !== undefined && { cursor: state.cursor }), capabilities: [], client: program };
      await door.request('hello', hello);
      this.gate.resolve(door);
      const closed = await door.closed;
      this.shutGate();
      return closed;
    } finally {
      door.leave();
      await this.intake;
      this.door = undefined;
      if (this.isLive && this.over === undefined) this.options.events.lost?.();
      this.isLive = false;
    }
  }

  private shutGate(): void {
    this.gate = Promise.withResolvers<SocketDoor>();
    this.gate.promise.catch(() => undefined);
    if (this.over !== undefined) this.gate.reject(this.over);
  }

  /** Frames are taken in one after the other; one that fails ends its connection, so that none behind it is believed. */
  private take(door: SocketDoor, frame: ServerFrame): void {
    this.intake = this.intake.then(async () => {
      if (this.door !== door) return;
      try {
        await this.takeIn(door, frame);
      } catch {
        this.door = undefined;
        door.abandon();
      }
    });
  }

  private async takeIn(door: SocketDoor, frame: ServerFrame): Promise<void> {
    if (isFact(frame)) return this.takeFact(frame);
    if (frame.type === 'limited') return this.options.events.leftOut?.(frame.data as unknown as Range);
    if (frame.type === 'caught-up') return this.live(door, cursorOf(frame));
    if (frame.type === 'reauth') void this.authenticate(door);
    // What was left out comes by itself, and then caught-up: until then a jump is no hole.
    if (frame.type === 'resync') this.isLive = false;
    if (frame.type !== 'mark') return;
    await this.store(cursorOf(frame));
    void this.confirm(door);
  }

  /** Without a newer token in time the server closes the connection, and the next one brings it. */
  private async authenticate(door: SocketDoor): Promise<void> {
    const renewed = this.tokens.renew(this.options.state.accessToken);
    await renewed.then((accessToken) => door.request('authenticate', { accessToken })).catch(() => undefined);
  }

  /** What is not confirmed now is confirmed with the next cursor. */
  private async confirm(door: SocketDoor): Promise<void> {
    await door.request('received', { cursor: this.options.state.cursor }).catch(() => undefined);
  }

  private async live(door: SocketDoor, cursor: string): Promise<void> {
    const isFirst = !this.wasLive;
    await this.options.events.caughtUp?.(isFirst);
    await this.store(cursor);
    await this.confirm(door);
    this.isLive = true;
    this.wasLive = true;
    this.failures = 0;
    this.first.resolve();
  }

  private async takeFact(fact: Fact): Promise<void> {
    const verdict = this.revisions.judge(fact, this.accountId);
    if (verdict === 'repeat') return;
    // While it catches up the server says itself what it leaves out; after that a jump is a hole.
    if (verdict === 'hole' && this.isLive) return this.mend(fact);
    this.revisions.take(fact);
    await this.options.events.fact(fact, this.isLive ? 'live' : 'missed');
  }

  /** A sync vouches for what the views hold, which may be a little behind what was just seen. */
  private async mend({ scope, revision = 0 }: Fact): Promise<void> {
    for (let tries = 0; tries < MEND_TRIES_MAX; tries += 1) {
      await this.catchUp('live');
      if ((this.revisions.last(scope) ?? -1) >= revision) return;
      await this.options.clock.wait(MEND_EVERY_MS, this.stopping.signal);
    }
    throw new Unreachable('The sync does not reach what was seen.');
  }

  /** Pages the sync from the stored cursor to its end; without one, all that there is. */
  private async catchUp(origin: Origin): Promise<void> {
    const { state, events } = this.options;
    let cursor = state.cursor;
    for (let pages = 0; pages < SYNC_PAGES_MAX; pages += 1) {
      const query = cursor === undefined ? '' : `?cursor=${encodeURIComponent(cursor)}`;
      const page = await this.rest.get<SyncPage>(`/v1/sync${query}`);
      for (const range of page.limited ?? []) await events.leftOut?.(range);
      for (const fact of page.items) {
        if (this.revisions.judge(fact, this.accountId) === 'repeat') continue;
        this.revisions.take(fact);
        await events.fact(fact, origin);
      }
      cursor = page.cursor;
      if (page.caughtUp) return this.store(cursor);
    }
    throw new Unreachable('The sync did not come to an end.');
  }

  private async store(cursor: string): Promise<void> {
    this.options.state.cursor = cursor;
    await this.options.store.save(this.options.state);
  }
}
