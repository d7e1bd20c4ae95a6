/**
 * Goal: read marks say what exists, never go back, are answered when they are stored, and cost at most one append per
 * member and second. Method: time moved by hand, and the appends that were asked for.
 */
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { EventStore } from '../../../src/application/ports/event-store.js';
import { Unavailable } from '../../../src/application/ports/failures.js';
import { fold } from '../../../src/domain/kernel/decider.js';
import type { ConversationId, MemberId, MessageId } from '../../../src/domain/kernel/ids.js';
import type { ReceiptsEvent } from '../../../src/domain/receipts/events.js';
import { receipts } from '../../../src/domain/receipts/receipts.js';
import { ApplicationUnderTest, granted, type Person, type Process } from '../../support/application-under-test.js';
import { fieldProblems } from '../../support/event-fields.js';
import { until } from '../../support/until.js';

let core: ApplicationUnderTest;
let process: Process;
let ada: Person;
let bob: Person;
let conversationId: ConversationId;
let memberId: MemberId;

beforeEach(async () => {
  core = await ApplicationUnderTest.open();
  process = core.process();
  ada = await core.signIn(process);
  bob = await core.signIn(process);
  conversationId = granted(await process.createDirect({ accountId: bob.accountId }, ada.context)).conversationId;
  [memberId] = (await core.ports.keys.name([{ subject: bob.accountId, purpose: 'member', context: conversationId }])) as [
    MemberId,
  ];
});

const post = async (count = 1, on: Process = process) => {
  for (let index = 0; index < count; index += 1) {
    const body = { content: { type: 'text', text: 'Hello' } } as const;
    const messageId = core.ids.uuid() as MessageId;
    granted(await core.whileTimePasses(on.sendMessage({ conversationId, messageId, body }, ada.context)));
  }
};
const read = (seq: number, on: Process = process, by: Person = bob) => on.markRead({ conversationId, seq }, by.context);
const readNow = (seq: number, on: Process = process) => core.whileTimePasses(read(seq, on), 50);
const marks = async () =>
  (await core.eventsOf(`receipts-${memberId}`)).map(({ type, data }) => [type, 'seq' in data && data.seq]);
/** When marks were appended, by the monotonic clock. */
const appendedAtMs = () =>
  core.appends.filter(({ writes }) => writes.some(({ stream }) => stream === `receipts-${memberId}`)).map(({ atMs }) => atMs);
const settled = (work: Promise<unknown>): (() => boolean) => {
  let isDone = false;
  work.then(() => {
    isDone = true;
  });
  return () => isDone;
};
/** Enough turns for whatever does not wait for the clock. */
const turns = async () => {
  for (let index = 0; index < 50; index += 1) await new Promise((resolve) => setImmediate(resolve));
};

describe('marking as read', () => {
  it('stores how far, under the member’s id alone', async () => {
    const { position } = granted(await readNow(2));
    const [event] = await core.eventsOf(`receipts-${memberId}`);
    expect(fieldProblems(event!.type, event!.data)).toEqual([]);
    expect(event).toMatchObject({
      type: 'ReadUpTo',
      data: { conversationId, memberId, seq: 2, readAt: event!.meta.recordedAt },
      meta: { feedKey: conversationId, position },
    });
    expect(await core.typesOf(`conversation-${conversationId}`)).not.toContain('ReadUpTo');
    // Marks fold by maximum, so nobody has to win a race.
    expect(core.appends.at(-1)!.writes.map(({ expected }) => expected)).toEqual(['any']);
  });

  it('beyond the head is refused', async () => {
    expect(await readNow(3)).toEqual({ ok: false, rejection: { type: 'SeqNotFound', seqMax: 2 } });
    expect(await marks()).toEqual([]);
  });

  it('ahead of a state that is stale is decided on the head', async () => {
    const elsewhere = core.process();
    granted(await readNow(2, elsewhere));
    await post(1);
    granted(await readNow(3, elsewhere));
    expect(await marks()).toEqual([
      ['ReadUpTo', 2],
      ['ReadUpTo', 3],
    ]);
  });

  it('by somebody who has just come in is decided on the head', async () => {
    const group = core.ids.uuid() as ConversationId;
    granted(await process.createGroup({ conversationId: group, title: 'Choir', accountIds: [] }, ada.context));
    const elsewhere = core.process();
    const asked = { conversationId: group, seq: 1 };
    const refused = await core.whileTimePasses(elsewhere.markRead(asked, bob.context));
    expect(refused).toEqual({ ok: false, rejection: { type: 'NotAMember' } });
    granted(await process.addMember({ conversationId: group, accountId: bob.accountId }, ada.context));
    granted(await core.whileTimePasses(elsewhere.markRead(asked, bob.context)));
  });

  it('by whoever is no member, is erased, or in a conversation that does not exist is refused', async () => {
    const cleo = await core.signIn(process);
    expect(await read(1, process, cleo)).toEqual({ ok: false, rejection: { type: 'NotAMember' } });
    const nowhere = { conversationId: core.ids.uuid() as ConversationId, seq: 1 };
    expect(await process.markRead(nowhere, bob.context)).toEqual({ ok: false, rejection: { type: 'NotAMember' } });
    await core.ports.keys.destroy(bob.accountId);
    expect(await read(1)).toEqual({ ok: false, rejection: { type: 'AccountErased' } });
  });

  it('by a former member is refused once the state is two seconds old', async () => {
    const group = core.ids.uuid() as ConversationId;
    granted(await process.createGroup({ conversationId: group, title: 'Choir', accountIds: [bob.accountId] }, ada.context));
    const elsewhere = core.process();
    await elsewhere.deps.conversations.head(group);
    granted(await process.leaveConversation({ conversationId: group }, bob.context));
    core.clock.advance(2_001);
    const late = await core.whileTimePasses(elsewhere.markRead({ conversationId: group, seq: 1 }, bob.context));
    expect(late).toEqual({ ok: false, rejection: { type: 'NotAMember' } });
  });

  it('never goes back, and says so by storing nothing', async () => {
    await post(3);
    granted(await readNow(4));
    const before = await core.stored();
    expect(granted(await readNow(3))).toEqual({});
    expect(granted(await readNow(4))).toEqual({});
    expect(await core.stored()).toEqual(before);
  });

  it('on a process that does not know how far may store less once more, and still says the furthest', async () => {
    await post(3);
    granted(await readNow(4));
    granted(await readNow(3, core.process()));
    const events = (await core.eventsOf(`receipts-${memberId}`)) as unknown as ReceiptsEvent[];
    expect(fold(receipts, receipts.initial, events)).toEqual({ deliveredSeq: 4, readSeq: 4 });
  });

  it('on two devices at once ends at the further of both', async () => {
    await post(3);
    const elsewhere = core.process();
    await core.whileTimePasses(Promise.all([read(5), read(3, elsewhere), read(4, elsewhere)]), 50);
    const furthest = Math.max(...(await marks()).map(([, seq]) => Number(seq)));
    expect(furthest).toBe(5);
  });
});

describe('many marks of one member', () => {
  beforeEach(() => post(40));

  /** The store with another way to append. */
  function changed(by: (append: EventStore['append']) => EventStore['append']): EventStore {
    const { eventStore } = core.ports;
    const append = by((writes) => eventStore.append(writes));
    return new Proxy(eventStore, { get: (target, name: keyof EventStore) => (name === 'append' ? append : target[name]) });
  }
  const expectApart = (timesMs: readonly number[]) => {
    for (const [index, atMs] of timesMs.slice(1).entries()) expect(atMs - timesMs[index]!).toBeGreaterThanOrEqual(1_000);
  };

  it('that come at once are one append, and all are answered by it', async () => {
    const results = await core.whileTimePasses(Promise.all([3, 9, 6, 12, 1].map((seq) => read(seq))), 50);
    const positions = results.map((result) => granted(result).position);
    expect(new Set(positions).size).toBe(1);
    expect(await marks()).toEqual([['ReadUpTo', 12]]);
    expect(appendedAtMs()).toHaveLength(1);
  });

  it('are one append a second, however fast a reader scrolls', async () => {
    const asked: Promise<unknown>[] = [];
    for (let tick = 0; tick < 40; tick += 1) {
      asked.push(read(3 + tick));
      await turns();
      core.clock.advance(100);
      await turns();
    }
    await core.whileTimePasses(Promise.all(asked), 50);
    expect(appendedAtMs()).toHaveLength(5);
    expectApart(appendedAtMs());
    expect((await marks()).at(-1)).toEqual(['ReadUpTo', 42]);
  });

  it('are apart by a second also when storing takes its time', async () => {
    const slowly = core.process({
      eventStore: changed((append) => async (writes) => {
        const outcomes = await append(writes);
        await core.clock.wait(5);
        return outcomes;
      }),
    });
    granted(await readNow(3, slowly));
    for (const [seq, pauseMs] of [
      [4, 500],
      [5, 200],
      [6, 900],
    ] as const) {
      core.clock.advance(pauseMs);
      granted(await readNow(seq, slowly));
    }
    expect(appendedAtMs()).toHaveLength(4);
    expectApart(appendedAtMs());
  });

  it('do not wait for those of another member', async () => {
    granted(await readNow(3));
    const ofAda = read(3, process, ada);
    const isDone = settled(ofAda);
    await until('the other member’s mark is stored', isDone);
  });

  it('are answered only when they are stored', async () => {
    let letThrough: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      letThrough = resolve;
    });
    const slowly = core.process({
      eventStore: changed((append) => async (writes) => {
        await gate;
        return append(writes);
      }),
    });
    const work = read(7, slowly);
    const isDone = settled(work);
    await turns();
    expect(isDone()).toBe(false);
    expect(await marks()).toEqual([]);
    letThrough();
    granted(await core.whileTimePasses(work));
    expect(await marks()).toEqual([['ReadUpTo', 7]]);
  });

  it('that cannot be stored fail for everybody who waits, and the next one is tried anew', async () => {
    let isDown = true;
    const full = () => Promise.reject(new Unavailable('The disk is full.'));
    const onIt = core.process({ eventStore: changed((append) => (writes) => (isDown ? full() : append(writes))) });
    const asked = [read(5, onIt), read(6, onIt)];
    for (const result of await Promise.allSettled(asked)) expect(result.status).toBe('rejected');
    isDown = false;
    granted(await core.whileTimePasses(read(6, onIt), 50));
    expect(await marks()).toEqual([['ReadUpTo', 6]]);
  });
});
