/**
 * What every idempotency ledger promises. Goal: one answer per key, whoever repeats it and whoever dies on the way.
 * Method: a second ledger over the same store stands for another process, and for the same one after a restart.
 */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { IdempotencyLedger, KeptAnswer, KeyedRequest, Reserved } from '../../src/application/ports/idempotency-ledger.js';
import { type Instant, instant, later } from '../../src/domain/kernel/instant.js';
import { limits } from '../../src/domain/kernel/limits.js';
import { tracesOf } from '../support/dump.js';

export interface IdempotencyLedgerUnderTest {
  readonly ledger: IdempotencyLedger;
  /** Another one over the same store. */
  again(): Promise<IdempotencyLedger>;
  /** All that is stored, as text. */
  dump(): Promise<string>;
  close(): Promise<void>;
}

const START = instant(Date.UTC(2031, 4, 6, 7, 8, 9));
const LIFE_MS = 30 * 24 * 60 * 60 * 1_000;
const LEASE_MS = limits.idempotencyLeaseMs;
const REQUEST: KeyedRequest = {
  scope: '6f1c1f0e-3f0a-4d2b-9a51-0b6a1f1f4c11',
  operation: 'addMember',
  key: 'a-key-of-the-client',
  content: '["/v1/one",{"accountId":"somebody"}]',
};
const OTHER: KeyedRequest = { ...REQUEST, content: '["/v1/one",{"accountId":"somebody else"}]' };
const ANSWER: KeptAnswer = { status: 201, headers: { 'sottovoce-position': 'abc' }, body: { memberId: 'a-member-id' } };
const IN_PROGRESS = { outcome: 'in-progress' } as const;
const REUSED = { outcome: 'reused' } as const;

function attemptOf(reserved: Reserved): string {
  if (reserved.outcome !== 'reserved') throw new Error(`It was ${reserved.outcome}.`);
  return reserved.attempt;
}

export function idempotencyLedgerContract(name: string, open: () => Promise<IdempotencyLedgerUnderTest>): void {
  describe(`IdempotencyLedger: ${name}`, () => {
    let under: IdempotencyLedgerUnderTest;
    let ledger: IdempotencyLedger;

    beforeEach(async () => {
      under = await open();
      ledger = under.ledger;
    });
    afterEach(() => under.close());

    const reserve = (request = REQUEST, at: Instant = START, over = ledger) => over.reserve(request, at, LIFE_MS);

    it('A key is reserved for the first request that brings it, over every ledger of the same store.', async () => {
      const ledgers = [ledger, await under.again(), await under.again()];
      const all = await Promise.all([...ledgers, ...ledgers].map((one) => reserve(REQUEST, START, one)));
      expect(all.filter(({ outcome }) => outcome === 'reserved')).toHaveLength(1);
      expect(all.filter(({ outcome }) => outcome === 'in-progress')).toHaveLength(5);
    });

    it('The same request is in progress until it is settled, or its lease has ended.', async () => {
      const attempt = attemptOf(await reserve());
      expect(await reserve(REQUEST, later(START, LEASE_MS - 1))).toEqual(IN_PROGRESS);
      await ledger.settle(REQUEST, attempt, ANSWER);
      expect(await reserve(REQUEST, later(START, LEASE_MS - 1))).toEqual({ outcome: 'answered', answer: ANSWER });
      const unsettled = { ...REQUEST, key: 'another' };
      await reserve(unsettled);
      expect(await reserve(unsettled, later(START, LEASE_MS))).toMatchObject({ outcome: 'reserved' });
    });

    it('After the lease the same request is reserved again, as another attempt: whoever ran it may have died.', async () => {
      const first = attemptOf(await reserve());
      const other = await under.again();
      const second = attemptOf(await reserve(REQUEST, later(START, LEASE_MS), other));
      expect(second).not.toBe(first);
      expect(await reserve(REQUEST, later(START, 2 * LEASE_MS - 1))).toEqual(IN_PROGRESS);
      await other.settle(REQUEST, second, ANSWER);
      expect(await reserve(REQUEST, later(START, 2 * LEASE_MS))).toEqual({ outcome: 'answered', answer: ANSWER });
    });

    it('Another request under the same key is a reuse, while the first is in progress and when it is settled.', async () => {
      const attempt = attemptOf(await reserve());
      expect(await reserve(OTHER)).toEqual(REUSED);
      expect(await reserve(OTHER, later(START, LEASE_MS))).toEqual(REUSED);
      await ledger.settle(REQUEST, attempt, ANSWER);
      expect(await reserve(OTHER)).toEqual(REUSED);
      expect(await reserve(REQUEST)).toEqual({ outcome: 'answered', answer: ANSWER });
    });

    it('The keys of different scopes and operations do not touch each other.', async () => {
      const attempt = attemptOf(await reserve());
      await ledger.settle(REQUEST, attempt, ANSWER);
      for (const other of [
        { ...REQUEST, scope: 'another account' },
        { ...REQUEST, operation: 'createDirect' },
        // Parts that run together are not one name.
        { ...REQUEST, scope: `${REQUEST.scope}${REQUEST.operation}`, operation: '' },
      ]) {
        expect(await reserve(other)).toMatchObject({ outcome: 'reserved' });
      }
    });

    it('A key whose life has ended is as good as new.', async () => {
      const attempt = attemptOf(await reserve());
      await ledger.settle(REQUEST, attempt, ANSWER);
      expect(await reserve(OTHER, later(START, LIFE_MS - 1))).toEqual(REUSED);
      expect(await reserve(OTHER, later(START, LIFE_MS))).toMatchObject({ outcome: 'reserved' });
      expect(await reserve(REQUEST, later(START, LIFE_MS))).toEqual(REUSED);
    });

    it('What is settled is answered to the same request for as long as the key lives, after a restart too.', async () => {
      const attempt = attemptOf(await reserve());
      await ledger.settle(REQUEST, attempt, ANSWER);
      const restarted = await under.again();
      for (const afterMs of [0, LEASE_MS, LIFE_MS - 1]) {
        expect(await reserve(REQUEST, later(START, afterMs), restarted)).toEqual({ outcome: 'answered', answer: ANSWER });
      }
      const bare = { ...REQUEST, key: 'without a body' };
      await ledger.settle(bare, attemptOf(await reserve(bare)), { status: 204, headers: {} });
      expect(await reserve(bare)).toEqual({ outcome: 'answered', answer: { status: 204, headers: {} } });
    });

    it('An attempt that another one has taken over settles nothing.', async () => {
      const first = attemptOf(await reserve());
      const second = attemptOf(await reserve(REQUEST, later(START, LEASE_MS)));
      await ledger.settle(REQUEST, first, { ...ANSWER, status: 200 });
      expect(await reserve(REQUEST, later(START, LEASE_MS))).toEqual(IN_PROGRESS);
      await ledger.settle(REQUEST, second, ANSWER);
      await ledger.settle(REQUEST, first, { ...ANSWER, status: 200 });
      await ledger.settle(REQUEST, second, { ...ANSWER, status: 200 });
      expect(await reserve(REQUEST, later(START, LEASE_MS))).toEqual({ outcome: 'answered', answer: ANSWER });
    });

    it('A released key may be reserved at once, by any request.', async () => {
      await ledger.release(REQUEST, attemptOf(await reserve()));
      const attempt = attemptOf(await reserve(OTHER));
      await ledger.settle(OTHER, attempt, ANSWER);
      await ledger.release(OTHER, attempt);
      expect(await reserve(OTHER)).toEqual({ outcome: 'answered', answer: ANSWER });
    });

    it('An attempt that another one has taken over releases nothing.', async () => {
      const first = attemptOf(await reserve());
      await reserve(REQUEST, later(START, LEASE_MS));
      await ledger.release(REQUEST, first);
      expect(await reserve(REQUEST, later(START, LEASE_MS))).toEqual(IN_PROGRESS);
    });

    it('Forgets the keys whose life has ended by the instant, and tells how many.', async () => {
      const keys = Array.from({ length: 40 }, (_, index) => ({ ...REQUEST, key: `key ${index}` }));
      for (const [index, request] of keys.entries()) await reserve(request, later(START, index));
      const young = { ...REQUEST, key: 'young' };
      await reserve(young, later(START, LIFE_MS - 1));
      expect(await ledger.purge(later(START, LIFE_MS - 1))).toBe(0);
      expect(await ledger.purge(later(START, LIFE_MS + 9))).toBe(10);
      expect(await ledger.purge(later(START, LIFE_MS + 100))).toBe(30);
      expect(await ledger.purge(later(START, LIFE_MS + 100))).toBe(0);
      expect(await reserve(young, later(START, LIFE_MS))).toEqual(IN_PROGRESS);
    });

    it('Scopes, keys and requests are kept as keyed hashes, and an answer is sealed so that only its key opens it.', async () => {
      const requests = [REQUEST, { ...REQUEST, key: 'its twin' }];
      for (const request of requests) await ledger.settle(request, attemptOf(await reserve(request)), ANSWER);
      const stored = await under.dump();
      const { scope, key, content } = REQUEST;
      for (const secret of [scope, key, content, 'its twin', 'somebody', 'a-member-id', JSON.stringify(ANSWER)]) {
        for (const trace of tracesOf(secret)) expect(stored).not.toContain(trace);
      }
      // Two equal requests of one scope do not look equal.
      const hashes = stored.match(/[0-9a-f]{64}/g) ?? [];
      expect(new Set(hashes).size).toBeGreaterThanOrEqual(4);
    });
  });
}
