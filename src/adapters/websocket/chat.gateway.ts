/**
 * The socket door. A socket is authenticated before it exists, says hello, catches up, and lives on facts; its commands
 * go through the same seam as those of the REST door. No exception of one socket reaches another or the process.
 */

import { Inject } from '@nestjs/common';
import type { OnGatewayConnection } from '@nestjs/websockets';
import { WebSocketGateway } from '@nestjs/websockets';
import type { RawData, WebSocket } from 'ws';
import type { Clock } from '../../application/ports/clock.js';
import type { IdSource } from '../../application/ports/id-source.js';
import type { SyncCursor } from '../../projections/facts-since.js';
import type { Session } from '../nest/access-tokens.js';
import { capabilities } from '../nest/capabilities.js';
import type { DoorObserver } from '../nest/door-observer.js';
import type { Log } from '../nest/log.js';
import { fieldErrors } from '../nest/message-body.js';
import { rfc3339 } from '../nest/present.js';
import { ProblemError } from '../nest/problems.js';
import { parseStrictJson } from '../nest/strict-json.js';
import { problemOfError } from '../nest/to-problem.js';
import type { TrafficGate } from '../nest/traffic-gate.js';
import { type CatchUpDeps, catchUp, catchUpAgain, tellJoining } from './catch-up.js';
import { type CommandDeps, commands, Farewell } from './commands.js';
import { FrameGate } from './frame-gate.js';
import { FrameTraffic } from './frame-traffic.js';
import type { CommandData, CommandType } from './frames.js';
import { closeCodes, commandData, commandEnvelope, socketLimits } from './frames.js';
import { SocketSession, type Surroundings } from './session.js';
import type { SessionHub } from './session-hub.js';
import { Turn } from './turn.js';
import type { Wire } from './wire.js';

export interface GatewayDeps extends CommandDeps {
  readonly hub: SessionHub;
  readonly fanOut: CatchUpDeps['fanOut'];
  readonly clock: Clock;
  readonly ids: Pick<IdSource, 'uuid' | 'fraction'>;
  readonly log: Log;
  readonly observer?: DoorObserver;
  /** Where there is none, traffic is not limited. */
  readonly traffic?: TrafficGate | undefined;
}

/** The token of what the gateway stands on. */
export const GATEWAY = Symbol('sottovoce.gateway');

@WebSocketGateway()
export class ChatGateway implements OnGatewayConnection<WebSocket> {
  private readonly around: Surroundings;
  private readonly gate: FrameGate;
  private readonly traffic: FrameTraffic | undefined;

  constructor(@Inject(GATEWAY) private readonly deps: GatewayDeps) {
    const { clock, hub, ids } = deps;
    this.gate = new FrameGate(clock, ids);
    this.traffic = deps.traffic && new FrameTraffic(deps.traffic, clock);
    const fellBehind = (session: SocketSession, position: number): void => {
      hub.counts.resyncs += 1;
      void this.keepUp(session, () => catchUpAgain(deps, session, position));
    };
    const joined = (session: SocketSession, after: number): void =>
      void this.keepUp(session, () => tellJoining(deps, session, after));
    this.around = { clock, turn: new Turn(), counts: hub.counts, fellBehind, joined };
  }

  /** Whatever fails here must not reach the one who calls: an exception of a connection would end the process. */
  handleConnection(socket: WebSocket, wire: Wire, principal: Session, network = ''): void {
    // What ws finds wrong with a frame it answers by closing; the event only must not go unheard.
    socket.on('error', () => undefined);
    try {
      this.accept(socket, wire, principal, network);
    } catch (error) {
      this.deps.log.error('socket-failed', { error });
      socket.close(closeCodes.failure, 'try again');
    }
  }

  private accept(socket: WebSocket, wire: Wire, principal: Session, network: string): void {
    const session = new SocketSession(socket, wire, principal, this.around, network);
    const older = this.deps.hub.register(session);
    older?.close(closeCodes.replaced, 'a newer socket of this device is open');
    socket.on('message', (data, isBinary) => void this.safely(session, () => this.receive(session, data, isBinary)));
    socket.on('ping', (payload) => session.pong(payload));
    socket.on('pong', () => {
      session.missedPings = 0;
    });
    this.deps.observer?.socketOpened?.();
    socket.on('close', (code) => {
      this.deps.observer?.socketClosed?.(session.closedWith ?? code);
      session.end();
      this.deps.hub.remove(session);
    });
  }

  /** What nobody foresaw ends the socket that it happened to, and nothing else. */
  private async safely(session: SocketSession, work: () => void | Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.deps.log.error('socket-failed', { error });
      session.close(closeCodes.failure, 'try again');
    }
  }

  private receive(session: SocketSession, data: RawData, isBinary: boolean): void | Promise<void> {
    if (session.phase === 'closed') return;
    if (isBinary) {
      session.close(closeCodes.wrongDataType, 'frames are text');
      return;
    }
    const parsed = parseStrictJson((data as Buffer).toString('utf8'));
    const envelope = parsed.ok ? commandEnvelope.safeParse(parsed.value) : undefined;
    if (envelope?.success !== true) {
      session.close(closeCodes.malformed, 'a frame is not { type, id, data }');
      return;
    }
    return this.answer(session, envelope.data);
  }

  private async answer(
    session: SocketSession,
    frame: { readonly type: string; readonly id: string; readonly data: object },
  ): Promise<void> {
    const startedMs = this.deps.clock.monotonicMs();
    const entry = this.deps.observer?.entered?.();
    let outcome = 'ok';
    try {
      if (!this.gate.enter(session)) return;
      if (this.traffic !== undefined) await this.traffic.enter(session, frame.type);
      const data = await this.run(session, frame.type, frame.data, frame.id);
      if (data !== undefined) session.send({ type: 'ack', replyTo: frame.id, data });
    } catch (error) {
      const problem = problemOfError(error, this.deps.ids.uuid());
      outcome = problem.code;
      if (problem.code === 'internal') this.deps.log.error('frame-failed', { requestId: problem.requestId, error });
      session.send({ type: 'error', replyTo: frame.id, problem });
      if (error instanceof Farewell) session.close(error.closeCode, error.reason);
    } finally {
      this.gate.leave(session);
      this.deps.observer?.frame?.(frame.type, outcome, this.deps.clock.monotonicMs() - startedMs, entry);
    }
  }

  private async run(session: SocketSession, type: string, given: object, id: string): Promise<object | undefined> {
    if (!Object.hasOwn(commandData, type)) throw new ProblemError('unknown-frame-type');
    const parsed = commandData[type as CommandType].safeParse(given);
    if (!parsed.success) {
      const errors = fieldErrors(parsed.error).map(({ pointer, code }) => ({ pointer: `/data${pointer}`, code }));
      throw new ProblemError('invalid-request', { errors });
    }
    if (type === 'hello') return this.hello(session, parsed.data as CommandData<'hello'>, id);
    if (session.phase === 'opening') {
      session.close(closeCodes.malformed, 'the first frame is hello');
      return undefined;
    }
    const command = commands[type as keyof typeof commands] as (
      deps: GatewayDeps,
      data: unknown,
      session: SocketSession,
    ) => Promise<object>;
    return command(this.deps, parsed.data, session);
  }

  private async hello(
    session: SocketSession,
    { cursor, background = false }: CommandData<'hello'>,
    id: string,
  ): Promise<undefined> {
    if (session.phase !== 'opening')
      throw new ProblemError('invalid-request', { errors: [{ pointer: '/type', code: 'hello-was-said' }] });
    // Before anything is waited for: a second hello in the same breath finds that one was said.
    session.phase = 'catching-up';
    session.setBackground(background);
    const from = await this.cursorOf(session, cursor);
    const { frameBytesMax, inFlightMax, pingMs } = socketLimits;
    const data = {
      serverTimeAt: rfc3339(this.deps.clock.now()),
      sessionExpiresAt: rfc3339(session.expiresAt),
      capabilities,
      limits: { frameBytesMax, inFlightMax, pingMs },
    };
    session.send({ type: 'welcome', replyTo: id, data });
    await this.keepUp(session, () => catchUp(this.deps, session, from));
    return undefined;
  }

  /** A hello with a cursor that does not hold may be followed by another one. */
  private async cursorOf(session: SocketSession, cursor: string | undefined): Promise<SyncCursor | undefined> {
    try {
      return cursor === undefined ? undefined : await this.deps.sync.read(session.principal, cursor);
    } catch (error) {
      if (session.phase === 'catching-up') session.phase = 'opening';
      throw error;
    }
  }

  /** Hello has had its reply: a socket that cannot catch up is closed, and its device comes again. */
  private async keepUp(session: SocketSession, catchingUp: () => Promise<void>): Promise<void> {
    try {
      await catchingUp();
    } catch (error) {
      if (!(error instanceof ProblemError)) this.deps.log.error('catch-up-failed', { error });
      session.close(closeCodes.failure, 'try again');
    }
    // It may have closed while it was being admitted: then nobody else takes it out again.
    if (session.phase === 'closed') this.deps.hub.remove(session);
  }
}
