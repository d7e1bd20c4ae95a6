/** Goal: a group is created once for its id, in one write, and its id takes nobody else's keys. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { MacRequest } from '../../../src/application/ports/subject-keys.js';
import type { AccountId, ConversationId } from '../../../src/domain/kernel/ids.js';
import { limits } from '../../../src/domain/kernel/limits.js';
import type { Sealed } from '../../../src/domain/kernel/personal.js';
import { ApplicationUnderTest, granted, type Person, type Process, processOver } from '../../support/application-under-test.js';
import { fieldProblems } from '../../support/event-fields.js';
import { Killed, killedAt } from '../../support/killed-ports.js';

let core: ApplicationUnderTest;
let process: Process;
let ada: Person;
let bob: Person;
let cleo: Person;
let conversationId: ConversationId;

beforeEach(async () => {
  core = await ApplicationUnderTest.open();
  process = core.process();
  ada = await core.signIn(process);
  bob = await core.signIn(process);
  cleo = await core.signIn(process);
  conversationId = core.ids.uuid() as ConversationId;
});

const idsOf = (...people: readonly Pick<Person, 'accountId'>[]) => people.map(({ accountId }) => accountId);
const create = (
  change: { conversationId?: ConversationId; title?: string; accountIds?: AccountId[]; by?: Person; on?: Process } = {},
) => {
  const { by = ada, on = process, ...input } = change;
  const full = { conversationId, title: 'Choir', accountIds: idsOf(bob, cleo), ...input };
  return core.whileTimePasses(on.createGroup(full, by.context));
};
const typesOf = () => core.typesOf(`conversation-${conversationId}`);
const refusal = (type: string) => ({ ok: false, rejection: { type } });

describe('creating a group', () => {
  it('is one write: the group, its owner and its members, all entitled from the start', async () => {
    const before = core.appends.length;
    const made = granted(await create());
    expect(made).toMatchObject({ conversationId, isNew: true });
    expect(core.appends.slice(before).map(({ writes }) => writes.map(({ expected }) => expected))).toEqual([['no-stream']]);
    const events = await core.eventsOf(`conversation-${conversationId}`);
    for (const event of events) expect(fieldProblems(event.type, event.data)).toEqual([]);
    expect(events.map(({ type, data }) => [type, 'role' in data && data.role, 'fromSeq' in data && data.fromSeq])).toEqual([
      ['ConversationCreated', false, false],
      ['MemberAdded', 'owner', 1],
      ['MemberAdded', 'member', 1],
      ['MemberAdded', 'member', 1],
    ]);
  });

  it('seals the title under the conversation’s own key, which nobody’s erasure takes', async () => {
    await create();
    const [created] = await core.eventsOf(`conversation-${conversationId}`);
    const title = (created!.data as unknown as { title: Sealed }).title;
    await core.ports.keys.destroy(ada.accountId);
    expect(await core.ports.keys.open([title])).toMatchObject([{ value: 'Choir' }]);
    await core.ports.keys.destroy(conversationId);
    expect(await core.ports.keys.open([title])).toEqual([{ erased: true }]);
  });

  it('names everybody once, and the creator always', async () => {
    granted(await create({ accountIds: [...idsOf(bob, ada, bob)] }));
    expect(await typesOf()).toEqual(['ConversationCreated', 'MemberAdded', 'MemberAdded']);
  });

  it('again by the same request changes nothing, also in another order, elsewhere, and when it has grown', async () => {
    granted(await create());
    const before = await core.stored();
    for (const again of [{}, { accountIds: idsOf(cleo, bob, cleo) }, { on: core.process() }]) {
      expect(granted(await create(again))).toEqual({ conversationId, isNew: false });
    }
    expect(await core.stored()).toEqual(before);
    granted(await process.leaveConversation({ conversationId }, bob.context));
    expect(granted(await create())).toEqual({ conversationId, isNew: false });
  });

  it('again by another request is refused: other title, other people, other creator', async () => {
    granted(await create());
    const before = await core.stored();
    for (const other of [{ title: 'Band' }, { accountIds: idsOf(bob) }, { by: bob, accountIds: idsOf(ada, cleo) }]) {
      expect(await create(other)).toEqual(refusal('ConversationIdReused'));
      expect(await create({ ...other, on: core.process() })).toEqual(refusal('ConversationIdReused'));
    }
    expect(await core.stored()).toEqual(before);
  });

  it('under the id of a direct conversation is refused', async () => {
    const direct = granted(await core.whileTimePasses(process.createDirect({ accountId: bob.accountId }, ada.context)));
    expect(await create({ conversationId: direct.conversationId })).toEqual(refusal('ConversationIdReused'));
  });

  it('at once by two requests under one id makes one group', async () => {
    const both = [
      process.createGroup({ conversationId, title: 'Choir', accountIds: idsOf(bob) }, ada.context),
      core.process().createGroup({ conversationId, title: 'Band', accountIds: idsOf(bob) }, cleo.context),
    ];
    const results = await core.whileTimePasses(Promise.all(both));
    expect(results.filter(({ ok }) => ok)).toHaveLength(1);
    expect(results.find(({ ok }) => !ok)).toEqual(refusal('ConversationIdReused'));
    expect(await typesOf()).toEqual(['ConversationCreated', 'MemberAdded', 'MemberAdded']);
  });

  it('with somebody who does not exist, is erased or on the way there is refused', async () => {
    expect(await create({ accountIds: [...idsOf(bob), core.ids.uuid() as AccountId] })).toEqual(refusal('AccountNotFound'));
    await core.ports.keys.fence(cleo.accountId);
    expect(await create()).toEqual(refusal('AccountNotFound'));
    await core.ports.keys.destroy(cleo.accountId);
    expect(await create()).toEqual(refusal('AccountNotFound'));
    expect(await typesOf()).toEqual([]);
  });

  it('by an erased person is refused', async () => {
    await core.ports.keys.destroy(ada.accountId);
    expect(await create()).toEqual(refusal('AccountErased'));
    expect(await typesOf()).toEqual([]);
  });

  it('with more than the limit is refused, and makes no keys for nothing', async () => {
    const crowd = Array.from({ length: limits.membersMax }, () => core.ids.uuid() as AccountId);
    for (const accountId of crowd) await core.ports.keys.register(accountId);
    const full = { ok: false, rejection: { type: 'GroupIsFull', membersMax: limits.membersMax } };
    expect(await create({ accountIds: crowd })).toEqual(full);
    expect(await core.ports.keys.register(conversationId)).toBe('registered');
    granted(await create({ accountIds: crowd.slice(1) }));
    expect(await typesOf()).toHaveLength(limits.membersMax + 1);
  });

  it('that dies between its keys and its events is repeated', async () => {
    for (const [step, when] of [
      [1, 'before'],
      [1, 'after'],
      [2, 'before'],
      [2, 'after'],
    ] as const) {
      const id = core.ids.uuid() as ConversationId;
      const dying = processOver(killedAt(core.ports, step, when).ports);
      await expect(create({ conversationId: id, on: dying })).rejects.toThrow(Killed);
      granted(await create({ conversationId: id, on: core.process() }));
      expect(await core.typesOf(`conversation-${id}`)).toHaveLength(4);
    }
  });
});

describe('the code that tells a repeated request', () => {
  it('is computed over nobody else’s account: the creator’s key is no test for who was in the group', async () => {
    const { keys } = core.ports;
    const asked: string[] = [];
    const watched = new Proxy(keys, {
      get: (target, name: keyof typeof keys) => {
        if (name !== 'mac') return target[name].bind(target);
        return (requests: readonly MacRequest[]) => {
          asked.push(...requests.map(({ data }) => data));
          return keys.mac(requests);
        };
      },
    });
    granted(await create({ on: core.process({ keys: watched }) }));
    expect(asked).toHaveLength(1);
    for (const { accountId } of [ada, bob, cleo]) expect(asked[0]).not.toContain(accountId);
  });
});

describe('the id of a group', () => {
  it('may not be somebody’s account: its keys are that person’s', async () => {
    for (const whose of [bob, ada]) {
      const taken = whose.accountId as unknown as ConversationId;
      expect(await create({ conversationId: taken })).toEqual(refusal('ConversationIdReused'));
      expect(await core.typesOf(`conversation-${taken}`)).toEqual([]);
    }
  });

  it('may not be one whose keys were destroyed', async () => {
    granted(await create());
    await core.ports.keys.destroy(conversationId);
    expect(await create({ title: 'Band', on: core.process() })).toEqual(refusal('ConversationIdReused'));
    await core.ports.keys.destroy(bob.accountId);
    const erased = bob.accountId as unknown as ConversationId;
    expect(await create({ conversationId: erased, accountIds: [] })).toEqual(refusal('ConversationIdReused'));
  });
});
