/**
 * What only a key store in a file can get wrong. Goal: an erased person is gone from every byte and every old copy,
 * whenever the process dies; survivors lose nothing; a wrong or lost root key stops the start.
 * Method: real files, several connections as several processes, a clock moved by hand, a process killed at every call.
 */
import { randomBytes } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { kekName, ringBinding } from '../../src/adapters/crypto/key-names.js';
import type { KeyRows, RingRow } from '../../src/adapters/crypto/key-rows.js';
import { RingSubjectKeys, startKeyStore } from '../../src/adapters/crypto/ring-subject-keys.js';
import type { Connection } from '../../src/adapters/sqlite/sqlite-database.js';
import { SqliteKeyRows } from '../../src/adapters/sqlite/sqlite-key-rows.js';
import { SqliteSubjectKeys } from '../../src/adapters/sqlite/sqlite-subject-keys.js';
import { OutcomeUnknown, StartRefused, Unavailable } from '../../src/application/ports/failures.js';
import type { RootKeys } from '../../src/application/ports/root-keys.js';
import type { Opened } from '../../src/application/ports/subject-keys.js';
import type { AccountId } from '../../src/domain/kernel/ids.js';
import { ERASED, isErased, type Sealed } from '../../src/domain/kernel/personal.js';
import { CountingIdSource } from '../support/counting-id-source.js';
import { locatorOf } from '../support/forged-seals.js';
import { KeyStoreFile } from '../support/key-store-file.js';
import { KillSwitch } from '../support/kill-switch.js';
import { openOne, request, seal } from '../support/sealing.js';
import { TestClock } from '../support/test-clock.js';

const LEASE_MS = 60_000;
const ids = new CountingIdSource('sqlite-subject-keys');
let file: KeyStoreFile;
let clock: TestClock;

beforeEach(async () => {
  file = await KeyStoreFile.make();
  clock = new TestClock();
});
afterEach(() => file.close());

const open = async (options = {}, connection = file.connect()): Promise<SqliteSubjectKeys> =>
  SqliteSubjectKeys.open(connection, await file.rootKeys(), clock, { buckets: 2, ...options });

/** People, each with one value that holds his or her own id. */
async function people(
  keys: SqliteSubjectKeys,
  count: number,
): Promise<{ readonly accounts: AccountId[]; readonly sealed: Sealed[] }> {
  const accounts = Array.from({ length: count }, () => ids.uuid() as AccountId);
  for (const account of accounts) expect(await keys.register(account)).toBe('registered');
  return { accounts, sealed: await seal(keys, ...accounts.map((subject) => request(subject, { value: subject }))) };
}

const valuesOf = async (keys: RingSubjectKeys, sealed: readonly Sealed[]): Promise<unknown[]> =>
  (await keys.open(sealed)).map((opened) => (isErased(opened) ? opened : (opened as Opened).value));

const ringsOf = (connection: Connection): Promise<readonly RingRow[]>[] => {
  const rows = new SqliteKeyRows(connection);
  return [0, 1].map((bucket) => rows.ringsIn(bucket));
};
const allRings = async (connection = file.connect()): Promise<RingRow[]> => (await Promise.all(ringsOf(connection))).flat();

/** Everything by which a ring could be found in the bytes of the store. */
const tracesOf = (ring: RingRow, sealed: Sealed): Buffer[] => [
  Buffer.from(ring.wrapped),
  Buffer.from(ring.wrapped.subarray(40, 72)),
  Buffer.from(ring.subject),
  Buffer.from(locatorOf(sealed), 'hex'),
];

describe('the hot path', () => {
  it('asks the store for nothing but the destruction sequence, once in sixty seconds', async () => {
    const keys = await open({}, file.connectCounted());
    const { accounts } = await people(keys, 2);
    const [subject, friend] = accounts as [AccountId, AccountId];
    const act = async () => {
      const [sealed] = await seal(keys, request(subject));
      await keys.mac([{ subject, context: 'conversation-of-all', data: 'data' }]);
      await keys.open([sealed!]);
      await keys.name([{ subject, purpose: 'member', context: 'c' }]);
      await keys.pair(subject, friend);
    };
    await act();
    const before = file.statements;
    for (let second = 0; second < 59; second += 1) {
      await act();
      clock.advance(1_000);
    }
    expect(file.statements).toBe(before);
    clock.advance(1_000);
    for (let time = 0; time < 10; time += 1) await Promise.all([act(), act()]);
    expect(file.statements).toBe(before + 1);
  });

  it('costs no transaction when locators are known from before a restart', async () => {
    const { accounts } = await people(await open(), 1);
    const again = await open();
    const before = file.bytes();
    await seal(again, request(accounts[0]!));
    expect(file.bytes().equals(before)).toBe(true);
  });
});

describe('two processes', () => {
  it('a lease that is used all the time ends sixty seconds after its read', async () => {
    const [one, other] = [await open(), await open()];
    const { accounts, sealed } = await people(one, 3);
    const [ada] = accounts as [AccountId];
    expect(await valuesOf(other, sealed)).toEqual(accounts);
    clock.advance(20_000);
    await one.destroy(ada);
    expect(await openOne(one, sealed[0]!)).toEqual(ERASED);
    for (let second = 20; second < 60; second += 1) {
      expect(await openOne(other, sealed[0]!)).toBe(ada);
      clock.advance(1_000);
    }
    expect(await valuesOf(other, sealed)).toEqual([ERASED, accounts[1], accounts[2]]);
  });

  it('the time of day does not prolong a lease', async () => {
    const [one, other] = [await open(), await open()];
    const { accounts, sealed } = await people(one, 1);
    expect(await valuesOf(other, sealed)).toEqual(accounts);
    await one.destroy(accounts[0]!);
    clock.advance(LEASE_MS);
    clock.jumpTo(0 as never);
    expect(await valuesOf(other, sealed)).toEqual([ERASED]);
  });

  it('what is not cached is read anew: a neighbour whose bucket has moved on opens at once', async () => {
    const [one, other] = [await open({ buckets: 1 }), await open()];
    const { accounts, sealed } = await people(one, 3);
    expect(await openOne(other, sealed[1]!)).toBe(accounts[1]);
    await one.destroy(accounts[0]!);
    expect(await valuesOf(other, sealed)).toEqual([ERASED, accounts[1], accounts[2]]);
    expect(await other.register(ids.uuid() as AccountId)).toBe('registered');
  });

  it('registrations, seals and destructions at once leave everybody either whole or erased', async () => {
    const processes = [await open({ buckets: 1 }), await open(), await open()];
    const { accounts, sealed } = await people(processes[0]!, 9);
    const newcomers = Array.from({ length: 9 }, () => ids.uuid() as AccountId);
    const doomed = accounts.slice(0, 5);
    await Promise.all([
      ...doomed.map((account, at) => processes[at % 3]!.destroy(account)),
      ...newcomers.map((account, at) => processes[at % 3]!.register(account)),
      ...accounts.map((subject, at) => processes[(at + 1) % 3]!.seal([request(subject, { context: `${at}` })])),
    ]);
    const after = await open();
    expect(await valuesOf(after, sealed)).toEqual([...doomed.map(() => ERASED), ...accounts.slice(5)]);
    for (const account of newcomers) expect(await after.register(account)).toBe('exists');
    for (const account of doomed) expect(await after.register(account)).toBe('destroyed');
    expect(await allRings()).toHaveLength(13);
    expect((await file.keyFiles()).filter((name) => name.endsWith('.kek'))).toHaveLength(1);
  });
});

describe('between two steps', () => {
  /** Keys whose next call of one method of the root keys is followed by something else before they go on. */
  async function interrupted(method: keyof RootKeys) {
    const rootKeys = await file.rootKeys();
    const next: { act?: () => Promise<unknown> } = {};
    const call = rootKeys[method].bind(rootKeys) as (...given: unknown[]) => Promise<unknown>;
    Object.defineProperty(rootKeys, method, {
      value: async (...given: unknown[]) => {
        const answer = await call(...given);
        const { act } = next;
        delete next.act;
        await act?.();
        return answer;
      },
    });
    return { keys: await SqliteSubjectKeys.open(file.connect(), rootKeys, clock, { buckets: 1 }), next };
  }

  it('of a destruction a neighbour registers: she is taken along', async () => {
    const { keys, next } = await interrupted('unwrap');
    const other = await open();
    const { accounts, sealed } = await people(other, 3);
    next.act = async () => {
      const late = await people(other, 1);
      accounts.push(...late.accounts);
      sealed.push(...late.sealed);
    };
    await keys.destroy(accounts[0]!);
    expect(accounts).toHaveLength(4);
    expect(await valuesOf(await open(), sealed)).toEqual([ERASED, ...accounts.slice(1)]);
  });

  it('of a registration the bucket moves on: the ring is wrapped anew', async () => {
    const { keys, next } = await interrupted('wrap');
    const other = await open();
    const { accounts } = await people(other, 2);
    next.act = () => other.destroy(accounts[0]!);
    const late = await people(keys, 1);
    expect(file.tombstones()).toHaveLength(1);
    expect(await valuesOf(await open(), late.sealed)).toEqual(late.accounts);
  });

  it('of opening a value its subject is destroyed: nothing stays in the cache', async () => {
    const { keys, next } = await interrupted('unwrap');
    const { accounts, sealed } = await people(await open(), 2);
    next.act = () => keys.destroy(accounts[0]!);
    expect(await valuesOf(keys, sealed)).toEqual([ERASED, accounts[1]]);
    expect(await valuesOf(keys, sealed)).toEqual([ERASED, accounts[1]]);
  });

  it('of a destruction a value of its subject is opened: its key goes with the rest', async () => {
    const { keys, next } = await interrupted('create');
    const { accounts, sealed } = await people(keys, 2);
    next.act = async () => expect(await valuesOf(keys, sealed)).toEqual(accounts);
    await keys.destroy(accounts[0]!);
    expect(await valuesOf(keys, sealed)).toEqual([ERASED, accounts[1]]);
  });

  it('of sealing its subject is fenced: nothing is sealed', async () => {
    const { keys, next } = await interrupted('unwrap');
    const { accounts } = await people(await open(), 1);
    next.act = () => keys.fence(accounts[0]!);
    expect(await keys.seal([request(accounts[0]!)])).toEqual(['fenced']);
  });
});

describe('a cache that is smaller than the call', () => {
  it('answers as a large one does', async () => {
    const { accounts, sealed } = await people(await open(), 40);
    const small = await open({ cacheSizeFactor: 0 });
    expect(await valuesOf(small, sealed)).toEqual(accounts);
    const again = await seal(
      small,
      ...accounts.flatMap((subject) => ['c', 'd'].map((context) => request(subject, { context, value: subject }))),
    );
    expect(await valuesOf(small, again)).toEqual(accounts.flatMap((account) => [account, account]));
    const names = await small.name(accounts.map((subject) => ({ subject, purpose: 'handle', context: subject })));
    expect(new Set(names).size).toBe(40);
    expect(await (await open()).name(accounts.map((subject) => ({ subject, purpose: 'handle', context: subject })))).toEqual(
      names,
    );
  });
});

describe('after a destruction', () => {
  it('the bytes of the store hold neither ring nor locators, also of one whose page was split before', async () => {
    const keys = await open();
    const { accounts, sealed } = await people(keys, 150);
    const contexts = Array.from({ length: 12 }, (_, at) => `context-${at}-${ids.uuid()}`);
    const [more] = await Promise.all(
      accounts.slice(0, 3).map((subject) => seal(keys, ...contexts.map((context) => request(subject, { context })))),
    );
    const rings = new Map((await allRings()).map((ring) => [ring.subject, ring]));
    for (const [at, account] of accounts.slice(0, 3).entries()) {
      const traces = tracesOf(rings.get(account)!, sealed[at]!);
      if (at === 0) traces.push(...more!.map((each) => Buffer.from(locatorOf(each), 'hex')));
      const before = file.bytes();
      for (const trace of traces.slice(2)) expect(before.includes(trace)).toBe(true);
      await keys.destroy(account);
      const after = file.bytes();
      for (const trace of traces) expect(after.includes(trace)).toBe(false);
    }
    const later = new Set((await allRings()).map((ring) => ring.subjectRef));
    for (const { subjectRef } of file.tombstones()) expect(later.has(subjectRef)).toBe(false);
    expect(await valuesOf(keys, sealed.slice(3))).toEqual(accounts.slice(3));
  });

  it('the file is rewritten, so that no free page and no free space of a page keeps anything', async () => {
    const keys = await open();
    const { accounts } = await people(keys, 2);
    await seal(keys, ...Array.from({ length: 500 }, (_, at) => request(accounts[0]!, { context: `context-${at}` })));
    const connection = file.connect();
    const pages = () => connection.pragma('page_count', { simple: true }) as number;
    const before = pages();
    await keys.destroy(accounts[0]!);
    expect(connection.pragma('freelist_count', { simple: true })).toBe(0);
    expect(pages()).toBeLessThan(before);
  });

  it('the reference of a tombstone stands in the tombstone alone, and no row leads from it to a person', async () => {
    const keys = await open();
    const { accounts, sealed } = await people(keys, 60);
    await keys.destroy(accounts[0]!);
    const [tombstone] = file.tombstones();
    const bytes = file.bytes();
    const at = bytes.indexOf(Buffer.from(tombstone!.subjectRef, 'hex'));
    expect(at).toBeGreaterThan(0);
    expect(bytes.indexOf(Buffer.from(tombstone!.subjectRef, 'hex'), at + 1)).toBe(-1);
    for (const trace of [accounts[0]!, locatorOf(sealed[0]!)]) expect(file.dump()).not.toContain(trace);
  });

  it('with an old copy of the store and the keys of after, no ring of the bucket opens; the current store opens the survivors', async () => {
    const keys = await open();
    const { accounts, sealed } = await people(keys, 12);
    const copy = await file.copy();
    const before = await allRings(file.connect(copy));
    const doomed = before.find((ring) => ring.subject === accounts[0])!;
    await keys.destroy(accounts[0]!);

    const rootKeys = await file.rootKeys();
    const storeId = file.connect().prepare('SELECT store_id FROM settings').pluck().get() as string;
    const opens = async (ring: RingRow) =>
      (await rootKeys.unwrap(kekName(storeId, ring.bucket, ring.generation), ringBinding(ring), ring.wrapped)) !== 'absent';
    for (const ring of before) expect(await opens(ring)).toBe(ring.bucket !== doomed.bucket);
    for (const ring of await allRings()) expect(await opens(ring)).toBe(true);
    await expect(open({}, file.connect(copy))).rejects.toThrow(/put back the newest key store/);
    expect(await valuesOf(await open(), sealed)).toEqual([ERASED, ...accounts.slice(1)]);
  });

  it('a reader that keeps the log from being emptied makes the outcome unknown, and the next destruction empties it', async () => {
    const connection = file.connect();
    connection.pragma('busy_timeout = 50');
    const keys = await open({}, connection);
    const { accounts, sealed } = await people(keys, 4);
    const ring = (await allRings()).find(({ subject }) => subject === accounts[0])!;
    const reader = file.connect();
    reader.exec('BEGIN');
    reader.prepare('SELECT count(*) FROM rings').get();
    await expect(keys.destroy(accounts[0]!)).rejects.toBeInstanceOf(OutcomeUnknown);
    expect(await openOne(keys, sealed[0]!)).toEqual(ERASED);
    reader.exec('COMMIT');
    await keys.destroy(accounts[0]!);
    for (const trace of tracesOf(ring, sealed[0]!)) expect(file.bytes().includes(trace)).toBe(false);
  });
});

describe('a destruction that is killed', () => {
  const CALLS_MAX = 40;

  /** Every call of the tables and of the root keys counts. */
  async function victimOf(life: KillSwitch): Promise<RingSubjectKeys> {
    const rows = life.on<KeyRows>(new SqliteKeyRows(file.connect()));
    return new RingSubjectKeys(await startKeyStore(rows, life.on(await file.rootKeys()), clock, {}));
  }

  it.each(['before', 'after'] as const)('%s any call is either not begun or finished after the next start', async (when) => {
    const keys = await open({ buckets: 1 });
    const { accounts, sealed } = await people(keys, 2);
    const outcomes = { alive: 0, erased: 0 };
    let isKilled = true;
    for (let call = 1; isKilled; call += 1) {
      expect(call).toBeLessThan(CALLS_MAX);
      const doomed = await people(keys, 1);
      const [ada] = doomed.accounts as [AccountId];
      const before = await allRings();
      const life = new KillSwitch();
      const victim = await victimOf(life);
      life.arm(call, when);
      isKilled = await victim.destroy(ada).then(
        () => false,
        () => true,
      );
      const next = await open();
      const answer = await openOne(next, doomed.sealed[0]!);
      expect([ada, ERASED]).toContainEqual(answer);
      const isErasedNow = answer !== ada;
      expect(await next.register(ada)).toBe(isErasedNow ? 'destroyed' : 'exists');
      if (isErasedNow) await expectScrubbed(before, ada, doomed.sealed[0]!);
      if (isKilled) outcomes[isErasedNow ? 'erased' : 'alive'] += 1;
      await next.destroy(ada);
      expect(await valuesOf(next, sealed)).toEqual(accounts);
      await expectScrubbed(before, ada, doomed.sealed[0]!);
      clock.advance(LEASE_MS);
    }
    expect(outcomes.alive).toBeGreaterThanOrEqual(10);
    expect(outcomes.erased).toBeGreaterThanOrEqual(4);
  });

  /** Nothing of her is in the files, and the key that could open her ring in an old copy is gone. */
  async function expectScrubbed(before: readonly RingRow[], ada: AccountId, sealed: Sealed): Promise<void> {
    const bytes = file.bytes();
    const ring = before.find(({ subject }) => subject === ada)!;
    for (const trace of tracesOf(ring, sealed)) expect(bytes.includes(trace)).toBe(false);
    const storeId = file.connect().prepare('SELECT store_id FROM settings').pluck().get() as string;
    expect(await file.keyFiles()).not.toContain(`${kekName(storeId, ring.bucket, ring.generation)}.kek`);
    expect(await new SqliteKeyRows(file.connect()).unfinished()).toEqual([]);
  }
});

describe('a start is refused', () => {
  it('with another root key, though the folder is whole', async () => {
    const { accounts } = await people(await open(), 1);
    await rm(file.keyFolder, { recursive: true });
    await expect(open()).rejects.toThrow(/put back the keys folder that belongs to it/);
    await expect(open()).rejects.toBeInstanceOf(StartRefused);
    expect(accounts).toHaveLength(1);
  });

  it('without the root key, when a store is there', async () => {
    await people(await open(), 1);
    await rm(join(file.keyFolder, 'root.key'));
    await expect(file.rootKeys(false)).rejects.toBeInstanceOf(StartRefused);
  });

  it('with another root key in the same folder', async () => {
    await people(await open(), 1);
    await writeFile(join(file.keyFolder, 'root.key'), randomBytes(32).toString('base64url'), { mode: 0o600 });
    await expect(file.rootKeys(false)).rejects.toBeInstanceOf(StartRefused);
  });

  it('when the key of a bucket with rings is missing, and is not made anew', async () => {
    await people(await open({ buckets: 1 }), 1);
    const [kek] = (await file.keyFiles()).filter((name) => name.endsWith('.kek'));
    await rm(join(file.keyFolder, kek!));
    await expect(open()).rejects.toThrow(/A key that wraps key rings is missing/);
    expect(await file.keyFiles()).toEqual(['root.key']);
  });

  it('never for a bucket without rings: it moves on to a new key', async () => {
    await open({ buckets: 1 });
    const [kek] = (await file.keyFiles()).filter((name) => name.endsWith('.kek'));
    await (await file.rootKeys()).destroy(kek!.replace('.kek', ''));
    const { accounts, sealed } = await people(await open(), 2);
    expect(await valuesOf(await open(), sealed)).toEqual(accounts);
  });
});

describe('in use', () => {
  it('a key that goes missing is no erasure: it is unavailable', async () => {
    const { accounts, sealed } = await people(await open({ buckets: 1 }), 2);
    const running = await open();
    const [kek] = (await file.keyFiles()).filter((name) => name.endsWith('.kek'));
    await rm(join(file.keyFolder, kek!));
    await expect(running.open(sealed)).rejects.toBeInstanceOf(Unavailable);
    await expect(running.name([{ subject: accounts[0]!, purpose: 'member', context: 'c' }])).rejects.toBeInstanceOf(Unavailable);
    await expect(running.register(ids.uuid() as AccountId)).rejects.toBeInstanceOf(Unavailable);
    await expect(running.destroy(accounts[0]!)).rejects.toBeInstanceOf(Unavailable);
  });

  it('a store that cannot be read is unavailable, and no cached key outlives its lease because of it', async () => {
    const connection = file.connect();
    const keys = await open({}, connection);
    const { sealed } = await people(keys, 1);
    await openOne(keys, sealed[0]!);
    connection.close();
    clock.advance(LEASE_MS - 1);
    expect(await openOne(keys, sealed[0]!)).not.toEqual(ERASED);
    clock.advance(1);
    await expect(keys.open(sealed)).rejects.toBeInstanceOf(Unavailable);
    await expect(keys.seal([request(ids.uuid() as AccountId)])).rejects.toBeInstanceOf(Unavailable);
  });

  it('a store without secure deletion is a defect', async () => {
    const connection = file.connect();
    connection.pragma('secure_delete = OFF');
    expect(() => new SqliteKeyRows(connection)).toThrow('secure_delete');
  });
});
