/** Goal: what becomes of a key when the request that reserved it is slow, fails, or dies with its process. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { CallHandler, ExecutionContext } from '@nestjs/common';
import type { Reflector } from '@nestjs/core';
import { defer, lastValueFrom } from 'rxjs';
import { IdempotencyKeys } from '../../../src/adapters/http/idempotency-keys.js';
import { InMemoryIdempotencyLedger, type LedgerRows } from '../../../src/adapters/in-memory/in-memory-idempotency-ledger.js';
import { Refusal } from '../../../src/adapters/nest/dispatch.js';
import { openLog } from '../../../src/adapters/nest/log.js';
import { ProblemError } from '../../../src/adapters/nest/problems.js';
import { Unavailable } from '../../../src/application/ports/failures.js';
import type { IdempotencyLedger } from '../../../src/application/ports/idempotency-ledger.js';
import type { ConversationId } from '../../../src/domain/kernel/ids.js';
import { limits } from '../../../src/domain/kernel/limits.js';
import { ApplicationUnderTest, granted, type Person, type Process } from '../../support/application-under-test.js';
import { CountingIdSource } from '../../support/counting-id-source.js';
import { TestClock } from '../../support/test-clock.js';

const LIFE_MS = 1_000_000;

let clock: TestClock;
let ledger: IdempotencyLedger;
let logged: string[];

beforeEach(() => {
  const rows: LedgerRows = new Map();
  ledger = new InMemoryIdempotencyLedger(Buffer.alloc(32, 3), new CountingIdSource('keys'), rows);
  clock = new TestClock();
  logged = [];
});

/** What the request is answered: its status and body, or the error that the filter gets. */
async function ask(run: () => Promise<unknown>, over: IdempotencyLedger = ledger): Promise<unknown> {
  const reflector = { get: () => ({ operationId: 'addMember', keyLifeMs: LIFE_MS }) } as unknown as Reflector;
  const log = openLog('debug', { write: (line) => void logged.push(line) });
  const keys = new IdempotencyKeys({ reflector, ledger: over, clock, log });
  const reply = {
    statusCode: 201,
    getHeader: () => undefined,
    status: (code: number) => Object.assign(reply, { statusCode: code }),
    headers: () => reply,
  };
  const request = { id: 'a-request', headers: { 'idempotency-key': 'k' }, params: {}, body: {}, session: { accountId: 'ada' } };
  const http = { getRequest: () => request, getResponse: () => reply };
  const context = { getHandler: () => undefined, switchToHttp: () => http } as unknown as ExecutionContext;
  const next: CallHandler = { handle: () => defer(run) };
  const body = await lastValueFrom(keys.intercept(context, next));
  return { status: reply.statusCode, body };
}

const never = () => new Promise<never>(() => undefined);
const codeOf = (asked: Promise<unknown>) =>
  asked.then(
    () => 'answered',
    (error: { code?: string; name: string }) => error.code ?? error.name,
  );

describe('a key whose request', () => {
  it('runs: a repetition is told to wait, and runs nothing', async () => {
    void ask(never);
    await Promise.resolve();
    let runs = 0;
    expect(await codeOf(ask(async () => runs++))).toBe('request-in-progress');
    expect(runs).toBe(0);
  });

  it('died: it runs again once the lease has ended', async () => {
    void ask(never);
    await Promise.resolve();
    clock.advance(limits.idempotencyLeaseMs - 1);
    expect(await codeOf(ask(async () => 'again'))).toBe('request-in-progress');
    clock.advance(1);
    expect(await ask(async () => 'again')).toEqual({ status: 201, body: 'again' });
    expect(await ask(async () => 'a third time')).toEqual({ status: 201, body: 'again' });
  });

  it('failed by a fault, or for want of a turn, may be asked again at once', async () => {
    const faults = [new Error('a defect'), new Unavailable('away'), new Refusal({ type: 'Contended' })];
    const others = [
      new ProblemError('invalid-request'),
      new Refusal({ type: 'TooMany', limit: 'any', retryAfterMs: 1 } as never),
    ];
    for (const fault of [...faults, ...others]) {
      await expect(ask(() => Promise.reject(fault))).rejects.toBe(fault);
    }
    expect(await ask(async () => 'done')).toEqual({ status: 201, body: 'done' });
  });

  it('was refused for good is refused again with the same words', async () => {
    const refusal = new Refusal({ type: 'OwnerOnly' });
    await expect(ask(() => Promise.reject(refusal))).rejects.toBe(refusal);
    expect(await ask(async () => 'done')).toMatchObject({ status: 403, body: { code: 'owner-only', requestId: 'a-request' } });
  });

  it('was done, and could not be kept, is answered all the same', async () => {
    const failing: IdempotencyLedger = {
      reserve: (...request) => ledger.reserve(...request),
      settle: () => Promise.reject(new Unavailable('away')),
      release: () => Promise.reject(new Unavailable('away')),
      purge: () => Promise.reject(new Unavailable('away')),
    };
    expect(await ask(async () => 'done', failing)).toEqual({ status: 201, body: 'done' });
    expect(logged.join()).toContain('idempotent-answer-not-kept');
    expect(await codeOf(ask(never))).toBe('request-in-progress');
  });

  it('cannot be reserved is not run', async () => {
    const away: IdempotencyLedger = { ...ledger, reserve: () => Promise.reject(new Unavailable('away')) };
    let runs = 0;
    expect(await codeOf(ask(async () => runs++, away))).toBe('Unavailable');
    expect(runs).toBe(0);
  });
});

describe('a request that died between doing and answering', () => {
  let core: ApplicationUnderTest;
  let process: Process;
  let [ada, ben]: Person[] = [];
  let conversationId: ConversationId;

  beforeEach(async () => {
    core = await ApplicationUnderTest.open();
    process = core.process();
    [ada, ben] = [await core.signIn(process), await core.signIn(process)];
    conversationId = core.ids.uuid() as ConversationId;
    granted(await core.whileTimePasses(process.createGroup({ conversationId, title: 'Two', accountIds: [] }, ada.context)));
  });

  const add = async () =>
    granted(await core.whileTimePasses(process.addMember({ conversationId, accountId: ben!.accountId }, ada!.context)));
  const leave = async () => {
    const left = await core.whileTimePasses(process.leaveConversation({ conversationId }, ben!.context));
    if (!left.ok) throw new Refusal(left.rejection);
    return left.value;
  };

  /** Does it, and never hears of it. */
  async function dieAfter(run: () => Promise<{ readonly isNew: boolean }>): Promise<readonly string[]> {
    const done = new Promise((resolve) => {
      void ask(() => run().then(resolve).then(never));
    });
    expect(await done).toMatchObject({ isNew: true });
    clock.advance(limits.idempotencyLeaseMs);
    return core.typesOf(`conversation-${conversationId}`);
  }

  it('is done again without doing more: its answer says that it was so already', async () => {
    const types = await dieAfter(add);
    expect(types.filter((type) => type === 'MemberAdded')).toHaveLength(2);
    expect(await ask(add)).toMatchObject({ body: { isNew: false } });
    expect(await core.typesOf(`conversation-${conversationId}`)).toEqual(types);
  });

  it('is told, when it had left, that there is nothing left to leave', async () => {
    await add();
    const types = await dieAfter(leave);
    await expect(ask(leave)).rejects.toMatchObject({ rejection: { type: 'NotAMember' } });
    expect(await core.typesOf(`conversation-${conversationId}`)).toEqual(types);
  });
});
