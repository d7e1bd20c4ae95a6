/**
 * The WebSocket adapter for Nest: authentication happens at the HTTP upgrade, before a socket exists; a refused upgrade
 * is an HTTP problem. Frames are dispatched by the gateway's own table, not by Nest's chain of observables.
 */
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { INestApplicationContext, WebSocketAdapter } from '@nestjs/common';
import type { WebSocket } from 'ws';
import { WebSocketServer } from 'ws';
import type { Clock } from '../../application/ports/clock.js';
import type { Credentials } from '../../application/ports/credentials.js';
import type { IdSource } from '../../application/ports/id-source.js';
import { instant, later } from '../../domain/kernel/instant.js';
import { limits } from '../../domain/kernel/limits.js';
import type { AccessTokens, Session } from '../nest/access-tokens.js';
import { bareAnswer } from '../nest/bare-answer.js';
import type { DoorObserver } from '../nest/door-observer.js';
import { networkOf } from '../nest/network.js';
import { ProblemError } from '../nest/problems.js';
import { problemOfError } from '../nest/to-problem.js';
import { limitHeaders, type Taken, type TrafficGate, TrafficRefusal } from '../nest/traffic-gate.js';
import { CLASS_OF_UPGRADES } from '../nest/traffic-limits.js';
import { SUB_PROTOCOL, socketLimits, TICKET_PREFIX } from './frames.js';
import { readHandshake } from './handshake.js';
import { clientAddress, UpgradeGate, type UpgradeLimits, upgradeLimits } from './upgrade-gate.js';

const SOCKET_PATH = '/v1/socket';
const CLOSE_WITHIN_MS = 5_000;
const LOOK_AGAIN_MS = 10;
const FRAGMENTS_MAX = 64;
const CHUNKS_MAX = 256;
const BEARER = /^Bearer ([A-Za-z0-9._-]{1,2048})$/;

export interface UpgradeDeps {
  readonly tokens: AccessTokens;
  readonly credentials: Pick<Credentials, 'takeTicket'>;
  readonly clock: Clock;
  readonly ids: Pick<IdSource, 'uuid' | 'fraction'>;
  readonly origins: readonly string[];
  readonly trustedProxies: number;
  readonly observer?: DoorObserver;
  /** Where there is none, traffic is not limited. */
  readonly traffic?: TrafficGate | undefined;
}

type Connected = (socket: WebSocket, wire: Duplex, session: Session, network: string) => void;

export class SocketServer implements WebSocketAdapter<WebSocketServer, WebSocket, object> {
  private readonly servers: WebSocketServer[] = [];
  private readonly gate: UpgradeGate;
  private isClosing = false;

  constructor(
    private readonly app: Pick<INestApplicationContext, 'get'> & { getHttpServer(): Server },
    private readonly deps: UpgradeDeps,
    limits: UpgradeLimits = upgradeLimits,
  ) {
    this.gate = new UpgradeGate(deps.clock, deps.ids, limits);
  }

  /** Numbers of the upgrades, to be read only. */
  get upgrades(): Pick<UpgradeGate, 'underWay' | 'connected' | 'refused'> {
    return this.gate;
  }

  create(): WebSocketServer {
    const server = new WebSocketServer({
      noServer: true,
      perMessageDeflate: false,
      // The session answers pings: what ws answers on its own has no bound for a peer that does not read.
      autoPong: false,
      maxPayload: socketLimits.frameBytesMax,
      maxFragments: FRAGMENTS_MAX,
      maxBufferedChunks: CHUNKS_MAX,
      closeTimeout: CLOSE_WITHIN_MS,
      handleProtocols: (offered) => (offered.has(SUB_PROTOCOL) ? SUB_PROTOCOL : false),
    } as ConstructorParameters<typeof WebSocketServer>[0]);
    this.servers.push(server);
    const http = this.app.getHttpServer();
    http.on('upgrade', (request: IncomingMessage, stream: Duplex, head: Buffer) => {
      stream.on('error', () => stream.destroy());
      void this.upgrade(server, request, stream, head);
    });
    return server;
  }

  bindClientConnect(server: WebSocketServer, connected: Connected): void {
    server.on('connection', connected);
  }

  /** The gateway reads its sockets itself: see `chat.gateway.ts`. */
  bindMessageHandlers(): void {}

  /** Lets nobody in any more; who is in stays. */
  refuse(): void {
    this.isClosing = true;
  }

  /** Resolves when every socket has ended its side too, or after the span. */
  async ended(withinMs: number): Promise<void> {
    const { clock } = this.deps;
    const untilMs = clock.monotonicMs() + withinMs;
    const areOpen = () => this.servers.some(({ clients }) => clients.size > 0);
    while (areOpen() && clock.monotonicMs() < untilMs) await clock.wait(LOOK_AGAIN_MS);
  }

  /** Whoever has not answered the closing by now is cut off: a server must not wait for a phone in a tunnel. */
  close(): void {
    this.isClosing = true;
    for (const server of this.servers.splice(0)) {
      for (const client of server.clients) client.terminate();
      server.close();
    }
  }

  /** Nest calls it last, whatever the adapter. */
  async dispose(): Promise<void> {}

  private async upgrade(server: WebSocketServer, request: IncomingMessage, stream: Duplex, head: Buffer): Promise<void> {
    if (stream.destroyed) return;
    let isUnderWay = false;
    try {
      if (request.url !== SOCKET_PATH) throw new ProblemError('not-found');
      if (this.isClosing) throw this.gate.refusal('unavailable');
      const network = this.enter(request, stream);
      isUnderWay = true;
      refuseIf(await this.deps.traffic?.take(CLASS_OF_UPGRADES, 'address', network));
      const session = await this.authenticate(request);
      refuseIf(await this.deps.traffic?.take(CLASS_OF_UPGRADES, 'account', session.accountId));
      server.handleUpgrade(request, stream, head, (socket) => server.emit('connection', socket, stream, session, network));
    } catch (error) {
      const problem = problemOfError(error, this.deps.ids.uuid());
      this.deps.observer?.upgradeRefused?.(problem.code);
      stream.end(bareAnswer(problem, error instanceof TrafficRefusal ? limitHeaders(error.taken) : {}));
      // Not waited for here: it is decided.
      return this.letGo(stream);
    } finally {
      if (isUnderWay) this.gate.decided();
    }
  }

  private enter({ headers, socket }: IncomingMessage, stream: Duplex): string {
    const forwarded = headers['x-forwarded-for'];
    const list = Array.isArray(forwarded) ? forwarded.join(',') : forwarded;
    const network = networkOf(clientAddress(socket.remoteAddress, list, this.deps.trustedProxies));
    this.gate.enter(network);
    stream.once('close', () => this.gate.closed(network));
    return network;
  }

  /** Whoever does not hang up after a refusal is cut off: no other time limit holds for what asked for an upgrade. */
  private async letGo(stream: Duplex): Promise<void> {
    const gone = new AbortController();
    stream.once('close', () => gone.abort());
    stream.resume();
    await this.deps.clock.wait(CLOSE_WITHIN_MS, gone.signal);
    stream.destroy();
  }

  private async authenticate(request: IncomingMessage): Promise<Session> {
    const offered = readHandshake(request);
    const { origin } = request.headers;
    if (origin !== undefined && !this.deps.origins.includes(origin)) throw new ProblemError('origin-not-allowed');
    if (!offered.includes(SUB_PROTOCOL)) throw new ProblemError('protocol-not-supported');
    const ticket = offered.find((one) => one.startsWith(TICKET_PREFIX))?.slice(TICKET_PREFIX.length);
    const session = ticket === undefined ? await this.byToken(request) : await this.byTicket(ticket, origin);
    if (session === undefined) throw new ProblemError('unauthenticated');
    return session;
  }

  private async byToken(request: IncomingMessage): Promise<Session | undefined> {
    const [, token] = BEARER.exec(request.headers.authorization ?? '') ?? [];
    return token === undefined ? undefined : this.deps.tokens.verify(token);
  }

  /** A ticket stands for the sign-in behind it, for as long as an access token would. */
  private async byTicket(ticket: string, origin: string | undefined): Promise<Session | undefined> {
    const nowAt = this.deps.clock.now();
    const principal = await this.deps.credentials.takeTicket(ticket, origin, nowAt);
    return principal === undefined ? undefined : { ...principal, expiresAt: later(instant(nowAt), limits.accessTokenLifeMs) };
  }
}

function refuseIf(taken: Taken | undefined): void {
  if (taken?.grant.allowed === false) throw new TrafficRefusal(taken);
}
