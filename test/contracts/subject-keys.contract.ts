/**
 * What all subject keys promise. Goal: a name and a seal are the same for ever while the ring lives, and nothing after.
 * Method: `another` is another process over the same store, and the same one after a restart; `copyStore` is a backup of
 * the key store alone; `mortal` is a process that is killed while it destroys.
 */
import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { StartRefused } from '../../src/application/ports/failures.js';
import type { NamingPurpose, Opened, Scope, Subject, SubjectKeys } from '../../src/application/ports/subject-keys.js';
import { type AccountId, type ConversationId, type EventId, isUuid } from '../../src/domain/kernel/ids.js';
import { ERASED, isErased, type Sealed } from '../../src/domain/kernel/personal.js';
import { CountingIdSource } from '../support/counting-id-source.js';
import { tracesOf } from '../support/dump.js';
import { bytesOf, forgeriesOf, locatorOf } from '../support/forged-seals.js';
import { KillSwitch } from '../support/kill-switch.js';
import { openOne, request, seal } from '../support/sealing.js';
import type { TestClock } from '../support/test-clock.js';

export interface SubjectKeysUnderTest {
  /** Of one bucket, so that all rings are neighbours. */
  readonly keys: SubjectKeys;
  readonly clock: TestClock;
  another(): Promise<SubjectKeys>;
  /** As `another`, but ends with its life at a call of the root keys. */
  mortal(life: KillSwitch): Promise<SubjectKeys>;
  /** Copies the key store as it is now; the copy, opened later, meets the root keys as they are then. */
  copyStore(): Promise<() => Promise<SubjectKeys>>;
  tombstones(): Promise<readonly { readonly subjectRef: string; readonly day: number }[]>;
  /** All that the key store holds, as text. */
  dump(): Promise<string>;
  /** How often `keys` has asked the store so far. */
  storeCalls(): number;
  close(): Promise<void>;
}

const LEASE_MS = 60_000;
const SCOPES: readonly Scope[] = ['profile', 'author', 'media', 'push'];
const PURPOSES: readonly NamingPurpose[] = ['member', 'direct', 'handle'];
const VALUES: readonly unknown[] = [
  null,
  false,
  0,
  -1.5,
  '',
  'ä € 😀\u0000\n"',
  [],
  [1, [2]],
  {},
  { a: { b: null } },
  'x'.repeat(40_000),
];

const ids = new CountingIdSource('subject-keys');
const account = () => ids.uuid() as AccountId;
const conversation = () => ids.uuid() as ConversationId;
export function subjectKeysContract(name: string, open: () => Promise<SubjectKeysUnderTest>): void {
  describe(`SubjectKeys: ${name}`, () => {
    let under: SubjectKeysUnderTest;
    let keys: SubjectKeys;

    beforeEach(async () => {
      under = await open();
      keys = under.keys;
    });
    afterEach(() => under.close());

    const registered = async (count: number): Promise<AccountId[]> => {
      const accounts = Array.from({ length: count }, account);
      for (const each of accounts) expect(await keys.register(each)).toBe('registered');
      return accounts;
    };
    const oneAccount = async (): Promise<AccountId> => (await registered(1))[0]!;

    const everyNameAndCode = async (of: SubjectKeys, subject: Subject) => [
      ...(await of.name(PURPOSES.map((purpose) => ({ subject, purpose, context: 'c' })))),
      ...(await of.mac(['c', 'd'].map((context) => ({ subject, context, data: 'data' })))),
    ];

    /** Nothing is left of the subject in that process: neither by what it may have cached nor by what is stored. */
    const expectErased = async (of: SubjectKeys, subject: AccountId, sealed: readonly Sealed[]): Promise<void> => {
      expect(await of.open(sealed)).toEqual(sealed.map(() => ERASED));
      expect(await everyNameAndCode(of, subject)).toEqual([ERASED, ERASED, ERASED, ERASED, ERASED]);
      expect(await of.seal([request(subject), request(subject, { context: 'new' })])).toEqual(['erased', 'erased']);
    };

    describe('as a whole', () => {
      it('One ring of random keys per subject (a person, or a conversation for its title), from which all names, seals and codes of that subject derive (ADR 0012).', async () => {
        const subjects = [...(await registered(2)), conversation()];
        await keys.register(subjects[2]!);
        const derived = await Promise.all(subjects.map((subject) => everyNameAndCode(keys, subject)));
        expect(new Set(derived.flat()).size).toBe(15);
        const same = { eventId: ids.uuid() as EventId, value: 'title' };
        const sealed = await seal(keys, ...subjects.map((subject) => request(subject, same)));
        await keys.destroy(subjects[2]!);
        expect([await openOne(keys, sealed[0]!), await openOne(keys, sealed[1]!)]).toEqual(['title', 'title']);
        expect(await openOne(keys, sealed[2]!)).toEqual(ERASED);
      });

      it('Destroying the ring makes everything sealed under it unreadable, everywhere, for ever.', async () => {
        const [ada, bea] = (await registered(2)) as [AccountId, AccountId];
        const requests = SCOPES.flatMap((scope) => ['c', 'd'].map((context) => request(ada, { scope, context })));
        const sealed = await seal(keys, ...requests);
        const [kept] = await seal(keys, request(bea, { value: 'kept' }));
        const other = await under.another();
        expect((await other.open(sealed)).some(isErased)).toBe(false);
        await keys.destroy(ada);
        under.clock.advance(LEASE_MS);
        for (const each of [keys, other, await under.another()]) {
          await expectErased(each, ada, sealed);
          expect(await openOne(each, kept!)).toBe('kept');
        }
      });

      it('A ring comes to be by registration only: nothing here creates a key for a subject that has none.', async () => {
        const ada = account();
        await expectErased(keys, ada, []);
        expect(await keys.pair(ada, await oneAccount())).toEqual(ERASED);
        await keys.fence(ada);
        await keys.destroy(ada);
        await expectErased(keys, ada, []);
        expect(await keys.register(ada)).toBe('registered');
        expect(await openOne(keys, (await seal(keys, request(ada, { value: 1 })))[0]!)).toBe(1);
      });
    });

    describe('register', () => {
      it("Makes the subject's ring; it is durable when this answers.", async () => {
        const ada = await oneAccount();
        const names = await everyNameAndCode(await under.another(), ada);
        expect(names.every((each) => typeof each === 'string')).toBe(true);
        expect(await everyNameAndCode(keys, ada)).toEqual(names);
      });

      it('A second registration changes nothing.', async () => {
        const ada = await oneAccount();
        const names = await everyNameAndCode(keys, ada);
        expect(await keys.register(ada)).toBe('exists');
        expect(await everyNameAndCode(await under.another(), ada)).toEqual(names);

        const bea = account();
        const other = await under.another();
        const answers = await Promise.all([keys, other, keys, other].map((each) => each.register(bea)));
        expect(answers.toSorted()).toEqual(['exists', 'exists', 'exists', 'registered']);
        expect(await everyNameAndCode(keys, bea)).toEqual(await everyNameAndCode(other, bea));
      });

      it('A destroyed subject is never registered again.', async () => {
        const ada = await oneAccount();
        await keys.destroy(ada);
        expect(await keys.register(ada)).toBe('destroyed');
        expect(await (await under.another()).register(ada)).toBe('destroyed');
        await expectErased(keys, ada, []);
      });
    });

    describe('name', () => {
      it('Names of subjects in contexts, shaped like UUIDs: the same for the same request, never equal for two.', async () => {
        const accounts = await registered(3);
        const requests = accounts.flatMap((subject) =>
          PURPOSES.flatMap((purpose) => ['c', 'd', `c${purpose}`].map((context) => ({ subject, purpose, context }))),
        );
        const names = await keys.name(requests);
        expect(new Set(names).size).toBe(requests.length);
        expect(names.every((each) => typeof each === 'string' && isUuid(each))).toBe(true);
        expect(await keys.name(requests)).toEqual(names);
        expect(await (await under.another()).name(requests.toReversed())).toEqual(names.toReversed());
      });

      it('No name for a subject without a ring: `Erased`.', async () => {
        const ada = await oneAccount();
        const answers = await keys.name(
          [account(), ada, account()].map((subject) => ({ subject, purpose: 'member', context: 'c' })),
        );
        expect(answers.map(isErased)).toEqual([true, false, true]);
      });

      it('A thousand names cost the store a few queries, not one each.', async () => {
        const accounts = await registered(40);
        const cold = Array.from(
          { length: 1_000 },
          (_, at) => ({ subject: accounts[at % 40]!, purpose: 'member', context: `${at}` }) as const,
        );
        const before = under.storeCalls();
        expect(new Set(await keys.name(cold)).size).toBe(1_000);
        expect(under.storeCalls() - before).toBeLessThanOrEqual(3);
      });
    });

    describe('pair', () => {
      it('The id of the direct conversation of two people: a UUID-shaped SHA-256 of the sorted pair of their `direct` names for each other, the same whoever asks.', async () => {
        const [ada, bea, cleo] = (await registered(3)) as [AccountId, AccountId, AccountId];
        const names = await keys.name([
          { subject: ada, purpose: 'direct', context: bea },
          { subject: bea, purpose: 'direct', context: ada },
        ]);
        const digest = createHash('sha256')
          .update(['pair', ...names.toSorted()].join('\0'))
          .digest('hex');
        const pair = (await keys.pair(ada, bea)) as ConversationId;
        expect(isUuid(pair)).toBe(true);
        expect(pair.replaceAll('-', '').replace(/^(.{12})8(.{3})[89ab]/, '$1.$2.')).toBe(
          digest.slice(0, 32).replace(/^(.{12}).(.{3})./, '$1.$2.'),
        );
        expect(await (await under.another()).pair(bea, ada)).toBe(pair);
        expect(new Set([pair, await keys.pair(ada, cleo), await keys.pair(bea, cleo), ...names]).size).toBe(5);
      });

      it('`Erased` unless both have a ring: after either is erased it cannot be computed.', async () => {
        const [ada, bea] = (await registered(2)) as [AccountId, AccountId];
        expect(await keys.pair(ada, account())).toEqual(ERASED);
        await keys.pair(ada, bea);
        await keys.destroy(bea);
        expect(await keys.pair(ada, bea)).toEqual(ERASED);
        expect(await keys.pair(bea, ada)).toEqual(ERASED);
      });
    });

    describe('seal', () => {
      it('Seals values.', async () => {
        const ada = await oneAccount();
        const sealed = await seal(keys, ...VALUES.map((value) => request(ada, { value })));
        for (const each of sealed) expect(each.sealed).toMatch(/^[A-Za-z0-9_-]+$/);
        expect(new Set(sealed.map((each) => each.sealed)).size).toBe(VALUES.length);
        const twice = request(ada);
        const [one, other] = await seal(keys, twice, twice);
        expect(one).not.toEqual(other);
        for (const value of [undefined, () => 1]) await expect(keys.seal([request(ada, { value })])).rejects.toThrow('JSON');
        await expect(keys.seal([request(ada, { eventId: 'event-1' as EventId })])).rejects.toThrow('UUID');
      });

      it('A sealed value names its key by a locator that is never equal in two contexts; subject, context and value do not stand in it.', async () => {
        const accounts = await registered(2);
        const places = accounts.flatMap((subject) =>
          SCOPES.flatMap((scope) => ['c', 'd'].map((context) => ({ subject, scope, context }))),
        );
        const sealed = await seal(
          keys,
          ...places.flatMap((place) => [request(place.subject, place), request(place.subject, place)]),
        );
        const locators = sealed.map(locatorOf);
        expect(new Set(locators).size).toBe(places.length);
        expect(locators.filter((_, at) => at % 2 === 0)).toEqual(locators.filter((_, at) => at % 2 === 1));

        const context = `conversation-${ids.uuid()}`;
        const [hidden] = await seal(keys, request(accounts[0]!, { context, value: 'a secret of hers' }));
        const text = `${hidden!.sealed} ${bytesOf(hidden!).toString('latin1')} ${bytesOf(hidden!).toString('hex')}`;
        for (const secret of [accounts[0]!, accounts[0]!.replaceAll('-', ''), context, context.slice(13), 'secret']) {
          for (const trace of tracesOf(secret)) expect(text).not.toContain(trace);
        }
      });

      it('Locators are durable before the first seal that uses them.', async () => {
        const ada = await oneAccount();
        const values = await seal(keys, ...['c', 'd', 'e'].map((context) => request(ada, { context, value: context })));
        const fromCopy = await (await under.copyStore())();
        const opened = (await fromCopy.open(values)) as readonly Opened[];
        expect(opened.map(({ value }) => value)).toEqual(['c', 'd', 'e']);
      });

      it('Padded values of nearby lengths are equally long.', async () => {
        const ada = await oneAccount();
        const lengthsOf = async (from: number, to: number, padded: boolean): Promise<Set<number>> => {
          const values = Array.from({ length: to - from + 1 }, (_, at) => 'x'.repeat(from + at));
          const sealed = await seal(keys, ...values.map((value) => request(ada, { value, padded })));
          for (const [at, each] of sealed.entries()) expect(await openOne(keys, each)).toBe(values[at]);
          return new Set(sealed.map((each) => each.sealed.length));
        };
        expect((await lengthsOf(0, 30, true)).size).toBe(1);
        expect((await lengthsOf(31, 62, true)).size).toBe(1);
        expect((await lengthsOf(0, 126, true)).size).toBe(3);
        expect((await lengthsOf(511, 1_022, true)).size).toBe(1);
        expect((await lengthsOf(0, 30, false)).size).toBe(31);
        const umlauts = await seal(
          keys,
          request(ada, { value: 'äöü', padded: true }),
          request(ada, { value: 'a', padded: true }),
        );
        expect(umlauts[0]!.sealed).toHaveLength(umlauts[1]!.sealed.length);
      });

      it('A thousand seals cost the store a few queries, not one each.', async () => {
        const accounts = await registered(40);
        const cold = Array.from({ length: 1_000 }, (_, at) => request(accounts[at % 40]!, { context: `${at}`, value: at }));
        const before = under.storeCalls();
        const sealed = await seal(keys, ...cold);
        expect(under.storeCalls() - before).toBeLessThanOrEqual(5);
        const opened = (await (await under.another()).open(sealed)) as readonly Opened[];
        expect(opened.map(({ value }) => value)).toEqual(cold.map(({ value }) => value));
      });
    });

    describe('open', () => {
      it('Opens sealed values in the order asked, each to its JSON value and to the event and field that it was sealed for.', async () => {
        const accounts = await registered(3);
        const requests = VALUES.map((value, at) =>
          request(accounts[at % 3]!, {
            value,
            padded: at % 2 === 0,
            scope: SCOPES[at % 4]!,
            eventType: `Type${at}`,
            fieldPath: `a.${at}`,
          }),
        );
        const sealed = await seal(keys, ...requests);
        const described = requests.map(({ value, eventType, eventId, fieldPath }) => ({ value, eventType, eventId, fieldPath }));
        expect(await keys.open(sealed)).toEqual(described);
        expect(await (await under.another()).open(sealed.toReversed())).toEqual(described.toReversed());
        expect(await keys.open([])).toEqual([]);
      });

      it('`Erased` when the key is gone.', async () => {
        const [ada, bea] = (await registered(2)) as [AccountId, AccountId];
        const sealed = await seal(keys, request(ada), request(bea), request(ada, { context: 'other' }));
        await keys.destroy(ada);
        expect((await keys.open(sealed)).map(isErased)).toEqual([true, false, true]);
      });

      it('Throws when a value was altered.', async () => {
        const ada = await oneAccount();
        const [one, other] = await seal(keys, request(ada, { value: 'one' }), request(ada, { value: 'other' }));
        const forgeries = forgeriesOf(one!, other!);
        expect(forgeries.length).toBeGreaterThan(1_500);
        for (const forgery of forgeries) {
          const answer = await keys.open([forgery]).catch(() => 'thrown');
          const isOtherKey = forgery.sealed.length > 24 && locatorOf(forgery) !== locatorOf(one!);
          expect({ forgery, answer }).toEqual({ forgery, answer: isOtherKey && answer !== 'thrown' ? [ERASED] : 'thrown' });
        }
        expect(await openOne(keys, one!)).toBe('one');
      });
    });

    describe('mac', () => {
      it("HMAC-SHA-256 under the subject's author key for the context, base64url; `Erased` for a subject without a ring.", async () => {
        const accounts = await registered(2);
        const requests = accounts.flatMap((subject) =>
          ['c', 'd'].flatMap((context) => ['', 'data', 'x'.repeat(5_000)].map((data) => ({ subject, context, data }))),
        );
        const codes = await keys.mac(requests);
        for (const code of codes) expect(code).toMatch(/^[A-Za-z0-9_-]{43}$/);
        expect(new Set(codes).size).toBe(requests.length);
        expect(await (await under.another()).mac(requests)).toEqual(codes);
        expect(await keys.mac([{ subject: account(), context: 'c', data: 'data' }])).toEqual([ERASED]);
      });
    });

    describe('fence', () => {
      it('From here on new locators and seals are refused for the subject; naming, codes and opening go on.', async () => {
        const [ada, bea] = (await registered(2)) as [AccountId, AccountId];
        const [sealed] = await seal(keys, request(ada, { value: 1 }));
        const before = await everyNameAndCode(keys, ada);
        await keys.fence(ada);
        await keys.fence(ada);
        for (const each of [keys, await under.another()]) {
          const outcomes = await each.seal([request(ada), request(bea), request(ada, { context: 'new' })]);
          expect([outcomes[0], typeof outcomes[1], outcomes[2]]).toEqual(['fenced', 'object', 'fenced']);
          expect(await openOne(each, sealed!)).toBe(1);
          expect(await everyNameAndCode(each, ada)).toEqual(before);
        }
        expect(await keys.register(ada)).toBe('exists');
      });

      it('Other processes refuse after at most 60 seconds.', async () => {
        const ada = await oneAccount();
        const other = await under.another();
        await seal(other, request(ada));
        under.clock.advance(1);
        await keys.fence(ada);
        expect(await other.seal([request(ada, { context: 'new' })])).toEqual(['fenced']);
        under.clock.advance(LEASE_MS - 1);
        expect(await other.seal([request(ada)])).toEqual(['fenced']);
      });
    });

    describe('destroy', () => {
      it('Deletes ring and locators, re-wraps the other rings of the bucket under a new key and destroys the old one, so that old copies of the key store die with it.', async () => {
        const [ada, ...others] = (await registered(8)) as [AccountId, ...AccountId[]];
        const context = `conversation-${ids.uuid()}`;
        const [doomed] = await seal(keys, request(ada, { context }));
        const sealed = await seal(keys, ...others.map((subject) => request(subject, { value: subject })));
        const before = await under.dump();
        const openOld = await under.copyStore();
        await keys.destroy(ada);
        const after = await under.dump();
        for (const trace of [ada, context, locatorOf(doomed!)]) {
          expect(before).toContain(trace);
          expect(after).not.toContain(trace);
        }
        await expect(openOld()).rejects.toBeInstanceOf(StartRefused);
        const fresh = await (await under.copyStore())();
        for (const each of [keys, await under.another(), fresh]) {
          const opened = (await each.open(sealed)) as readonly Opened[];
          expect(opened.map(({ value }) => value)).toEqual(others);
          await expectErased(each, ada, [doomed!]);
        }
      });

      it('Leaves a tombstone of a random reference and a day.', async () => {
        const [ada, bea] = (await registered(2)) as [AccountId, AccountId];
        const day = Math.floor(under.clock.now() / (24 * 60 * 60 * 1_000));
        await keys.destroy(ada);
        under.clock.advance(24 * 60 * 60 * 1_000);
        await keys.destroy(bea);
        const tombstones = await under.tombstones();
        expect(tombstones.map((each) => each.day).toSorted()).toEqual([day, day + 1]);
        expect(new Set(tombstones.map((each) => each.subjectRef)).size).toBe(2);
        for (const each of tombstones) expect(each.subjectRef).toMatch(/^[0-9a-f]{32}$/);
        const stored = await under.dump();
        for (const subject of [ada, bea, ada.replaceAll('-', '')]) {
          for (const trace of tracesOf(subject)) expect(stored).not.toContain(trace);
        }
      });

      it('Afterwards nothing is sealed for the subject and nothing of it opens: here at once, in other processes after at most 60 seconds.', async () => {
        const ada = await oneAccount();
        const sealed = await seal(keys, request(ada));
        const other = await under.another();
        await everyNameAndCode(other, ada);
        await seal(other, request(ada));
        expect(isErased((await other.open(sealed))[0])).toBe(false);
        under.clock.advance(LEASE_MS - 1);
        // What is cached may be used until the lease ends, and its use does not prolong it.
        expect(isErased((await other.open(sealed))[0])).toBe(false);
        const racing = keys.seal([request(ada), request(ada, { context: 'new' })]);
        await keys.destroy(ada);
        await expectErased(keys, ada, sealed);
        const late = (await racing).filter((outcome) => typeof outcome !== 'string');
        under.clock.advance(1);
        await expectErased(other, ada, [...sealed, ...late]);
      });

      it('A second destruction changes nothing.', async () => {
        const [ada, bea, cleo] = (await registered(3)) as [AccountId, AccountId, AccountId];
        const [kept] = await seal(keys, request(cleo, { value: 'kept' }));
        const other = await under.another();
        await Promise.all([keys.destroy(ada), other.destroy(ada), keys.destroy(bea), other.destroy(bea), keys.destroy(ada)]);
        const tombstones = await under.tombstones();
        expect(tombstones).toHaveLength(2);
        await keys.destroy(ada);
        await (await under.another()).destroy(bea);
        expect(await under.tombstones()).toEqual(tombstones);
        expect(await openOne(keys, kept!)).toBe('kept');
      });

      it('A destruction that was cut short is finished by the next one, or by the next start.', async () => {
        const others = await registered(3);
        const sealed = await seal(keys, ...others.map((subject) => request(subject, { value: subject })));
        let [killed, deleted, killedAt] = [true, 0, 0];
        for (let round = 0; killed; round += 1) {
          const [when, finisher] = [round % 2 ? 'after' : 'before', round % 4 < 2 ? 'start' : 'destruction'] as const;
          killedAt = Math.floor(round / 4) + 1;
          const ada = await oneAccount();
          const doomed = await seal(keys, request(ada));
          const openOld = await under.copyStore();
          const tombstones = (await under.tombstones()).length;
          const life = new KillSwitch();
          const victim = await under.mortal(life);
          life.arm(killedAt, when);
          killed = await victim.destroy(ada).then(
            () => false,
            () => true,
          );
          const isDeleted = (await under.tombstones()).length > tombstones;
          if (isDeleted && killed) deleted += 1;
          const started = await under.another();
          if (finisher === 'destruction') await started.destroy(ada);
          if (isDeleted || finisher === 'destruction') {
            await expect(openOld()).rejects.toBeInstanceOf(StartRefused);
            await expectErased(started, ada, doomed);
            expect(await started.register(ada)).toBe('destroyed');
          }
          const opened = (await started.open(sealed)) as readonly Opened[];
          expect(opened.map(({ value }) => value)).toEqual(others);
          await started.destroy(ada);
          await expect(openOld()).rejects.toBeInstanceOf(StartRefused);
        }
        // The digest, the new key, three rings out and in, the old key: each was the last call in four ways.
        expect([killedAt, deleted]).toEqual([10, 4]);
      });
    });
  });
}
