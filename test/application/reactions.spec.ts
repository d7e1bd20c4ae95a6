/**
 * Goal: what follows from an event is done at least once, goes on after a restart where it was, and done twice is as done
 * once. Method: reactions run on the feed until they have nothing more to do, are cut off, and are run again from nothing.
 */
import { beforeEach, describe, expect, it } from '@jest/globals';
import { InMemoryEventFeed } from '../../src/adapters/in-memory/in-memory-event-feed.js';
import type { EventFeed } from '../../src/application/ports/event-feed.js';
import type { StoredEvent } from '../../src/application/ports/event-store.js';
import { STREAM_REMOVED } from '../../src/application/ports/event-store.js';
import { reactions, runReaction } from '../../src/application/reactions.js';
import type { Deps } from '../../src/application/use-case.js';
import type { AccountId, ConversationId, MessageId } from '../../src/domain/kernel/ids.js';
import type { Sealed } from '../../src/domain/kernel/personal.js';
import { ApplicationUnderTest, granted, type Person, type Process, processOver } from '../support/application-under-test.js';
import { Killed, killedAt } from '../support/killed-ports.js';
import { until } from '../support/until.js';

let core: ApplicationUnderTest;
let process: Process;
let ada: Person;
let bob: Person;
let conversationId: ConversationId;

beforeEach(async () => {
  core = await ApplicationUnderTest.open();
  process = core.process();
  ada = await core.signIn(process);
  bob = await core.signIn(process);
  conversationId = core.ids.uuid() as ConversationId;
  const group = { conversationId, title: 'Choir', accountIds: [bob.accountId] };
  granted(await core.whileTimePasses(process.createGroup(group, ada.context)));
});

/** Runs a reaction until it has taken in all that is stored, or has failed. */
async function runToEnd(name: string, deps: Deps = core.process().deps): Promise<void> {
  const over = new AbortController();
  let failure: unknown;
  const running = runReaction(deps, name, over.signal).catch((error: unknown) => {
    failure = error;
  });
  const isAtEnd = async () => (await deps.eventFeed.committed(name)) >= (await deps.eventStore.headPosition());
  const atEnd = until(`${name} has reached the end`, async () => failure !== undefined || (await isAtEnd()));
  await core.whileTimePasses(atEnd);
  over.abort();
  await running;
  if (failure !== undefined) throw failure;
}

/** The same, from the start, as if no checkpoint had been kept. */
const runAnew = (name: string) => runToEnd(name, core.process({ eventFeed: new InMemoryEventFeed(core.ports.eventStore) }).deps);

const post = async (text = 'Hello'): Promise<MessageId> => {
  const messageId = core.ids.uuid() as MessageId;
  const body = { content: { type: 'text', text } } as const;
  granted(await core.whileTimePasses(process.sendMessage({ conversationId, messageId, body }, ada.context)));
  return messageId;
};
const removals = async (): Promise<StoredEvent[]> => (await core.stored()).filter(({ type }) => type === STREAM_REMOVED);
const statusOf = async (messageId: MessageId) => (await core.ports.eventStore.readStream(`message-${messageId}`, 0, 1)).status;

describe('reactions', () => {
  it('have durable names', () => {
    expect(Object.keys(reactions)).toEqual(['purge-removed-messages', 'close-empty-conversations', 'end-revoked-sessions']);
  });

  it('that nobody has declared do not run', async () => {
    await expect(runReaction(process.deps, 'wake-the-dead', new AbortController().signal)).rejects.toThrow(
      'no reaction named wake-the-dead',
    );
  });

  it('go on after a restart where they were', async () => {
    await runToEnd('purge-removed-messages');
    const head = await core.ports.eventStore.headPosition();
    await post();
    const seen: number[] = [];
    const watched = watchedFeed(core.ports.eventFeed, (batch) => seen.push(...batch));
    await runToEnd('purge-removed-messages', core.process({ eventFeed: watched }).deps);
    expect(Math.min(...seen)).toBeGreaterThan(head);
  });

  it('that fail do not move on, and do everything again', async () => {
    const messageId = await post();
    granted(await core.whileTimePasses(process.removeMessage({ conversationId, messageId }, ada.context)));
    const dying = processOver(killedAt(core.ports, 1, 'before').ports).deps;
    await expect(runToEnd('purge-removed-messages', dying)).rejects.toThrow(Killed);
    expect(await core.ports.eventFeed.committed('purge-removed-messages')).toBe(0);
    expect(await statusOf(messageId)).toBe('found');
    await runToEnd('purge-removed-messages');
    expect(await statusOf(messageId)).toBe('removed');
  });

  it('end when they are told to', async () => {
    const over = new AbortController();
    const running = runReaction(process.deps, 'end-revoked-sessions', over.signal);
    over.abort();
    await running;
  });
});

describe('purge-removed-messages', () => {
  it('removes the content of a message that its conversation has removed, and of no other', async () => {
    const [gone, kept] = [await post(), await post()];
    granted(await core.whileTimePasses(process.removeMessage({ conversationId, messageId: gone }, ada.context)));
    await runToEnd('purge-removed-messages');
    expect([await statusOf(gone), await statusOf(kept)]).toEqual(['removed', 'found']);
    const removed = (await core.eventsOf(`conversation-${conversationId}`)).find(({ type }) => type === 'MessageRemoved')!;
    const records = await removals();
    expect(records).toMatchObject([{ stream: `message-${gone}`, feedKey: conversationId, causationId: removed.meta.id }]);
    expect(records[0]!.correlationId).not.toBe(removed.meta.correlationId);
  });

  it('leaves a removal that is repeated where the index lags no reason to say that there was no message', async () => {
    const [messageId, other] = [await post(), core.ids.uuid() as MessageId];
    const remove = (on: Process, id: MessageId) =>
      core.whileTimePasses(on.removeMessage({ conversationId, messageId: id }, ada.context));
    granted(await remove(process, messageId));
    await runToEnd('purge-removed-messages');
    expect(await statusOf(messageId)).toBe('removed');
    const behind = core.process({ postedIndex: { find: async () => 'unknown' } });
    expect(await remove(behind, messageId)).toEqual({ ok: true, value: {} });
    expect(await remove(behind, other)).toMatchObject({ ok: false, rejection: { type: 'MessageNotFound' } });
  });

  it('changes nothing the second time', async () => {
    const messageId = await post();
    granted(await core.whileTimePasses(process.removeMessage({ conversationId, messageId }, ada.context)));
    await runToEnd('purge-removed-messages');
    const before = await core.stored();
    await runAnew('purge-removed-messages');
    expect(await core.stored()).toEqual(before);
  });

  it('that died after its removal and before its checkpoint is done by whoever comes next', async () => {
    const messageId = await post();
    granted(await core.whileTimePasses(process.removeMessage({ conversationId, messageId }, ada.context)));
    const dying = processOver(killedAt(core.ports, 1, 'after').ports).deps;
    await expect(runToEnd('purge-removed-messages', dying)).rejects.toThrow(Killed);
    await runToEnd('purge-removed-messages');
    expect(await removals()).toHaveLength(1);
  });

  it('takes also what was composed between its look and its removal', async () => {
    const messageId = await post();
    granted(await core.whileTimePasses(process.removeMessage({ conversationId, messageId }, ada.context)));
    const stream = `message-${messageId}`;
    const { eventStore } = core.ports;
    let looks = 0;
    const raced = new Proxy(eventStore, {
      get: (target, name: keyof typeof eventStore) =>
        name === 'readStream'
          ? async (...args: Parameters<typeof eventStore.readStream>) => {
              const slice = await eventStore.readStream(...args);
              looks += 1;
              if (looks > 1 || slice.status !== 'found') return slice;
              const { stream: _s, revision: _r, position: _p, ...again } = slice.events[0]!;
              await eventStore.append([{ stream, expected: 'any', events: [{ ...again, id: core.ids.uuid() as never }] }]);
              return slice;
            }
          : target[name],
    });
    await runToEnd('purge-removed-messages', core.process({ eventStore: raced }).deps);
    expect(looks).toBe(2);
    expect(await statusOf(messageId)).toBe('removed');
  });
});

describe('close-empty-conversations', () => {
  const titleOf = async () => {
    const [created] = await core.eventsOf(`conversation-${conversationId}`);
    return (created!.data as unknown as { title: Sealed }).title;
  };
  const opened = async () => (await core.ports.keys.open([await titleOf()]))[0];
  const leave = (who: Person) => core.whileTimePasses(process.leaveConversation({ conversationId }, who.context));

  it('destroys the title’s key when the last member has gone, and not before', async () => {
    const { deps } = core.process();
    granted(await leave(ada));
    await runToEnd('close-empty-conversations', deps);
    expect(await opened()).toMatchObject({ value: 'Choir' });
    granted(await leave(bob));
    await runToEnd('close-empty-conversations', deps);
    expect(await opened()).toEqual({ erased: true });
    expect(await core.ports.keys.register(conversationId)).toBe('destroyed');
  });

  it('touches the keys of nobody else', async () => {
    granted(await leave(ada));
    granted(await leave(bob));
    await runToEnd('close-empty-conversations');
    for (const { accountId } of [ada, bob]) expect(await core.ports.keys.register(accountId)).toBe('exists');
  });

  it('cannot be led to a person’s keys by a group under that person’s id', async () => {
    const victim = bob.accountId as AccountId & ConversationId;
    const group = { conversationId: victim, title: 'Trap', accountIds: [] };
    await core.whileTimePasses(process.createGroup(group, ada.context));
    await core.whileTimePasses(process.leaveConversation({ conversationId: victim }, ada.context));
    await runToEnd('close-empty-conversations');
    expect(await core.ports.keys.register(bob.accountId)).toBe('exists');
  });

  it('decides on the head: whoever has come in again meanwhile keeps the title', async () => {
    granted(await core.whileTimePasses(process.removeMember({ conversationId, memberId: await memberOf(bob) }, ada.context)));
    granted(await core.whileTimePasses(process.addMember({ conversationId, accountId: bob.accountId }, ada.context)));
    granted(await leave(ada));
    await runAnew('close-empty-conversations');
    expect(await opened()).toMatchObject({ value: 'Choir' });
  });

  it('changes nothing the second time', async () => {
    granted(await leave(ada));
    granted(await leave(bob));
    await runToEnd('close-empty-conversations');
    const before = await core.stored();
    await runAnew('close-empty-conversations');
    expect(await core.stored()).toEqual(before);
    expect(await opened()).toEqual({ erased: true });
  });

  const memberOf = async ({ accountId }: Person) =>
    (await core.ports.keys.name([{ subject: accountId, purpose: 'member', context: conversationId }]))[0] as never;
});

describe('end-revoked-sessions', () => {
  const isLive = (person: Person) => core.ports.credentials.isLive(person.deviceId, core.clock.now());

  it('ends what a use case that died had left', async () => {
    const dying = processOver(killedAt(core.ports, 1, 'after').ports);
    const revoking = dying.revokeDevice({ deviceId: bob.deviceId }, bob.context);
    await expect(core.whileTimePasses(revoking)).rejects.toThrow(Killed);
    expect(await isLive(bob)).toBe(true);
    await runToEnd('end-revoked-sessions');
    expect([await isLive(bob), await isLive(ada)]).toEqual([false, true]);
  });

  it('changes nothing the second time', async () => {
    granted(await core.whileTimePasses(process.revokeDevice({ deviceId: bob.deviceId }, bob.context)));
    await runToEnd('end-revoked-sessions');
    const before = await core.stored();
    await runAnew('end-revoked-sessions');
    expect(await core.stored()).toEqual(before);
    expect([await isLive(bob), await isLive(ada)]).toEqual([false, true]);
  });
});

/** A feed that tells the positions it hands over. */
function watchedFeed(feed: EventFeed, handed: (positions: readonly number[]) => void): EventFeed {
  return {
    committed: (consumer) => feed.committed(consumer),
    commit: (consumer, position) => feed.commit(consumer, position),
    follow: (consumer, options) => ({
      async *[Symbol.asyncIterator]() {
        for await (const batch of feed.follow(consumer, options)) {
          handed(batch.events.map(({ position }) => position));
          yield batch;
        }
      },
    }),
  };
}
