/**
 * A whole deployment and all who use it, in one thread: processes over common stores, devices, what breaks between them,
 * and the history of what could be seen. `script.ts` says what happens in it, `audit.ts` what is asked at its end.
 */

import { InMemoryCodeSender } from '../../src/adapters/in-memory/in-memory-code-sender.js';
import { CredentialRows } from '../../src/adapters/in-memory/in-memory-credentials.js';
import { InMemoryDirectory } from '../../src/adapters/in-memory/in-memory-directory.js';
import { InMemoryEventStore } from '../../src/adapters/in-memory/in-memory-event-store.js';
import type { LedgerRows } from '../../src/adapters/in-memory/in-memory-idempotency-ledger.js';
import { InMemoryKeyRows } from '../../src/adapters/in-memory/in-memory-key-rows.js';
import { InMemoryRootKeys } from '../../src/adapters/in-memory/in-memory-root-keys.js';
import type { Session } from '../../src/adapters/nest/access-tokens.js';
import type { Caller } from '../../src/adapters/nest/dispatch.js';
import type { Problem } from '../../src/adapters/nest/problems.js';
import { ProblemError, problemOf } from '../../src/adapters/nest/problems.js';
import { problemOfError } from '../../src/adapters/nest/to-problem.js';
import type { UseCaseName } from '../../src/application/use-cases.js';
import { instant, later } from '../../src/domain/kernel/instant.js';
import { limits } from '../../src/domain/kernel/limits.js';
import { Chance } from './chance.js';
import { type Counted, Counters } from './counters.js';
import type { Device } from './device.js';
import { KeptViews } from './faulty-parts.js';
import type { StoreWorld } from './faulty-store.js';
import { History, type Json } from './history.js';
import { isKeyedName, type KeyedName } from './keyed-door.js';
import type { Link } from './link.js';
import { bareSeed, type Plan, type StoreKind } from './plan.js';
import { type Actor, anybody, Schedule } from './schedule.js';
import { type Durable, SECRET, ServerProcess } from './server.js';
import { makeSmall } from './small-sockets.js';
import type { Suffering } from './trouble.js';

const ANSWERED_WITHIN_MS = 12_000;
const CLOSED: Readonly<Record<number, Counted>> = {
  1011: 'socket: failed',
  4401: 'socket: expired',
  4403: 'socket: revoked',
  4408: 'socket: too slow',
  4409: 'socket: replaced',
};

export type Answer = { readonly ok: true; readonly value: Json } | { readonly ok: false; readonly problem: Problem };

/** What somebody has said, so that it can be told again, told otherwise, and collected. */
export interface Said {
  readonly messageId: string;
  readonly conversationId: string;
  readonly account: string;
  readonly data: Json;
}

/** A request under a key, so that it can be made again. */
export interface Keyed {
  readonly device: Device;
  readonly name: KeyedName;
  readonly input: Json;
  readonly key: string;
}

export class World implements StoreWorld {
  readonly chance: Chance;
  readonly ids: Chance;
  readonly schedule: Schedule;
  readonly history: History;
  readonly kind: StoreKind;
  readonly store: InMemoryEventStore;
  readonly keyRows = new InMemoryKeyRows();
  readonly credentialRows = new CredentialRows();
  readonly ledgerRows: LedgerRows = new Map();
  /** Keys whose request has not ended, and its attempt. */
  readonly openKeys = new Map<string, string>();
  readonly codes = new InMemoryCodeSender();
  readonly directory = new InMemoryDirectory(SECRET);
  readonly rootKeys: InMemoryRootKeys;
  readonly nobody: Actor = anybody();
  readonly clock;
  readonly servers: (ServerProcess | undefined)[] = [];
  readonly durables: Durable[] = [];
  readonly devices: Device[] = [];
  readonly links = new Map<Link, ServerProcess>();
  readonly rooms: string[] = [];
  readonly said: Said[] = [];
  readonly keyed: Keyed[] = [];
  /** What broke inside, for whoever reads the story. */
  readonly causes: string[] = [];
  starts = 0;
  isQuiet = false;
  erasing = false;

  constructor(
    readonly plan: Plan,
    readonly counters = new Counters(),
  ) {
    const seed = bareSeed(plan.seed);
    this.chance = new Chance(`world:${seed}`);
    this.ids = new Chance(`ids:${seed}`);
    const bytes = new Chance(`bytes:${seed}`);
    makeSmall(plan.sockets);
    Object.assign(globalThis, { [Symbol.for('sottovoce.simulation.bytes')]: (size: number) => bytes.bytes(size) });
    this.rootKeys = new InMemoryRootKeys();
    this.schedule = new Schedule(this.chance);
    this.history = new History(() => this.schedule.nowMs);
    this.clock = this.schedule.clockOf(Object.assign(this.nobody, { skewMs: 0 }));
    this.kind = plan.store;
    this.store = new InMemoryEventStore({ eventIds: plan.store === 'eventstoredb' ? 'eventstoredb' : 'plain' });
  }

  async startAll(): Promise<void> {
    for (let index = 0; index < this.plan.processes; index += 1) {
      this.durables.push({ kept: new KeptViews(), checkpoints: new Map() });
      await this.start(index);
    }
  }

  anyProcess(): ServerProcess | undefined {
    const alive = this.servers.filter((process) => process !== undefined);
    return alive.length === 0 ? undefined : this.chance.pick(alive);
  }

  deviceOf(index: number): Device {
    return this.devices[index % this.devices.length]!;
  }

  roomOf(index: number): string {
    return this.rooms[index % this.rooms.length]!;
  }

  /** The process dies with its caches and sockets, and another takes its place before long. */
  crash(process: Suffering, how: { readonly oldViews?: boolean; readonly oldCheckpoints?: boolean } = {}): void {
    const index = this.servers.indexOf(process as ServerProcess);
    const server = this.servers[index];
    if (server === undefined) return;
    this.servers[index] = undefined;
    this.schedule.end(server);
    void server.processes.stop();
    for (const [link, at] of this.links) {
      if (at !== server) continue;
      link.cut();
      this.links.delete(link);
    }
    const afterMs = 200 + this.chance.fraction() * 4_000;
    this.schedule.at(this.nobody, this.schedule.nowMs + afterMs, async () => {
      if (how.oldViews) await this.takeViewsBack(index);
      if (how.oldCheckpoints) this.takeCheckpointsBack(index);
      await this.start(index);
    });
  }

  hasFailed(process: ServerProcess): void {
    if (!process.isAlive) return;
    this.counters.hit('process: failed');
    if (this.isQuiet)
      this.history.add({ kind: 'defect', process: process.index, what: 'a process ended itself without a fault' });
    this.crash(process);
  }

  logged(process: ServerProcess, event: string, error: unknown): void {
    this.causes.push(`${event} at process ${process.index}: ${(error as Error | undefined)?.stack ?? String(error)}`);
    if (event === 'frame-failed')
      this.history.add({ kind: 'defect', process: process.index, what: 'a command was answered `internal`' });
  }

  countClosed(code: number): void {
    const counted = CLOSED[code];
    if (counted !== undefined) this.counters.hit(counted);
  }

  /** A command by HTTP. Undefined when no answer came. */
  async request(
    from: Device | undefined,
    process: ServerProcess,
    name: UseCaseName,
    input: Json,
    key?: string,
  ): Promise<Answer | undefined> {
    const isCall = from !== undefined && name !== 'issueSocketTicket';
    const call = isCall ? this.history.call(from, name, input, key) : 0;
    const caller = from === undefined ? { address: '192.0.2.1' } : { principal: from.principal };
    const run = async () => {
      const answer = await this.run(process, name, input, caller as Caller, key);
      if (key !== undefined && process.isAlive) this.history.add({ kind: 'left', call, ...outcomeOf(answer) });
      return answer;
    };
    const answer = await this.exchange(from ?? this.nobody, process, run);
    if (answer?.ok === false && answer.problem.code === 'unauthenticated') from?.switchOff();
    if (isCall && answer !== undefined) {
      if (!answer.ok) this.countProblem(answer.problem);
      this.history.add({ kind: 'answer', call, ...outcomeOf(answer) });
    }
    return answer;
  }

  /** A question by HTTP. Undefined when no answer came, or one that says to ask again. */
  async ask<Value>(from: Device, process: ServerProcess, read: () => Promise<Value>, waitMs = 0): Promise<Value | undefined> {
    const asked = async () => {
      try {
        const isLive = await process.deps.credentials.isLive(from.principal.deviceId, process.clock.now());
        return isLive ? { value: await read() } : 'shut out';
      } catch (error) {
        this.problemOf(process, error);
        return undefined;
      }
    };
    const answer = await this.exchange(from, process, asked, waitMs);
    if (answer === 'shut out') from.switchOff();
    return typeof answer === 'object' ? answer.value : undefined;
  }

  /** What a device would say on its socket, as a request: answered by what the socket would bring. */
  async command(from: Device, process: ServerProcess, type: string, data: Json): Promise<Json> {
    try {
      const isLive = await process.deps.credentials.isLive(from.principal.deviceId, process.clock.now());
      if (!isLive) throw new ProblemError('unauthenticated');
      return { type: 'ack', data: await process.command(from.principal, type, data) };
    } catch (error) {
      const problem = this.problemOf(process, error);
      if (problem.code === 'unauthenticated') from.switchOff();
      return { type: 'error', problem };
    }
  }

  answered(call: number, frame: Json): void {
    if (frame.type === 'ack') this.history.add({ kind: 'answer', call, ok: true, data: frame.data as Json });
    else {
      const problem = frame.problem as Problem;
      this.countProblem(problem);
      this.history.add({ kind: 'answer', call, ...outcomeOf({ ok: false, problem }) });
    }
  }

  sawRead(
    { deviceId, accountId }: Pick<Device, 'deviceId' | 'accountId'>,
    process: ServerProcess,
    what: 'messages' | 'conversation' | 'receipts',
    conversationId: string,
    data: Json,
    { askedMs = this.schedule.nowMs, isFinal = false } = {},
  ): void {
    const place = { conversationId, process: process.index, life: process.durable.kept.life, isFinal, askedMs };
    this.history.add({ kind: 'read', device: deviceId, account: accountId, what, ...place, data });
  }

  /** What the socket server does at an upgrade with a ticket. */
  upgrade(from: Actor, process: ServerProcess, ticket: string): Promise<Session | undefined> {
    return this.exchange(from, process, async () => {
      const nowAt = process.clock.now();
      const principal = await process.deps.credentials.takeTicket(ticket, undefined, nowAt);
      return principal === undefined ? undefined : { ...principal, expiresAt: later(instant(nowAt), limits.accessTokenLifeMs) };
    });
  }

  private countProblem({ code }: Problem): void {
    if (code === 'contended') this.counters.hit('send: contended');
  }

  private async run(process: ServerProcess, name: UseCaseName, input: Json, caller: Caller, key?: string): Promise<Answer> {
    try {
      const { principal } = caller;
      if (principal !== undefined && !(await process.deps.credentials.isLive(principal.deviceId, process.clock.now())))
        return { ok: false, problem: { code: 'unauthenticated', retryable: false } as Problem };
      if (key !== undefined && principal !== undefined && isKeyedName(name))
        return await process.keyed(name, key, input, principal);
      const outcome = await process.dispatch.run(name, input as never, caller);
      if (outcome.ok) return { ok: true, value: outcome.value as unknown as Json };
      return { ok: false, problem: problemOf((outcome as { rejection: never }).rejection, this.ids.uuid()) };
    } catch (error) {
      return { ok: false, problem: this.problemOf(process, error) };
    }
  }

  private problemOf(process: ServerProcess, error: unknown): Problem {
    const problem = problemOfError(error, this.ids.uuid());
    if (problem.code === 'internal') {
      this.causes.push((error as Error).stack ?? String(error));
      this.history.add({ kind: 'defect', process: process.index, what: 'a request was answered `internal`' });
    }
    return problem;
  }

  /** There and back: either way may be lost, and a process that died never answers. */
  exchange<Value>(from: Actor, process: ServerProcess, work: () => Promise<Value>, waitMs = 0): Promise<Value | undefined> {
    const { schedule } = this;
    const rate = this.isQuiet ? 0 : this.plan.lossRate;
    return new Promise((resolve) => {
      schedule.at(from, schedule.nowMs + ANSWERED_WITHIN_MS + waitMs, () => resolve(undefined));
      if (this.chance.happens(rate)) {
        this.counters.hit('request: lost');
        return;
      }
      const isHeard = !this.chance.happens(rate);
      if (!isHeard) this.counters.hit('answer: lost');
      const back = (value: Value | undefined) =>
        isHeard && schedule.at(from, schedule.nowMs + this.chance.fraction() * 20, () => resolve(value));
      schedule.turn(process, 'read', work).then(back, () => back(undefined));
    });
  }

  private async start(index: number): Promise<void> {
    this.starts += 1;
    this.servers[index] = await ServerProcess.start(this, index, this.durables[index]!);
  }

  private async takeViewsBack(index: number): Promise<void> {
    const { kept } = this.durables[index]!;
    const batches = this.chance.happens(0.2) ? 0 : this.chance.below(kept.applied.length + 1);
    this.counters.hit(this.plan.keepsRows ? 'views: old checkpoint' : 'views: old');
    if (this.plan.keepsRows) kept.takeCheckpointBack(batches);
    else await kept.takeBack(batches);
  }

  private takeCheckpointsBack(index: number): void {
    this.counters.hit('feed: old checkpoint');
    const { checkpoints } = this.durables[index]!;
    for (const [consumer, position] of checkpoints) checkpoints.set(consumer, this.chance.below(position + 1));
  }
}

const outcomeOf = (answer: Answer) =>
  answer.ok
    ? ({ ok: true, data: withoutPosition(answer.value) } as const)
    : ({ ok: false, code: answer.problem.code, retryable: answer.problem.retryable } as const);

/** A position is no business of the people: it is not the same in a repetition. */
function withoutPosition({ position: _position, isNew: _isNew, ...rest }: Json): Json {
  return rest;
}
