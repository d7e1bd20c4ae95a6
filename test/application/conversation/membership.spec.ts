/** Goal: adding, removing and leaving as the use cases do them: what is stored, what is refused, and on which state. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { AccountId, ConversationId, MemberId } from '../../../src/domain/kernel/ids.js';
import { ApplicationUnderTest, granted, type Person, type Process } from '../../support/application-under-test.js';
import { fieldProblems } from '../../support/event-fields.js';

let core: ApplicationUnderTest;
let process: Process;
let ada: Person;
let bob: Person;
let cleo: Person;
let dan: Person;
const conversations = { group: '' as ConversationId, direct: '' as ConversationId };

beforeEach(async () => {
  core = await ApplicationUnderTest.open();
  process = core.process();
  [ada, bob, cleo, dan] = [
    await core.signIn(process),
    await core.signIn(process),
    await core.signIn(process),
    await core.signIn(process),
  ];
  conversations.group = core.ids.uuid() as ConversationId;
  const accountIds = [bob.accountId, cleo.accountId];
  granted(await process.createGroup({ conversationId: conversations.group, title: 'Choir', accountIds }, ada.context));
  conversations.direct = granted(await process.createDirect({ accountId: bob.accountId }, ada.context)).conversationId;
});

const refusal = (type: string) => ({ ok: false, rejection: { type } });
const group = () => conversations.group;
const memberOf = async (person: Pick<Person, 'accountId'>, conversationId = group()) =>
  (await core.ports.keys.name([{ subject: person.accountId, purpose: 'member', context: conversationId }]))[0] as MemberId;
const add = (by: Person, whom: Pick<Person, 'accountId'>, on = process, conversationId = group()) =>
  core.whileTimePasses(on.addMember({ conversationId, accountId: whom.accountId }, by.context));
const remove = async (by: Person, whom: Person, on = process, conversationId = group()) =>
  core.whileTimePasses(on.removeMember({ conversationId, memberId: await memberOf(whom, conversationId) }, by.context));
const leave = (who: Person, on = process, conversationId = group()) =>
  core.whileTimePasses(on.leaveConversation({ conversationId }, who.context));
/** What stands in the group's stream after its creation. */
const since = async () => (await core.eventsOf(`conversation-${group()}`)).slice(4);

describe('adding a member', () => {
  it('stores them sealed, entitled from where they come in', async () => {
    const added = granted(await add(ada, dan));
    expect(added).toMatchObject({ conversationId: group(), isNew: true, memberId: await memberOf(dan) });
    const [event] = await since();
    expect(fieldProblems(event!.type, event!.data)).toEqual([]);
    expect(event).toMatchObject({
      type: 'MemberAdded',
      data: { memberId: await memberOf(dan), role: 'member', addedBy: await memberOf(ada), fromSeq: 4, seq: 4 },
      meta: { position: added.position },
    });
  });

  it('again says who it is, and stores nothing', async () => {
    granted(await add(ada, dan));
    for (const on of [process, core.process()]) {
      expect(granted(await add(ada, dan, on))).toEqual({ conversationId: group(), isNew: false, memberId: await memberOf(dan) });
    }
    expect(await since()).toHaveLength(1);
  });

  it('is the owner’s, in a group that exists, of people who exist', async () => {
    expect(await add(bob, dan)).toEqual(refusal('OwnerOnly'));
    expect(await add(dan, dan)).toEqual(refusal('NotAMember'));
    expect(await add(ada, cleo, process, conversations.direct)).toEqual(refusal('DirectIsFixed'));
    expect(await add(ada, dan, process, core.ids.uuid() as ConversationId)).toEqual(refusal('ConversationNotFound'));
    expect(await add(ada, { accountId: core.ids.uuid() as AccountId })).toEqual(refusal('AccountNotFound'));
    expect(await since()).toEqual([]);
  });

  it('does not find whoever is erased or on the way there; the owner is not told to be', async () => {
    await core.ports.keys.fence(dan.accountId);
    expect(await add(ada, dan)).toEqual(refusal('AccountNotFound'));
    await core.ports.keys.destroy(dan.accountId);
    expect(await add(ada, dan)).toEqual(refusal('AccountNotFound'));
  });

  it('is not for an erased owner', async () => {
    await core.ports.keys.destroy(ada.accountId);
    expect(await add(ada, dan)).toEqual(refusal('AccountErased'));
    expect(await leave(ada)).toEqual(refusal('AccountErased'));
  });
});

describe('removing a member', () => {
  it('stores who removed whom', async () => {
    granted(await remove(ada, bob));
    expect(await since()).toMatchObject([
      { type: 'MemberRemoved', data: { memberId: await memberOf(bob), removedBy: await memberOf(ada), seq: 4 } },
    ]);
    expect(await remove(ada, bob)).toEqual(refusal('MemberNotFound'));
    expect(await since()).toHaveLength(1);
  });

  it('is the owner’s, of somebody who is there', async () => {
    expect(await remove(bob, cleo)).toEqual(refusal('OwnerOnly'));
    expect(await remove(ada, dan)).toEqual(refusal('MemberNotFound'));
    expect(await remove(dan, bob)).toEqual(refusal('NotAMember'));
    expect(await remove(ada, bob, process, conversations.direct)).toEqual(refusal('DirectIsFixed'));
    expect(await since()).toEqual([]);
  });

  it('of oneself is leaving', async () => {
    granted(await remove(bob, bob));
    expect((await since()).map(({ type }) => type)).toEqual(['MemberLeft']);
  });

  it('lets them be added again, from there on and last in line', async () => {
    granted(await remove(ada, bob));
    granted(await add(ada, bob));
    granted(await leave(ada));
    const [, again, , handedOver] = await since();
    expect(again).toMatchObject({ type: 'MemberAdded', data: { memberId: await memberOf(bob), fromSeq: 5 } });
    expect(handedOver).toMatchObject({ type: 'OwnerChanged', data: { memberId: await memberOf(cleo) } });
  });
});

describe('leaving', () => {
  it('as the owner hands over in the same write, to the longest-standing member', async () => {
    granted(await leave(ada));
    const last = core.appends.at(-1)!;
    expect(last.writes.map(({ events }) => events.map(({ type }) => type))).toEqual([['MemberLeft', 'OwnerChanged']]);
    expect((await since())[1]).toMatchObject({ data: { memberId: await memberOf(bob) } });
    granted(await add(bob, dan));
    expect(await add(ada, dan)).toEqual(refusal('NotAMember'));
  });

  it('a second time is refused, and stores nothing', async () => {
    granted(await leave(bob));
    for (const on of [process, core.process()]) expect(await leave(bob, on)).toEqual(refusal('NotAMember'));
    expect(await since()).toHaveLength(1);
  });

  it('a direct conversation is refused', async () => {
    expect(await leave(ada, process, conversations.direct)).toEqual(refusal('DirectIsFixed'));
  });
});

describe('a decision on a state that is stale', () => {
  let elsewhere: Process;

  beforeEach(() => {
    elsewhere = core.process();
  });

  it('that would refuse is made again on the head: a new owner adds', async () => {
    expect(await add(bob, dan, elsewhere)).toEqual(refusal('OwnerOnly'));
    granted(await leave(ada));
    granted(await add(bob, dan, elsewhere));
  });

  it('that would change nothing is made again on the head: whoever was removed meanwhile is added', async () => {
    expect(granted(await add(ada, bob, elsewhere)).isNew).toBe(false);
    granted(await remove(ada, bob));
    expect(granted(await add(ada, bob, elsewhere)).isNew).toBe(true);
  });

  it('that would write loses the race and is made again: an owner no more is refused', async () => {
    expect(granted(await add(ada, bob, elsewhere)).isNew).toBe(false);
    granted(await leave(ada));
    expect(await add(ada, dan, elsewhere)).toEqual(refusal('NotAMember'));
    expect((await since()).map(({ type }) => type)).toEqual(['MemberLeft', 'OwnerChanged']);
  });

  it('is not what a process has that wrote last: it writes again at once', async () => {
    const before = core.appends.length;
    granted(await add(ada, dan));
    granted(await remove(ada, bob));
    expect(core.appends.slice(before).flatMap(({ writes }) => writes.map(({ expected }) => expected))).toEqual([3, 4]);
  });

  it('of a process that has never seen the conversation is made on the head', async () => {
    granted(await add(ada, dan, core.process()));
    expect((await since()).map(({ type }) => type)).toEqual(['MemberAdded']);
  });
});

describe('many who act at once', () => {
  it('leave a group with one owner and no places missing', async () => {
    const processes = [process, core.process(), core.process()];
    const asked = [
      processes[0]!.leaveConversation({ conversationId: group() }, ada.context),
      processes[1]!.leaveConversation({ conversationId: group() }, bob.context),
      processes[2]!.addMember({ conversationId: group(), accountId: dan.accountId }, ada.context),
    ];
    const results = await core.whileTimePasses(Promise.all(asked));
    expect(results.slice(0, 2).every(({ ok }) => ok)).toBe(true);
    const events = await core.eventsOf(`conversation-${group()}`);
    const seqs = events.flatMap(({ data }) => ('seq' in data ? [data.seq] : []));
    expect(seqs).toEqual(seqs.map((_, index) => index + 1));
    const { state } = await core.process().deps.conversations.head(group());
    const roles = state.status === 'open' ? [...state.members.values()].map(({ role }) => role) : [];
    expect(roles.filter((role) => role === 'owner')).toHaveLength(1);
  });
});
