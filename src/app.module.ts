/**
 * The composition root: which adapter stands behind which port, and what runs in the process. There are no feature
 * modules, so there is nothing to import in a circle (ADR 0008).
 */
import helmet from '@fastify/helmet';
import { type CanActivate, type DynamicModule, type Provider, ValidationPipe } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR, APP_PIPE, NestFactory, Reflector } from '@nestjs/core';
import { CommandBus, CqrsModule } from '@nestjs/cqrs';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Config } from './adapters/config/config.js';
import { ACCEPT_BACKLOG, cappedBacklog } from './adapters/http/accept-backlog.js';
import { ConversationController } from './adapters/http/conversation.controller.js';
import { HealthController } from './adapters/http/health.controller.js';
import { createHttpServer } from './adapters/http/http-server.js';
import { IdempotencyKeys } from './adapters/http/idempotency-keys.js';
import { LargeAnswers } from './adapters/http/large-answers.js';
import { MeController } from './adapters/http/me.controller.js';
import { MessageController } from './adapters/http/message.controller.js';
import { observeRequests } from './adapters/http/observe-requests.js';
import { buildOpenApi, serveOpenApi } from './adapters/http/openapi.js';
import { operationsOf } from './adapters/http/operations.js';
import { PositionHeaders } from './adapters/http/position-headers.js';
import { ProblemFilter } from './adapters/http/problem.filter.js';
import { ServerController } from './adapters/http/server.controller.js';
import { SignInController } from './adapters/http/sign-in.controller.js';
import { SignedInGuard } from './adapters/http/signed-in.guard.js';
import { AccountTrafficGuard, limitByAddress } from './adapters/http/traffic.js';
import { toFieldErrors } from './adapters/http/validation-errors.js';
import { ETags } from './adapters/http/versions.js';
import { AccessTokens } from './adapters/nest/access-tokens.js';
import { DEPS, handlers } from './adapters/nest/cqrs-bridge.js';
import { Dispatch } from './adapters/nest/dispatch.js';
import type { DoorObserver } from './adapters/nest/door-observer.js';
import { Health } from './adapters/nest/health.js';
import type { Log } from './adapters/nest/log.js';
import { LongPoll } from './adapters/nest/long-poll.js';
import { Positions } from './adapters/nest/positions.js';
import { ProblemError } from './adapters/nest/problems.js';
import { Reads } from './adapters/nest/reads.js';
import { SealedTokens } from './adapters/nest/sealed-tokens.js';
import { Sync } from './adapters/nest/sync.js';
import { SyncWaits } from './adapters/nest/sync-waits.js';
import { TrafficGate } from './adapters/nest/traffic-gate.js';
import type { TrafficMaxima } from './adapters/nest/traffic-limits.js';
import { AsyncApiController } from './adapters/websocket/async-api.controller.js';
import { ChatGateway, GATEWAY } from './adapters/websocket/chat.gateway.js';
import { SessionHub } from './adapters/websocket/session-hub.js';
import { SocketServer } from './adapters/websocket/socket-server.js';
import type { Clock } from './application/ports/clock.js';
import type { Foundation } from './compose.js';
import { controlOf } from './control-channel.js';
import type { Handle } from './domain/kernel/ids.js';
import { type Instruments, NO_INSTRUMENTS } from './instruments.js';
import type { Processes } from './processes.js';
import { createProcesses } from './processes.js';
import { handleOfMember, presentConversations } from './projections/conversation-members.js';

class AppModule {}

export interface Server {
  readonly app: NestFastifyApplication;
  readonly processes: Processes;
  /** Begins everything and listens; answers the address. */
  start(): Promise<string>;
  /** Takes no more, lets what is under way finish, and lets go of everything. */
  stop(): Promise<void>;
}

/** Without limits on traffic, where a server is put together without the environment, there are none. */
type ServerConfig = Pick<Config, 'http' | 'folders'> & Partial<Pick<Config, 'traffic'>>;

interface Parts {
  readonly foundation: Foundation;
  readonly tokens: AccessTokens;
  readonly reads: Reads;
  readonly sync: Sync;
  readonly positions: Positions;
  readonly polls: LongPoll;
  readonly waits: SyncWaits;
  readonly hub: SessionHub;
  readonly health: Health;
  readonly processes: Processes;
  readonly log: Log;
  readonly observer: DoorObserver;
  readonly traffic: TrafficGate | undefined;
}

export async function createServer(
  foundation: Foundation,
  config: ServerConfig,
  log: Log,
  instruments: Instruments = NO_INSTRUMENTS,
): Promise<Server> {
  const { clock, ids, credentials } = foundation.deps;
  const { host, port, origins, trustedProxies, drainMs } = config.http;
  const observer = instruments.doors;
  const parts = await partsOf(foundation, log, instruments, config.traffic);
  const { tokens, waits, hub, health, processes, traffic } = parts;

  const options = { logger: false, abortOnError: false, bodyParser: false } as const;
  const door = createHttpServer({ trustedProxies, ids, origins, connections: config.http });
  const app = await NestFactory.create<NestFastifyApplication>(moduleOf(parts), door, options);
  await app.register(helmet, { contentSecurityPolicy: { directives: PAGE_POLICY } });
  const socketServer = new SocketServer(app, { tokens, credentials, clock, ids, origins, trustedProxies, observer, traffic });
  app.useWebSocketAdapter(socketServer);
  const openApi = buildOpenApi(app);
  serveOpenApi(app, openApi);
  const operationOf = operationsOf(openApi);
  const fastify = app.getHttpAdapter().getInstance();
  observeRequests(fastify, operationOf, observer);
  if (traffic !== undefined) limitByAddress(fastify, operationOf, traffic);
  const control = controlOf({ health, processes, log, clock, dataFolder: config.folders.data });

  return {
    app,
    processes,
    start: async () => {
      const capped = cappedBacklog();
      if (capped !== undefined) log.warn('accept-backlog-capped', { count: capped });
      await instruments.attach({ foundation, processes, hub, health, log });
      await processes.start();
      await control?.listen();
      await app.listen({ host, port, backlog: ACCEPT_BACKLOG });
      return app.getUrl();
    },
    stop: async () => {
      health.stopping();
      await control?.close();
      socketServer.refuse();
      waits.drain();
      await processes.drainSockets(drainMs);
      await socketServer.ended(Math.min(drainMs, CLOSING_MS_MAX));
      await closeWithin(app, clock, drainMs);
      await processes.stop();
      await instruments.close();
      await foundation.close();
    },
  };
}

/** What the doors stand on, over the foundation. */
async function partsOf(foundation: Foundation, log: Log, instruments: Instruments, maxima?: TrafficMaxima): Promise<Parts> {
  const { doors: observer, jobs } = instruments;
  const { views, logId, deps, secret, trafficLimiter: limiter } = foundation;
  const { clock, credentials, keys, eventStore } = deps;
  const tokens = new AccessTokens(await secret('access-tokens'), { clock, credentials });
  const sealed = new SealedTokens(await secret('cursors'));
  const reads = new Reads({ views, keys, clock, tokens: sealed });
  const sync = new Sync({ views, reads, tokens: sealed, clock, logId });
  const hub = new SessionHub();
  const waits = new SyncWaits({ clock, handleOfMember: (id, memberId) => handleOfMember(views, id, memberId) });
  const conversationsOf = (handle: Handle) => presentConversations(views, handle);
  const polls = new LongPoll({ sync, reads, waits, clock, conversationsOf });
  const processes = createProcesses({ foundation, reads, sync, waits, hub, log, jobs });
  const health = new Health(eventStore, processes.projector);
  const positions = new Positions({
    ...{ tokens: sealed, logId },
    headPosition: () => eventStore.headPosition(),
    viewsReach: async (position, withinMs) => (await processes.projector.waitFor(position, withinMs)) === 'reached',
  });
  const traffic = maxima && new TrafficGate({ limiter, clock, log, observer }, maxima);
  return { foundation, tokens, reads, sync, positions, polls, waits, hub, health, processes, log, observer, traffic };
}

function moduleOf(parts: Parts): DynamicModule {
  const { foundation, tokens, reads, sync, positions, polls, hub, health, processes, log, observer, traffic } = parts;
  const { deps } = foundation;
  const { clock, ids, credentials, idempotencyLedger: ledger } = deps;
  return {
    module: AppModule,
    imports: [CqrsModule.forRoot()],
    controllers: [
      ServerController,
      SignInController,
      MeController,
      ConversationController,
      MessageController,
      HealthController,
      AsyncApiController,
    ],
    providers: [
      { provide: DEPS, useValue: deps },
      ...handlers,
      { provide: AccessTokens, useValue: tokens },
      { provide: Reads, useValue: reads },
      { provide: Sync, useValue: sync },
      { provide: LongPoll, useValue: polls },
      { provide: Health, useValue: health },
      { provide: Dispatch, inject: [CommandBus], useFactory: (bus: CommandBus) => new Dispatch(bus, ids, { observer, clock }) },
      {
        provide: GATEWAY,
        inject: [Dispatch],
        useFactory: (dispatch: Dispatch) => ({
          ...{ dispatch, sync, hub, fanOut: processes.fanOut, tokens, credentials, clock, ids, log, observer, traffic },
        }),
      },
      ChatGateway,
      ...guardsOf(parts),
      { provide: APP_FILTER, useFactory: () => new ProblemFilter(log) },
      { provide: APP_PIPE, useFactory: validation },
      // The first one stands around the others: what it keeps is the whole answer.
      {
        provide: APP_INTERCEPTOR,
        inject: [Reflector],
        useFactory: (reflector: Reflector) => new IdempotencyKeys({ reflector, ledger, clock, log }),
      },
      {
        provide: APP_INTERCEPTOR,
        inject: [Reflector],
        useFactory: (reflector: Reflector) => new PositionHeaders(reflector, positions),
      },
      { provide: APP_INTERCEPTOR, inject: [Reflector], useFactory: (reflector: Reflector) => new ETags(reflector) },
      { provide: APP_INTERCEPTOR, inject: [Reflector], useFactory: (reflector: Reflector) => new LargeAnswers(reflector) },
    ],
  };
}

/** Who asks, and then whether that account may ask for more. */
function guardsOf({ tokens, traffic }: Parts): Provider[] {
  const guard = (useFactory: (reflector: Reflector) => CanActivate) => ({ provide: APP_GUARD, inject: [Reflector], useFactory });
  const signedIn = guard((reflector) => new SignedInGuard(reflector, tokens));
  return traffic === undefined ? [signedIn] : [signedIn, guard((reflector) => new AccountTrafficGuard(reflector, traffic))];
}

/** For the page at /docs, the only one there is: nothing from elsewhere, in no frame; over plain HTTP on a laptop too. */
const PAGE_POLICY = {
  'default-src': ["'self'"],
  'img-src': ["'self'", 'data:'],
  'frame-ancestors': ["'none'"],
  'upgrade-insecure-requests': null,
};

/** Answers what is under way and closes; a connection that is kept alive for the next request is closed once it is idle. */
async function closeWithin(app: NestFastifyApplication, clock: Clock, withinMs: number): Promise<void> {
  const untilMs = clock.monotonicMs() + withinMs;
  const closed = new AbortController();
  const closing = app.close().finally(() => closed.abort());
  while (!closed.signal.aborted && clock.monotonicMs() < untilMs) {
    app.getHttpServer().closeIdleConnections();
    await clock.wait(LOOK_AGAIN_MS, closed.signal);
  }
  if (closed.signal.aborted) await closing;
}

const LOOK_AGAIN_MS = 20;

/** How long a socket may take to answer that it is being closed. */
const CLOSING_MS_MAX = 1_000;

function validation(): ValidationPipe {
  return new ValidationPipe({
    whitelist: true,
    forbidNonWhitelisted: true,
    forbidUnknownValues: true,
    transform: true,
    stopAtFirstError: true,
    exceptionFactory: (errors) => new ProblemError('invalid-request', { errors: toFieldErrors(errors) }),
  });
}
