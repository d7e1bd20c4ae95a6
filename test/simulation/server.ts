/**
 * One server process of a world: the real use cases, caches, projector, reactions, fan-out, gateway and reads, over the
 * adapters in memory. A start after a crash keeps what is durable and nothing else.
 */
import type { CommandBus } from '@nestjs/cqrs';
import { NodeKeyProofs } from '../../src/adapters/crypto/node-key-proofs.js';
import { InMemoryCredentials } from '../../src/adapters/in-memory/in-memory-credentials.js';
import { InMemoryIdempotencyLedger } from '../../src/adapters/in-memory/in-memory-idempotency-ledger.js';
import type { InMemoryKeyRows } from '../../src/adapters/in-memory/in-memory-key-rows.js';
import { InMemoryRateLimiter } from '../../src/adapters/in-memory/in-memory-rate-limiter.js';
import { InMemorySubjectKeys } from '../../src/adapters/in-memory/in-memory-subject-keys.js';
import { InMemoryViews } from '../../src/adapters/in-memory/in-memory-views.js';
import { AccessTokens, type Session } from '../../src/adapters/nest/access-tokens.js';
import { messages } from '../../src/adapters/nest/cqrs-bridge.js';
import { Dispatch } from '../../src/adapters/nest/dispatch.js';
import type { Log } from '../../src/adapters/nest/log.js';
import { LongPoll } from '../../src/adapters/nest/long-poll.js';
import { Reads } from '../../src/adapters/nest/reads.js';
import { SealedTokens } from '../../src/adapters/nest/sealed-tokens.js';
import { Sync } from '../../src/adapters/nest/sync.js';
import { SyncWaits } from '../../src/adapters/nest/sync-waits.js';
import { SqlitePostedIndex } from '../../src/adapters/sqlite/sqlite-posted-index.js';
import { ChatGateway } from '../../src/adapters/websocket/chat.gateway.js';
import { commands } from '../../src/adapters/websocket/commands.js';
import type { SocketSession } from '../../src/adapters/websocket/session.js';
import { SessionHub } from '../../src/adapters/websocket/session-hub.js';
import { ConversationStates } from '../../src/application/conversation-states.js';
import { EventCodec } from '../../src/application/event-codec.js';
import type { Principal } from '../../src/application/ports/credentials.js';
import type { Ports } from '../../src/application/ports/ports.js';
import { ReceiptMarks } from '../../src/application/receipts/receipt-marks.js';
import type { Deps } from '../../src/application/use-case.js';
import { useCases } from '../../src/application/use-cases.js';
import type { Handle } from '../../src/domain/kernel/ids.js';
import { later } from '../../src/domain/kernel/instant.js';
import { limits } from '../../src/domain/kernel/limits.js';
import { createProcesses, type Processes } from '../../src/processes.js';
import { handleOfMember, presentConversations } from '../../src/projections/conversation-members.js';
import type { Views } from '../../src/projections/kernel/views.js';
import { Chance } from './chance.js';
import { type Checkpoints, FaultyFeed } from './faulty-feed.js';
import { faultyKeyRows, KeptViews, slowViews } from './faulty-parts.js';
import { FaultyStore } from './faulty-store.js';
import type { Json } from './history.js';
import { FaultyLedger, type KeyedName, throughKeys } from './keyed-door.js';
import { bareSeed } from './plan.js';
import type { Suffering } from './trouble.js';
import { Trouble } from './trouble.js';
import type { Answer, World } from './world.js';

export const SECRET = Buffer.alloc(32, 7);
const LIMITS = { signInsPerTargetHourMax: 1_000, signInsPerAddressHourMax: 10_000, lookupsPerAccountMinuteMax: 1_000 };
const LOG_ID = 'the-log';

/** What outlives a process. */
export interface Durable {
  readonly kept: KeptViews;
  readonly checkpoints: Checkpoints;
}

export class ServerProcess implements Suffering {
  isAlive = true;
  isCutShort = false;
  pausedUntilMs = 0;
  skewMs = 0;
  readonly deps: Deps;
  readonly reads: Reads;
  readonly sync: Sync;
  /** With pages of the usual size, for what is asked at the end. */
  readonly wholeSync: Sync;
  readonly hub = new SessionHub();
  readonly dispatch: Dispatch;
  readonly gateway: ChatGateway;
  readonly processes: Processes;
  readonly clock;
  private readonly views: Views;
  private readonly waits: SyncWaits;

  private constructor(
    private readonly world: World,
    readonly index: number,
    readonly durable: Durable,
    readonly trouble: Trouble,
    keys: Ports['keys'],
  ) {
    this.clock = world.schedule.clockOf(this);
    const views = slowViews(world.schedule, this, durable.kept);
    const ports = this.ports(keys, views);
    const codec = new EventCodec(ports.keys);
    const own = { ...ports, codec, settings: LIMITS };
    this.deps = { ...own, conversations: new ConversationStates(own), receiptMarks: new ReceiptMarks(own) };
    const tokens = new SealedTokens(SECRET);
    this.reads = new Reads({ views, keys: ports.keys, clock: this.clock, tokens });
    const asked = { views, reads: this.reads, tokens, clock: this.clock, logId: LOG_ID };
    const { pages: pageLimits } = world.plan;
    this.wholeSync = new Sync(asked);
    this.sync = pageLimits === undefined ? this.wholeSync : new Sync({ ...asked, pageLimits });
    this.dispatch = new Dispatch(busOver(this.deps), ports.ids);
    const log = this.log();
    const secret = async () => SECRET;
    const foundation = {
      deps: this.deps,
      views,
      projectionWriter: views,
      viewBuilds: new InMemoryViews(),
      expiring: {},
      caches: { conversations: this.deps.conversations.lookups, keys: { hits: 0, misses: 0 } },
      folders: { data: '', keys: '' },
      logId: LOG_ID,
      secret,
      trafficLimiter: this.deps.rateLimiter,
      close: async () => undefined,
    };
    this.views = views;
    this.waits = new SyncWaits({ clock: this.clock, handleOfMember: (id, memberId) => handleOfMember(views, id, memberId) });
    this.processes = createProcesses({ foundation, reads: this.reads, sync: this.sync, waits: this.waits, hub: this.hub, log });
    const { clock, ids, credentials } = this.deps;
    const { fanOut } = this.processes;
    this.gateway = new ChatGateway({
      dispatch: this.dispatch,
      sync: this.sync,
      hub: this.hub,
      fanOut,
      tokens: new AccessTokens(SECRET, { clock, credentials }),
      credentials,
      clock,
      ids,
      log,
    });
    this.processes.failed.catch(() => world.hasFailed(this));
  }

  static async start(world: World, index: number, durable: Durable): Promise<ServerProcess> {
    const trouble = new Trouble(world.schedule, world.counters);
    // Opening finds its store as it is; what comes later may meet a key store that is slow, or away.
    let faulty: InMemoryKeyRows | undefined;
    const rows = new Proxy(world.keyRows, { get: (target, name) => Reflect.get(faulty ?? target, name) });
    const keys = await InMemorySubjectKeys.open(world.rootKeys, world.clock, rows, { buckets: 2 });
    const process = new ServerProcess(world, index, durable, trouble, keys);
    faulty = faultyKeyRows(world.schedule, process, world.keyRows);
    await process.processes.start();
    return process;
  }

  /** `looked` is told of each look at the sync. */
  polls(looked: () => void): LongPoll {
    const page: Sync['page'] = (...asked) => {
      looked();
      return this.sync.page(...asked);
    };
    const conversationsOf = (handle: Handle) => presentConversations(this.views, handle);
    return new LongPoll({ sync: { page }, reads: this.reads, waits: this.waits, clock: this.clock, conversationsOf });
  }

  /** As a door has it whose caller shows a fresh token. */
  sessionOf(principal: Principal): Session {
    return { ...principal, expiresAt: later(this.clock.now(), limits.accessTokenLifeMs) };
  }

  /** What the socket does for a frame of this type. */
  command(principal: Principal, type: string, data: Json): Promise<object> {
    const { dispatch, sync, clock, deps } = this;
    const tokens = { verify: async () => undefined };
    const given = { dispatch, sync, tokens, credentials: deps.credentials, clock };
    return commands[type as 'send-message'](given, data as never, { principal } as SocketSession);
  }

  private ports(keys: Ports['keys'], views: ReturnType<typeof slowViews>): Ports {
    const { world } = this;
    const ids = new Chance(`${bareSeed(world.plan.seed)}:process:${this.index}:${world.starts}`);
    const eventStore = new FaultyStore(world, this);
    return {
      eventStore,
      eventFeed: new FaultyFeed(world.schedule, this, eventStore, this.durable.checkpoints, world.plan.batchMax),
      keys,
      rootKeys: world.rootKeys,
      postedIndex: new SqlitePostedIndex(views),
      directory: world.directory,
      credentials: new InMemoryCredentials(SECRET, ids, world.credentialRows),
      codeSender: world.codes,
      rateLimiter: new InMemoryRateLimiter(SECRET),
      idempotencyLedger: this.ledger(ids),
      keyProofs: new NodeKeyProofs(),
      clock: this.clock,
      ids,
    };
  }

  private ledger(ids: Chance): Ports['idempotencyLedger'] {
    const { ledgerRows, openKeys, schedule } = this.world;
    return new FaultyLedger(schedule, this, new InMemoryIdempotencyLedger(SECRET, ids, ledgerRows), openKeys);
  }

  keyed(name: KeyedName, key: string, input: Json, principal: Principal): Promise<Answer> {
    const { dispatch, clock, deps } = this;
    return throughKeys({ dispatch, clock, ledger: deps.idempotencyLedger, log: this.log() }, name, key, input, principal);
  }

  private log(): Log {
    const error: Log['error'] = (event, fields) => {
      if (event !== 'process-failed') this.world.logged(this, event, (fields as { readonly error?: unknown } | undefined)?.error);
    };
    return { info: () => undefined, warn: () => undefined, error };
  }
}

/** Finds the use case by the class of the message, as the bus of the framework does. */
function busOver(deps: Deps): CommandBus {
  type Handle = (input: unknown, context: unknown) => Promise<unknown>;
  const handlers = new Map<unknown, Handle>();
  for (const name of Object.keys(useCases) as (keyof typeof useCases)[]) {
    handlers.set(messages[name], useCases[name](deps) as unknown as Handle);
  }
  const execute = (message: { input: unknown; context: unknown; constructor: unknown }) =>
    handlers.get(message.constructor)!(message.input, message.context);
  return { execute } as unknown as CommandBus;
}
