/**
 * Goal: each rule of sending as one example. Method: the real use cases over a store that writes one after the other,
 * in one or two processes' worth of caches; what is stored is read back.
 */
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { EventStore } from '../../../src/application/ports/event-store.js';
import { OutcomeUnknown, Unavailable } from '../../../src/application/ports/failures.js';
import type { ConversationId, MemberId, MessageId } from '../../../src/domain/kernel/ids.js';
import { limits } from '../../../src/domain/kernel/limits.js';
import { ApplicationUnderTest, granted, type Person, type Process } from '../../support/application-under-test.js';
import { until } from '../../support/until.js';

let app: ApplicationUnderTest;
let here: Process;
let there: Process;
let ada: Person;
let ben: Person;
let conversationId: ConversationId;

beforeEach(async () => {
  app = await ApplicationUnderTest.open();
  here = app.process();
  there = app.process();
  ada = await app.signIn(here);
  ben = await app.signIn(here);
  conversationId = app.ids.uuid() as ConversationId;
  granted(await here.createGroup({ conversationId, title: 'Rowers', accountIds: [ben.accountId] }, ada.context));
});

const newId = () => app.ids.uuid() as MessageId;

function send(text: string, messageId = newId(), { on = here, by = ada, to = conversationId } = {}) {
  const body = { content: { type: 'text', text } } as const;
  return app.whileTimePasses(on.sendMessage({ conversationId: to, messageId, body }, by.context));
}

const refusedAs = async (type: string, sent: ReturnType<typeof send>) => {
  expect(await sent).toMatchObject({ ok: false, rejection: { type } });
};
const posts = async () => (await app.typesOf(`conversation-${conversationId}`)).filter((type) => type === 'MessagePosted').length;

const memberOf = async (person: Person) => {
  const [name] = await app.ports.keys.name([{ subject: person.accountId, purpose: 'member', context: conversationId }]);
  return name as MemberId;
};
const removeBen = async (on: Process) =>
  granted(await on.removeMember({ conversationId, memberId: await memberOf(ben) }, ada.context));

describe('sending', () => {
  it('stores the content before the post, in one append, and answers the place', async () => {
    const messageId = newId();
    const ack = granted(await send('Hello', messageId));
    expect(ack).toMatchObject({ messageId, seq: 3, revision: 3, isNew: true });
    expect(app.appends.at(-1)?.writes.map(({ stream, expected }) => [stream, expected])).toEqual([
      [`message-${messageId}`, 'no-stream'],
      [`conversation-${conversationId}`, 2],
    ]);
  });

  it('appends what comes at once as one batch, in order, and counts it densely', async () => {
    const before = app.appends.length;
    const acks = await Promise.all(['a', 'b', 'c', 'd'].map((text) => send(text)));
    expect(acks.map((ack) => granted(ack).seq)).toEqual([3, 4, 5, 6]);
    expect(app.appends.length - before).toBe(1);
  });

  it('appends what gathers while another append is under way as one batch after it', async () => {
    const before = app.appends.length;
    const first = send('a');
    await until('the first append is under way', () => app.appends.length > before);
    const acks = await Promise.all([first, ...['b', 'c', 'd'].map((text) => send(text))]);
    expect(acks.map((ack) => granted(ack).seq)).toEqual([3, 4, 5, 6]);
    expect(app.appends.length - before).toBe(2);
  });

  it('never lets postedAt go back, whatever the clock does', async () => {
    const first = granted(await send('a'));
    const early = app.process({
      clock: {
        ...app.clock,
        now: () => 0 as never,
        monotonicMs: () => app.clock.monotonicMs(),
        wait: (ms) => app.clock.wait(ms),
      },
    });
    expect(granted(await send('b', newId(), { on: early })).postedAt).toBe(first.postedAt);
  });

  it('splits a batch by its bytes, as they are stored', async () => {
    const store = app.ports.eventStore;
    const append: EventStore['append'] = async (writes) => {
      await app.clock.wait(5);
      return store.append(writes);
    };
    const on = app.process({ eventStore: { ...bound(store), append } });
    const before = app.appends.length;
    // Every character takes six bytes of JSON.
    await Promise.all(Array.from({ length: 60 }, () => send('\u0001'.repeat(6_000), newId(), { on })));
    const sizes = app.appends.slice(before).map(({ writes }) => Buffer.byteLength(JSON.stringify(writes)));
    expect(sizes.length).toBeGreaterThan(3);
    expect(Math.max(...sizes)).toBeLessThan(limits.batchBytesMax);
    expect(await posts()).toBe(60);
  });

  it('keeps the order in which one person sends, though the keys for the first come later', async () => {
    const { keys } = app.ports;
    let calls = 0;
    const name: typeof keys.name = async (requests) => {
      calls += 1;
      if (calls === 1) await app.clock.wait(50);
      return keys.name(requests);
    };
    const on = app.process({ keys: Object.assign(Object.create(keys), { name }) });
    const acks = await Promise.all(['first', 'second', 'third'].map((text) => send(text, newId(), { on })));
    expect(acks.map((ack) => granted(ack).seq)).toEqual([3, 4, 5]);
  });

  it('appends nothing of an attempt that has stood still for an hour', async () => {
    const { keys } = app.ports;
    const seal: typeof keys.seal = async (requests) => {
      app.clock.advance(limits.attemptLifeMs);
      return keys.seal(requests);
    };
    const before = app.appends.length;
    const paused = app.process({ keys: Object.assign(Object.create(keys), { seal }) });
    await expect(send('Hello', newId(), { on: paused })).rejects.toThrow(Unavailable);
    expect(app.appends.length).toBe(before);
  });
});

describe('a repeated send', () => {
  it('gets the original ack, here and at another process', async () => {
    const messageId = newId();
    const first = granted(await send('Hello', messageId));
    for (const on of [here, there]) expect(granted(await send('Hello', messageId, { on }))).toEqual({ ...first, isNew: false });
    expect(await posts()).toBe(1);
  });

  it('in the same turn waits for the first, and is answered the same', async () => {
    const messageId = newId();
    const [first, second] = await Promise.all([send('Hello', messageId), send('Hello', messageId)]);
    expect(granted(second)).toEqual({ ...granted(first), isNew: false });
    expect(await posts()).toBe(1);
  });

  it('gets the original ack even by somebody who was removed meanwhile', async () => {
    const messageId = newId();
    const first = granted(await send('Hello', messageId, { by: ben }));
    await removeBen(there);
    for (const on of [here, there]) expect(granted(await send('Hello', messageId, { on, by: ben })).seq).toBe(first.seq);
  });

  it('with another text, by another author or to another conversation is refused, posted or not', async () => {
    const messageId = newId();
    granted(await send('Hello', messageId));
    const other = app.ids.uuid() as ConversationId;
    granted(await here.createGroup({ conversationId: other, title: 'Others', accountIds: [ben.accountId] }, ada.context));
    for (const on of [here, there]) {
      await refusedAs('MessageIdReused', send('Goodbye', messageId, { on }));
      await refusedAs('MessageIdReused', send('Hello', messageId, { on, by: ben }));
      await refusedAs('MessageIdReused', send('Hello', messageId, { on, to: other }));
    }
    expect(await posts()).toBe(1);
  });

  it('posts a draft that an earlier attempt left, with a compose of its own', async () => {
    const messageId = newId();
    const dying = app.process({ eventStore: dyingAfterContent(app.ports.eventStore) });
    await expect(send('Hello', messageId, { on: dying })).rejects.toThrow(OutcomeUnknown);
    expect([await app.typesOf(`message-${messageId}`), await posts()]).toEqual([['MessageComposed'], 0]);
    await refusedAs('MessageIdReused', send('Another', messageId, { on: there }));
    await refusedAs('MessageIdReused', send('Hello', messageId, { on: there, by: ben }));
    const other = app.ids.uuid() as ConversationId;
    granted(await there.createGroup({ conversationId: other, title: 'Others', accountIds: [] }, ada.context));
    await refusedAs('MessageIdReused', send('Hello', messageId, { on: there, to: other }));
    granted(await send('Hello', messageId, { on: there }));
    expect(await app.typesOf(`message-${messageId}`)).toEqual(['MessageComposed', 'MessageComposed']);
    const [, composed] = await app.eventsOf(`message-${messageId}`);
    const post = (await app.eventsOf(`conversation-${conversationId}`)).at(-1);
    expect(post?.data).toMatchObject({ composeId: (composed?.data as { composeId?: string } | undefined)?.composeId });
  });

  it('of a whole batch that was drafted learns of all drafts at once, not of one in each attempt', async () => {
    const dying = app.process({ eventStore: dyingAfterContent(app.ports.eventStore) });
    const messageIds = Array.from({ length: 10 }, newId);
    for (const messageId of messageIds) await expect(send('Hello', messageId, { on: dying })).rejects.toThrow(OutcomeUnknown);
    const before = app.appends.length;
    const acks = await Promise.all(messageIds.map((messageId) => send('Hello', messageId)));
    expect(acks.map((ack) => granted(ack).seq)).toEqual([3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    expect(app.appends.length - before).toBe(2);
    for (const messageId of messageIds)
      expect(await app.typesOf(`message-${messageId}`)).toEqual(['MessageComposed', 'MessageComposed']);
  });

  it('is answered `gone` when the content was removed, and never posted again', async () => {
    const messageId = newId();
    granted(await send('Hello', messageId));
    const { head } = (await app.ports.eventStore.readStream(`message-${messageId}`, 0, 1)) as { head: number };
    const meta = { id: app.ids.uuid(), recordedAt: app.clock.now(), feedKey: conversationId, correlationId: app.ids.uuid() };
    await app.ports.eventStore.remove(`message-${messageId}`, head, meta as never);
    for (const on of [here, there]) await refusedAs('MessageGone', send('Hello', messageId, { on }));
    expect(await posts()).toBe(1);
  });
});

describe('a refusal', () => {
  it('is decided on the head: who was added elsewhere may write, who was removed elsewhere may not', async () => {
    granted(await send('warms the cache', newId(), { by: ben }));
    await removeBen(there);
    await refusedAs('NotAMember', send('am I in?', newId(), { by: ben }));
    granted(await there.addMember({ conversationId, accountId: ben.accountId }, ada.context));
    granted(await send('I am in', newId(), { by: ben }));
  });

  it('for a conversation that is none says so', async () => {
    await refusedAs('ConversationNotFound', send('anyone?', newId(), { to: app.ids.uuid() as ConversationId }));
  });

  it('for an author whose keys are fenced or gone comes after the answer for what was posted', async () => {
    const messageId = newId();
    granted(await send('Hello', messageId, { by: ben }));
    await app.ports.keys.fence(ben.accountId);
    expect(granted(await send('Hello', messageId, { by: ben })).isNew).toBe(false);
    await refusedAs('AccountErased', send('More', newId(), { by: ben }));
    await app.ports.keys.destroy(ben.accountId);
    await refusedAs('AccountErased', send('More', newId(), { by: ben }));
  });

  it('for an author whose keys are fenced names another text as such, though it was only drafted', async () => {
    const messageId = newId();
    const dying = app.process({ eventStore: dyingAfterContent(app.ports.eventStore) });
    await expect(send('Hello', messageId, { on: dying, by: ben })).rejects.toThrow(OutcomeUnknown);
    await app.ports.keys.fence(ben.accountId);
    await refusedAs('MessageIdReused', send('Another', messageId, { by: ben }));
    await refusedAs('AccountErased', send('Hello', messageId, { by: ben }));
  });

  it('for a conversation whose stream was removed comes at once', async () => {
    granted(await send('warms the cache'));
    const meta = { id: app.ids.uuid(), recordedAt: app.clock.now(), feedKey: conversationId, correlationId: app.ids.uuid() };
    await app.ports.eventStore.remove(`conversation-${conversationId}`, 3, meta as never);
    await refusedAs('ConversationNotFound', send('anyone?'));
  });

  it('by others who are always faster is `contended`, after two seconds, and may be tried again', async () => {
    const messageId = newId();
    const overtaken = app.process({ eventStore: overtaking(app.ports.eventStore, () => here, ada, conversationId, newId) });
    granted(await send('warms the cache', newId(), { on: overtaken }));
    await refusedAs('Contended', send('Hello', messageId, { on: overtaken }));
    expect(granted(await send('Hello', messageId, { on: there })).isNew).toBe(true);
  });
});

/** Dies with its process when the content stands and the post does not: it never hears an outcome. */
const dyingAfterContent = (store: EventStore): EventStore => ({
  ...bound(store),
  append: async (writes) => {
    if (writes.length > 1) await store.append(writes.slice(0, 1));
    throw new OutcomeUnknown('The process has died.');
  },
});

/** Somebody else posts before each post of this process. */
function overtaking(store: EventStore, other: () => Process, by: Person, to: ConversationId, id: () => MessageId): EventStore {
  let isFirst = true;
  return {
    ...bound(store),
    append: async (writes) => {
      if (!isFirst)
        await other().sendMessage(
          { conversationId: to, messageId: id(), body: { content: { type: 'text', text: 'me first' } } },
          by.context,
        );
      isFirst = false;
      return store.append(writes);
    },
  };
}

const bound = (store: EventStore): EventStore => ({
  append: (writes) => store.append(writes),
  remove: (...given) => store.remove(...given),
  truncate: (...given) => store.truncate(...given),
  readStream: (...given) => store.readStream(...given),
  readAll: (...given) => store.readAll(...given),
  headPosition: () => store.headPosition(),
  appendedAfter: (...given) => store.appendedAfter(...given),
});
