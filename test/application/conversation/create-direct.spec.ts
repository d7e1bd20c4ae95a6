/** Goal: two people have one direct conversation, whoever opens it, also both at once, and it is created in one write. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import { InMemoryEventStore } from '../../../src/adapters/in-memory/in-memory-event-store.js';
import type { AccountId } from '../../../src/domain/kernel/ids.js';
import { ApplicationUnderTest, granted, type Person, type Process } from '../../support/application-under-test.js';
import { fieldProblems } from '../../support/event-fields.js';

let core: ApplicationUnderTest;
let process: Process;
let ada: Person;
let bob: Person;

beforeEach(async () => {
  core = await ApplicationUnderTest.open();
  process = core.process();
  ada = await core.signIn(process);
  bob = await core.signIn(process);
});

const open = (by: Person, other: Pick<Person, 'accountId'>, on: Process = process) =>
  core.whileTimePasses(on.createDirect({ accountId: other.accountId }, by.context));
const conversations = async () => (await core.stored()).filter(({ type }) => type === 'ConversationCreated');

describe('opening a direct conversation', () => {
  it('creates it in one write: the conversation and both people, entitled from the start', async () => {
    const before = core.appends.length;
    const { conversationId, isNew, position } = granted(await open(ada, bob));
    expect(isNew).toBe(true);
    const [append, ...more] = core.appends.slice(before);
    expect(more).toEqual([]);
    expect(append!.writes).toHaveLength(1);
    expect(append!.writes[0]).toMatchObject({ stream: `conversation-${conversationId}`, expected: 'no-stream' });
    const events = await core.eventsOf(`conversation-${conversationId}`);
    expect(events.map(({ type }) => type)).toEqual(['ConversationCreated', 'MemberAdded', 'MemberAdded']);
    expect(events.at(-1)!.meta.position).toBe(position);
    for (const event of events) expect(fieldProblems(event.type, event.data)).toEqual([]);
    const members = events.slice(1).map(({ data }) => data as { memberId: string; fromSeq: number; role: string });
    const names = await core.ports.keys.name(
      [ada, bob].map(({ accountId }) => ({ subject: accountId, purpose: 'member', context: conversationId })),
    );
    expect(members.map(({ memberId }) => memberId)).toEqual(names);
    expect(members.map(({ fromSeq, role }) => [fromSeq, role])).toEqual([
      [1, 'member'],
      [1, 'member'],
    ]);
  });

  it('seals each person under their own key', async () => {
    const { conversationId } = granted(await open(ada, bob));
    const [, ofAda, ofBob] = await core.eventsOf(`conversation-${conversationId}`);
    const accounts = [ofAda!, ofBob!].map(({ data }) => (data as unknown as { account: { sealed: string } }).account);
    expect(await core.ports.keys.open(accounts)).toMatchObject([{ value: ada.accountId }, { value: bob.accountId }]);
    await core.ports.keys.destroy(bob.accountId);
    expect(await core.ports.keys.open(accounts)).toMatchObject([{ value: ada.accountId }, { erased: true }]);
  });

  it('opens the same one again, from either side, and writes nothing', async () => {
    const { conversationId } = granted(await open(ada, bob));
    const before = await core.stored();
    for (const [by, other] of [[ada, bob] as const, [bob, ada] as const]) {
      for (const on of [process, core.process()]) {
        expect(granted(await open(by, other, on))).toEqual({ conversationId, isNew: false });
      }
    }
    expect(await core.stored()).toEqual(before);
  });

  it('is another one for every pair', async () => {
    const cleo = await core.signIn(process);
    const ids = await Promise.all([open(ada, bob), open(ada, cleo), open(bob, cleo)]);
    expect(new Set(ids.map((result) => granted(result).conversationId)).size).toBe(3);
  });

  it('is refused with oneself and with whoever does not exist or is erased', async () => {
    const before = (await core.stored()).length;
    const notFound = { ok: false, rejection: { type: 'AccountNotFound' } };
    expect(await open(ada, ada)).toEqual(notFound);
    expect(await open(ada, { accountId: core.ids.uuid() as AccountId })).toEqual(notFound);
    await core.ports.keys.destroy(bob.accountId);
    expect(await open(ada, bob)).toEqual(notFound);
    expect((await core.stored()).length).toBe(before);
  });

  it('is refused with whoever is on the way to erasure, as if they did not exist', async () => {
    await core.ports.keys.fence(bob.accountId);
    expect(await open(ada, bob)).toEqual({ ok: false, rejection: { type: 'AccountNotFound' } });
    expect(await conversations()).toEqual([]);
  });
});

describe.each([
  ['a store that writes one after the other', { sequential: true, eventIds: 'eventstoredb' }],
  ['an atomic store', { sequential: false, eventIds: 'plain' }],
] as const)('two people who open the same chat at once, on %s', (_, options) => {
  beforeEach(async () => {
    core = await ApplicationUnderTest.open({ eventStore: new InMemoryEventStore(options) });
    process = core.process();
    ada = await core.signIn(process);
    bob = await core.signIn(process);
  });

  it.each([
    ['one process', false, false],
    ['one process, the other first', false, true],
    ['two processes', true, false],
    ['two processes, the other first', true, true],
  ])('on %s get the same conversation', async (_where, isApart, isReversed) => {
    const elsewhere = isApart ? core.process() : process;
    const pairs = [[ada, bob, process] as const, [bob, ada, elsewhere] as const];
    if (isReversed) pairs.reverse();
    const results = await core.whileTimePasses(
      Promise.all(pairs.map(([by, other, on]) => on.createDirect({ accountId: other.accountId }, by.context))),
    );
    const [one, other] = results.map(granted);
    expect(one!.conversationId).toBe(other!.conversationId);
    expect([one!.isNew, other!.isNew].filter(Boolean)).toHaveLength(1);
    expect(await conversations()).toHaveLength(1);
    expect(await core.typesOf(`conversation-${one!.conversationId}`)).toEqual([
      'ConversationCreated',
      'MemberAdded',
      'MemberAdded',
    ]);
  });

  it('five times each, from three processes, get the same conversation', async () => {
    const processes = [process, core.process(), core.process()];
    const asked = Array.from({ length: 10 }, (_, index) => {
      const [by, other] = index % 2 ? [ada, bob] : [bob, ada];
      return processes[index % 3]!.createDirect({ accountId: other.accountId }, by.context);
    });
    const results = (await core.whileTimePasses(Promise.all(asked))).map(granted);
    expect(new Set(results.map(({ conversationId }) => conversationId)).size).toBe(1);
    expect(results.filter(({ isNew }) => isNew)).toHaveLength(1);
    expect(await core.typesOf(`conversation-${results[0]!.conversationId}`)).toHaveLength(3);
  });
});
