/**
 * A model of a client that does as the documents say: an outbox that repeats under the same id until there is an answer,
 * a cursor that is stored when it is told, gaps that are read up, and a connection that is made again whenever it ends.
 */
import type { SyncPage } from '../../src/adapters/nest/sync.js';
import { DeviceMemory, type Gap } from './device-memory.js';
import type { Json } from './history.js';
import { Link, type Receiver } from './link.js';
import { Polling } from './polling.js';
import type { Actor } from './schedule.js';
import type { ServerProcess } from './server.js';
import type { World } from './world.js';

export interface Outgoing {
  readonly type: 'send-message' | 'remove-message' | 'mark-read';
  readonly data: Json;
  tries: number;
  /** The frame that is under way. */
  frameId?: string | undefined;
}

const CLIENT = { capabilities: [], client: { name: 'simulation', version: '1' } };
const UNANSWERED_MS = 15_000;
const PAGE_LIMIT = 20;

export class Device implements Actor, Receiver {
  readonly isAlive = true;
  pausedUntilMs = 0;
  readonly memory: DeviceMemory;
  readonly outbox = new Set<Outgoing>();
  tasks = 0;
  isOff = false;
  isLive = false;
  awayUntilMs = 0;
  cursor: string | undefined;
  link: Link | undefined;
  readonly polling = new Polling(this);
  /** What was begun before it was installed anew is given up. */
  installations = 0;
  private readonly waiting = new Map<string, { readonly call: number; readonly done: (frame: Json) => void }>();
  private wake: () => void = () => undefined;
  private isReadingUp = false;
  /** The cursor that it has stored is one of a page that was not the last. */
  private isBetweenPages = false;
  private isInBackground = false;

  constructor(
    readonly world: World,
    readonly person: number,
    readonly accountId: string,
    readonly deviceId: string,
  ) {
    this.memory = new DeviceMemory(accountId);
    world.history.add({ kind: 'empty', device: deviceId, account: accountId });
  }

  get isAtRest(): boolean {
    return this.isOff || (this.isLive && this.outbox.size === 0 && this.tasks === 0 && this.memory.gaps.length === 0);
  }

  get restlessness(): string {
    const open = [...this.outbox].map(({ type, tries }) => `${type} (${tries} tries)`);
    return [this.isLive ? 'live' : 'not live', ...open, `${this.tasks} tasks`, `${this.memory.gaps.length} gaps`].join(', ');
  }

  /** Connects, lives on the socket until it ends, and comes again. */
  async live(): Promise<void> {
    const { schedule } = this.world;
    for (;;) {
      if (this.isOff) return;
      if (this.awayUntilMs > schedule.nowMs) await schedule.wait(this, this.awayUntilMs - schedule.nowMs);
      else if (this.world.chance.happens(this.world.plan.pollRate)) await this.polling.live();
      else if (await this.connect()) await new Promise<void>((resolve) => (this.wake = resolve));
      this.isLive = false;
      await schedule.wait(this, 100 + schedule.chance.fraction() * 1_500);
    }
  }

  goAway(forMs: number): void {
    this.awayUntilMs = this.world.schedule.nowMs + forMs;
    this.disconnect();
  }

  switchOff(): void {
    this.isOff = true;
    this.disconnect();
  }

  disconnect(): void {
    this.link?.cut();
    this.polling.stop();
  }

  /** Nothing disturbs its socket any more. A request that is under way may have been lost before, so it is given up. */
  calmDown(): void {
    this.link?.calmDown();
    if (this.isInBackground || this.polling.isOn) this.disconnect();
  }

  /** As when a phone lets its program sleep and keeps the connection. */
  stopReading(forMs: number): void {
    this.pausedUntilMs = this.world.schedule.nowMs + forMs;
    if (this.link !== undefined) this.link.stopsUntilMs = this.pausedUntilMs;
  }

  reinstall(): void {
    this.disconnect();
    this.installations += 1;
    this.cursor = undefined;
    this.isBetweenPages = false;
    this.memory.clear();
    this.world.history.add({ kind: 'empty', device: this.deviceId, account: this.accountId });
  }

  /** Goes out now or when there is a connection, and again until it is answered. */
  post(type: Outgoing['type'], data: Json): void {
    const outgoing: Outgoing = { type, data, tries: 0 };
    this.outbox.add(outgoing);
    void this.send(outgoing);
  }

  frame(text: string): void {
    const frame = JSON.parse(text) as Json & { readonly type: string };
    switch (frame.type) {
      case 'welcome':
        return;
      case 'ack':
      case 'error':
        this.waiting.get(frame.replyTo as string)?.done(frame);
        this.waiting.delete(frame.replyTo as string);
        return;
      case 'resync':
        this.isLive = false;
        this.world.counters.hit('socket: resync');
        this.world.history.add({ kind: 'resync', device: this.deviceId });
        return;
      case 'mark':
      case 'caught-up':
        this.store((frame.data as { cursor: string }).cursor);
        if (frame.type === 'caught-up') this.isLive = true;
        return;
      default:
        this.take(frame, 'socket');
    }
  }

  closed(code: number): void {
    this.world.history.add({ kind: 'closed', device: this.deviceId, code });
    this.link = undefined;
    this.isLive = false;
    this.waiting.clear();
    for (const outgoing of this.outbox) outgoing.frameId = undefined;
    this.wake();
  }

  closing(code: number): void {
    this.world.countClosed(code);
  }

  terminated(): void {
    this.world.counters.hit('socket: unanswered pings');
  }

  private async connect(): Promise<boolean> {
    const { world } = this;
    const process = world.anyProcess();
    if (process === undefined) return false;
    const { installations } = this;
    const isPaging = this.cursor === undefined || world.chance.happens(world.plan.pagingRate);
    if (isPaging && !(await this.syncByPages())) return false;
    const ticket = await world.request(this, process, 'issueSocketTicket', {});
    if (ticket?.ok !== true || !process.isAlive || this.isOff) return false;
    const principal = await world.upgrade(this, process, ticket.value.ticket as string);
    if (principal === undefined || this.isOff || !process.isAlive || installations !== this.installations) return false;
    if (this.isBetweenPages) world.counters.hit('sync: from between pages');
    this.link = new Link(world.schedule, this, world.plan.sockets?.highWaterBytes);
    world.history.add({ kind: 'opened', device: this.deviceId, account: this.accountId, process: process.index });
    world.links.set(this.link, process);
    process.gateway.handleConnection(this.link as never, this.link as never, principal);
    const cursor = this.cursor === undefined ? {} : { cursor: this.cursor };
    this.isInBackground = !world.isQuiet && world.chance.happens(world.plan.backgroundRate);
    if (this.isInBackground) world.counters.hit('socket: background');
    const background = this.isInBackground ? { background: true } : {};
    this.link.say(JSON.stringify({ type: 'hello', id: world.ids.uuid(), data: { ...CLIENT, ...cursor, ...background } }));
    this.sendAll();
    return true;
  }

  sendAll(): void {
    for (const outgoing of [...this.outbox]) void this.send(outgoing);
    void this.readUp();
  }

  /** Page by page, each from whoever answers; the cursor of each page is stored. */
  async syncByPages(): Promise<boolean> {
    const { world, installations } = this;
    let earlier: ServerProcess | undefined;
    for (;;) {
      const process = world.anyProcess();
      if (process === undefined) return false;
      const { cursor } = this;
      const page = await world.ask(this, process, () => process.sync.page(this.principal, cursor));
      if (page === undefined || this.isOff || installations !== this.installations) return false;
      if (earlier !== undefined) world.counters.hit('sync: next page');
      if (earlier !== undefined && earlier !== process) world.counters.hit('sync: next page elsewhere');
      earlier = process;
      this.takePage(page);
      if (page.caughtUp) return true;
    }
  }

  takePage({ items, limited, cursor, caughtUp }: SyncPage): void {
    for (const fact of items) this.take(fact as unknown as Json, 'page');
    for (const data of limited) this.take({ type: 'limited', data }, 'page');
    this.isBetweenPages = !caughtUp;
    if (caughtUp) this.store(cursor);
    else this.cursor = cursor;
  }

  private take(frame: Json, via: 'socket' | 'page'): void {
    this.world.history.add({ kind: 'fact', device: this.deviceId, account: this.accountId, via, frame });
    if (frame.type === 'limited') this.world.counters.hit('sync: limited');
    this.memory.take(frame);
    if (this.memory.gaps.length > 0) void this.readUp();
  }

  private store(cursor: string): void {
    this.cursor = cursor;
    this.isBetweenPages = false;
    this.world.history.add({ kind: 'stored', device: this.deviceId });
    if ((this.link !== undefined || this.polling.isOn) && this.world.chance.happens(0.7))
      void this.command('received', { cursor });
  }

  private async send(outgoing: Outgoing): Promise<void> {
    const isConnected = this.link !== undefined || this.polling.isOn;
    if (!isConnected || outgoing.frameId !== undefined || this.isOff) return;
    const { schedule } = this.world;
    outgoing.tries += 1;
    const answer = await this.command(outgoing.type, outgoing.data, (id) => (outgoing.frameId = id));
    if (answer === undefined) return;
    outgoing.frameId = undefined;
    const problem = answer.problem as { readonly retryable: boolean } | undefined;
    if (problem?.retryable !== true) {
      this.outbox.delete(outgoing);
      return;
    }
    await schedule.wait(this, 200 + schedule.chance.fraction() * 2_000);
    if (this.outbox.has(outgoing)) await this.send(outgoing);
  }

  /** The reply, or undefined when the connection ended first. */
  private command(
    type: string,
    data: Json,
    named: (id: string | undefined) => void = () => undefined,
  ): Promise<Json | undefined> {
    const { world, link } = this;
    if (link === undefined) return this.polling.isOn ? this.byRequest(type, data, named) : Promise.resolve(undefined);
    const id = world.ids.uuid();
    named(id);
    const call = world.history.call(this, type, data);
    link.say(JSON.stringify({ type, id, data }));
    return new Promise((resolve) => {
      const done = (frame: Json): void => {
        world.answered(call, frame);
        resolve(frame);
      };
      this.waiting.set(id, { call, done });
      world.schedule.at(this, world.schedule.nowMs + UNANSWERED_MS, () => {
        if (this.waiting.delete(id)) this.link?.cut();
      });
    });
  }

  /** Without an answer it is made again from the outbox, if it stands there. */
  private async byRequest(type: string, data: Json, named: (id: string | undefined) => void): Promise<Json | undefined> {
    named('a request');
    const answer = await this.polling.command(type, data);
    if (answer !== undefined) return answer;
    named(undefined);
    this.sendAll();
    return undefined;
  }

  /** Asks for the places that a sync named and did not tell. */
  private async readUp(): Promise<void> {
    if (this.isReadingUp) return;
    this.isReadingUp = true;
    while (this.memory.gaps.length > 0 && !this.isOff) {
      const gap = this.memory.gaps[0]!;
      const process = this.world.anyProcess();
      const isDone = process !== undefined && (await this.readGap(process, gap));
      if (isDone) this.memory.close(gap);
      else await this.world.schedule.wait(this, 500);
    }
    this.isReadingUp = false;
  }

  /** A process whose views lag behind does not have all of it yet: then it is asked for again. */
  private async readGap(process: ServerProcess, { conversationId, fromSeq, toSeq }: Gap): Promise<boolean> {
    const lacking = new Set(Array.from({ length: toSeq - fromSeq + 1 }, (_, index) => fromSeq + index));
    let pageToken: string | undefined;
    do {
      const asked = { fromSeq, toSeq, limit: PAGE_LIMIT, ...(pageToken === undefined ? {} : { pageToken }) };
      const page = await this.world.ask(this, process, () =>
        process.reads.messages(this.principal, conversationId as never, asked),
      );
      if (page === undefined) return false;
      for (const { seq } of page.items) lacking.delete(seq);
      this.world.sawRead(this, process, 'messages', conversationId, { items: page.items });
      pageToken = page.nextPageToken;
    } while (pageToken !== undefined);
    return lacking.size === 0;
  }

  get principal() {
    return { accountId: this.accountId as never, deviceId: this.deviceId as never };
  }
}
