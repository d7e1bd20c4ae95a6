/** Goal: what a device has stored is remembered as delivered, in small conversations, in one go, and never more than exists. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { AccountId, ConversationId, MemberId, MessageId } from '../../../src/domain/kernel/ids.js';
import { ApplicationUnderTest, granted, type Person, type Process } from '../../support/application-under-test.js';
import { fieldProblems } from '../../support/event-fields.js';

let core: ApplicationUnderTest;
let process: Process;
let ada: Person;
let bob: Person;
let direct: ConversationId;

beforeEach(async () => {
  core = await ApplicationUnderTest.open();
  process = core.process();
  ada = await core.signIn(process);
  bob = await core.signIn(process);
  direct = granted(await process.createDirect({ accountId: bob.accountId }, ada.context)).conversationId;
});

const confirm = (delivered: { conversationId: ConversationId; seq: number }[], on: Process = process, by: Person = bob) =>
  core.whileTimePasses(on.confirmReceived({ delivered }, by.context), 50);
const marksOf = async (conversationId: ConversationId, person: Person = bob) => {
  const [memberId] = await core.ports.keys.name([{ subject: person.accountId, purpose: 'member', context: conversationId }]);
  return core.eventsOf(`receipts-${memberId as MemberId}`);
};
const group = async (size: number): Promise<ConversationId> => {
  const conversationId = core.ids.uuid() as ConversationId;
  const accountIds = [bob.accountId];
  while (accountIds.length < size - 1) {
    const accountId = core.ids.uuid() as AccountId;
    await core.ports.keys.register(accountId);
    accountIds.push(accountId);
  }
  granted(await core.whileTimePasses(process.createGroup({ conversationId, title: 'Choir', accountIds }, ada.context)));
  return conversationId;
};

describe('confirming what was received', () => {
  it('stores it, and neither device nor account', async () => {
    const { position } = granted(await confirm([{ conversationId: direct, seq: 2 }]));
    const [event, ...more] = await marksOf(direct);
    expect(more).toEqual([]);
    expect(event).toMatchObject({ type: 'DeliveredUpTo', data: { seq: 2 }, meta: { position, feedKey: direct } });
    expect(fieldProblems(event!.type, event!.data)).toEqual([]);
    expect(JSON.stringify(event)).not.toContain(bob.deviceId);
    expect(JSON.stringify(event)).not.toContain(bob.accountId);
  });

  it('of nothing stores nothing', async () => {
    const before = await core.stored();
    expect(granted(await confirm([]))).toEqual({});
    expect(await core.stored()).toEqual(before);
  });

  it('that was read already, or received before, stores nothing', async () => {
    granted(await core.whileTimePasses(process.markRead({ conversationId: direct, seq: 2 }, bob.context)));
    expect(granted(await confirm([{ conversationId: direct, seq: 2 }]))).toEqual({});
    expect((await marksOf(direct)).map(({ type }) => type)).toEqual(['ReadUpTo']);
  });

  it('passes over what does not exist and what is hidden, and keeps the rest', async () => {
    const cleo = await core.signIn(process);
    const hidden = granted(await process.createDirect({ accountId: cleo.accountId }, ada.context)).conversationId;
    granted(
      await confirm([
        { conversationId: hidden, seq: 1 },
        { conversationId: core.ids.uuid() as ConversationId, seq: 1 },
        { conversationId: direct, seq: 2 },
      ]),
    );
    expect(await marksOf(hidden)).toEqual([]);
    expect(await marksOf(direct)).toHaveLength(1);
    granted(await confirm([{ conversationId: direct, seq: 3 }]));
    expect(await marksOf(direct)).toHaveLength(1);
  });

  it('ahead of a state that is stale is decided on the head: a mark that is lost here is lost for good', async () => {
    const elsewhere = core.process();
    granted(await confirm([{ conversationId: direct, seq: 2 }], elsewhere));
    const body = { content: { type: 'text', text: 'Hello' } } as const;
    const sent = process.sendMessage({ conversationId: direct, messageId: core.ids.uuid() as MessageId, body }, ada.context);
    granted(await core.whileTimePasses(sent));
    granted(await confirm([{ conversationId: direct, seq: 3 }], elsewhere));
    expect((await marksOf(direct)).map(({ data }) => 'seq' in data && data.seq)).toEqual([2, 3]);
  });

  it('keeps nothing above 256 members, and read marks all the same', async () => {
    const [small, large] = [await group(256), await group(257)];
    granted(
      await confirm([
        { conversationId: small, seq: 5 },
        { conversationId: large, seq: 5 },
      ]),
    );
    expect((await marksOf(small)).map(({ type }) => type)).toEqual(['DeliveredUpTo']);
    expect(await marksOf(large)).toEqual([]);
    granted(await core.whileTimePasses(process.markRead({ conversationId: large, seq: 5 }, bob.context)));
    expect((await marksOf(large)).map(({ type }) => type)).toEqual(['ReadUpTo']);
  });

  it('in several conversations joins them by nothing: no correlation id, no moment', async () => {
    const several = await Promise.all(Array.from({ length: 4 }, () => group(2)));
    granted(
      await core.whileTimePasses(
        process.confirmReceived({ delivered: several.map((conversationId) => ({ conversationId, seq: 1 })) }, bob.context),
      ),
    );
    const events = (await Promise.all(several.map((conversationId) => marksOf(conversationId)))).flat();
    expect(events).toHaveLength(4);
    expect(new Set(events.map(({ meta }) => meta.correlationId)).size).toBe(4);
    expect(new Set(events.map(({ meta }) => meta.recordedAt)).size).toBe(4);
    expect(new Set(events.map(({ data }) => 'deliveredAt' in data && data.deliveredAt)).size).toBe(4);
  });

  it('in one conversation waits for nothing', async () => {
    const startedMs = core.clock.monotonicMs();
    granted(await confirm([{ conversationId: direct, seq: 2 }]));
    expect(core.clock.monotonicMs()).toBe(startedMs);
  });

  it('in many conversations waits once, not once for each', async () => {
    const many = await Promise.all(Array.from({ length: 8 }, () => group(2)));
    granted(await confirm(many.map((conversationId) => ({ conversationId, seq: 1 }))));
    const startedMs = core.clock.monotonicMs();
    granted(await confirm(many.map((conversationId) => ({ conversationId, seq: 2 }))));
    expect(core.clock.monotonicMs() - startedMs).toBeLessThan(2_500);
    for (const conversationId of many) expect(await marksOf(conversationId)).toHaveLength(2);
  });

  it('of an erased person is refused', async () => {
    await core.ports.keys.destroy(bob.accountId);
    expect(await confirm([{ conversationId: direct, seq: 2 }])).toEqual({ ok: false, rejection: { type: 'AccountErased' } });
  });
});
