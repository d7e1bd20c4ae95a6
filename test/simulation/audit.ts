/**
 * The end of a world: faults stop, everything comes to rest within a bounded time, and everybody is asked what they see.
 * Views are asked for all that they hold, and compared with what the log gives when it is folded from its start.
 */

import { InMemoryEventFeed } from '../../src/adapters/in-memory/in-memory-event-feed.js';
import { InMemoryViews } from '../../src/adapters/in-memory/in-memory-views.js';
import { SessionHub } from '../../src/adapters/websocket/session-hub.js';
import { createProcesses } from '../../src/processes.js';
import type { Views } from '../../src/projections/kernel/views.js';
import { allCollections } from '../../src/projections/projections.js';
import type { Device } from './device.js';
import type { Json } from './history.js';
import type { Script } from './script.js';
import type { ServerProcess } from './server.js';
import type { World } from './world.js';

const STILL_MS = 8_000;
/** Longer than the longest retry, timeout, token, ticket and mark; shorter than anybody’s patience. */
const REST_WITHIN_MS = 240_000;
/** What was destroyed may be read from a cache for so long. */
const FORGOTTEN_AFTER_MS = 61_000;
const ALL = 1_000_000;
const GAP_MS = 40;
const COMPARISONS_MAX = 5;

export class Audit {
  constructor(
    private readonly world: World,
    private readonly script: Script,
  ) {}

  async run(): Promise<void> {
    const { world } = this;
    this.stopFaults();
    if (!(await this.comesToRest())) return;
    world.history.add({ kind: 'calm' });
    // Something is said once more, so that whoever should not hear it has something not to hear.
    for (const room of world.rooms) {
      const device = this.someoneIn(room);
      if (device !== undefined) this.script.say(device, room, world.plan.hasHabits);
    }
    if (!(await this.comesToRest())) return;
    if (world.plan.hasHabits && !(await this.readsAll())) return;
    if (world.counters.hits.has('account: erased')) await this.pass(FORGOTTEN_AFTER_MS);
    world.history.add({ kind: 'rest', stuck: [] });
    for (const process of world.servers) if (process !== undefined) await this.askAll(process);
    await this.compareViews();
  }

  /** A mark is the last that happens: nothing comes after it that would bring what was missed. */
  private async readsAll(): Promise<boolean> {
    for (const room of this.world.rooms) {
      const device = this.someoneIn(room, this.world.devices.toReversed());
      const lastSeq = device?.memory.rooms.get(room)?.lastSeq ?? 0;
      if (device !== undefined && lastSeq > 0) device.post('mark-read', { conversationId: room, seq: lastSeq });
      await this.pass(this.world.chance.fraction() * GAP_MS);
    }
    return this.comesToRest();
  }

  private someoneIn(room: string, devices = this.world.devices): Device | undefined {
    return devices.find(({ isOff, memory }) => !isOff && memory.rooms.get(room)?.isActive);
  }

  private stopFaults(): void {
    const { world } = this;
    world.isQuiet = true;
    world.history.add({ kind: 'quiet' });
    for (const process of world.servers) {
      if (process === undefined) continue;
      process.trouble.end();
      Object.assign(process, { pausedUntilMs: 0, isCutShort: false, skewMs: 0 });
    }
    for (const device of world.devices) {
      device.awayUntilMs = 0;
      device.pausedUntilMs = 0;
      // The others come again with the cursor that they have stored.
      if (world.chance.happens(world.plan.lingerRate)) device.calmDown();
      else device.disconnect();
    }
  }

  private async comesToRest(): Promise<boolean> {
    const untilMs = this.world.schedule.nowMs + REST_WITHIN_MS;
    let sinceMs: number | undefined;
    let stuck: string[] = [];
    while (this.world.schedule.nowMs < untilMs) {
      await this.pass(500);
      stuck = await this.stuck();
      if (stuck.length > 0) sinceMs = undefined;
      else sinceMs ??= this.world.schedule.nowMs;
      if (sinceMs !== undefined && this.world.schedule.nowMs - sinceMs >= STILL_MS) return true;
    }
    this.world.history.add({ kind: 'rest', stuck });
    return false;
  }

  private async pass(ms: number): Promise<void> {
    await this.world.schedule.until(() => false, this.world.schedule.nowMs + ms);
  }

  private async stuck(): Promise<string[]> {
    const { servers, devices, store } = this.world;
    const head = await store.headPosition();
    const found: string[] = this.world.erasing ? ['an erasure is under way'] : [];
    for (const [index, process] of servers.entries()) {
      if (process === undefined) found.push(`process ${index} is not up`);
      else if (process.processes.projector.position() < head) found.push(`the views of process ${index} are behind`);
      else if (process.processes.fanOut.upTo < head) found.push(`the fan-out of process ${index} is behind`);
    }
    for (const device of devices)
      if (!device.isAtRest) found.push(`device ${device.deviceId} is not at rest: ${device.restlessness}`);
    return found;
  }

  /** Every account, by one of its devices, at this process. */
  private async askAll(process: ServerProcess): Promise<void> {
    const asked = new Set<string>();
    for (const device of this.world.devices) {
      if (device.isOff || asked.has(device.accountId)) continue;
      asked.add(device.accountId);
      for (const room of this.world.rooms) await this.done(this.askRoom(process, device, room));
      await this.done(this.syncFromNothing(process, device));
    }
  }

  private async askRoom(process: ServerProcess, device: Device, room: string): Promise<void> {
    const { reads } = process;
    const id = room as never;
    const saw = (what: 'messages' | 'conversation' | 'receipts', data: Json) =>
      this.world.sawRead(device, process, what, room, data, { isFinal: true });
    const hidden = (what: string) => (error: unknown) => {
      if ((error as { code?: string }).code === undefined) throw error;
      const place = { account: device.accountId, conversationId: room, process: process.index };
      this.world.history.add({ kind: 'hidden', ...place, what });
      return undefined;
    };
    const conversation = await reads.conversation(device.principal, id).catch(hidden('conversation'));
    if (conversation !== undefined) saw('conversation', conversation as unknown as Json);
    const receipts = await reads.receipts(device.principal, id).catch(hidden('receipts'));
    if (receipts !== undefined) saw('receipts', { items: receipts });
    let pageToken: string | undefined;
    do {
      const page = await reads
        .messages(device.principal, id, { limit: 50, ...(pageToken && { pageToken }) })
        .catch(hidden('messages'));
      if (page === undefined) return;
      saw('messages', { items: page.items });
      pageToken = page.previousPageToken;
    } while (pageToken !== undefined);
  }

  /** As a new device of the account would see it all. */
  private async syncFromNothing(process: ServerProcess, { accountId, deviceId, principal }: Device): Promise<void> {
    const { history } = this.world;
    const device = `new device of ${deviceId} at ${process.index}`;
    history.add({ kind: 'empty', device, account: accountId });
    for (let cursor: string | undefined; ; ) {
      const page = await process.wholeSync.page(principal, cursor);
      for (const fact of page.items) {
        history.add({ kind: 'fact', device, account: accountId, via: 'page', frame: fact as unknown as Json });
      }
      for (const data of page.limited)
        history.add({ kind: 'fact', device, account: accountId, via: 'page', frame: { type: 'limited', data } });
      ({ cursor } = page);
      if (page.caughtUp) return;
    }
  }

  private async compareViews(): Promise<void> {
    // What was erased is gone from a fold, and only taken out of the views that stand: these two may differ.
    if (this.world.counters.hits.has('account: erased')) return;
    const first = this.world.servers.find((process) => process !== undefined);
    if (first === undefined) return;
    const { store } = this.world;
    const standing = this.world.servers.filter((process) => process !== undefined);
    for (let tries = 0; tries < COMPARISONS_MAX; tries += 1) {
      const head = await store.headPosition();
      const folded = await this.done(this.fold(first));
      await this.done(Promise.all(standing.map(({ processes }) => processes.projector.waitFor(head, REST_WITHIN_MS))));
      const dumps = await Promise.all(standing.map(({ durable }) => dumpOf(durable.kept.views)));
      // Somebody has written meanwhile: the fold and the views are not of one moment.
      if ((await store.headPosition()) !== head) continue;
      for (const [index, { index: process }] of standing.entries())
        this.world.history.add({ kind: 'views', process, dump: dumps[index]!, folded });
      return;
    }
    this.world.history.add({ kind: 'rest', stuck: ['somebody goes on writing'] });
  }

  /** The log from its start, in order, by the projector itself. */
  private async fold(process: ServerProcess): Promise<Json> {
    const views = new InMemoryViews();
    const { reads, sync } = process;
    const feed = new InMemoryEventFeed(this.world.store);
    const deps = {
      ...process.deps,
      eventStore: this.world.store,
      eventFeed: feed,
      credentials: { revokeDevice: async () => undefined },
    };
    const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
    const quiet = { ...deps, keys: { ...keysOf(process), destroy: async () => undefined } } as never;
    const foundation = {
      deps: quiet,
      views,
      projectionWriter: views,
      viewBuilds: views,
      expiring: {},
      caches: { conversations: { hits: 0, misses: 0 }, keys: { hits: 0, misses: 0 } },
      folders: { data: '', keys: '' },
      logId: '',
      secret: async () => Buffer.alloc(32),
      trafficLimiter: process.deps.rateLimiter,
      close: async () => undefined,
    };
    const { waits } = process.processes;
    const fold = createProcesses({ foundation, reads, sync, waits, hub: new SessionHub(), log });
    await fold.start();
    await fold.projector.waitFor(await this.world.store.headPosition(), REST_WITHIN_MS);
    await fold.stop();
    return dumpOf(views);
  }

  private async done<Value>(work: Promise<Value>): Promise<Value> {
    let isDone = false;
    const mark = (): void => {
      isDone = true;
    };
    work.then(mark, mark);
    if (!(await this.world.schedule.until(() => isDone, this.world.schedule.nowMs + REST_WITHIN_MS)))
      throw new Error('A question was never answered.');
    return work;
  }
}

const keysOf = ({ deps: { keys } }: ServerProcess) => ({
  open: keys.open.bind(keys),
  name: keys.name.bind(keys),
});

async function dumpOf(views: Views): Promise<Json> {
  const dump: Record<string, unknown> = {};
  for (const collection of allCollections) {
    dump[collection.name] = await views.page(collection as never, { equal: {}, limit: ALL });
  }
  return dump;
}
