/** Goal: nothing slips between looking and waiting, and nobody waits longer than they may. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Session } from '../../../src/adapters/nest/access-tokens.js';
import { LongPoll } from '../../../src/adapters/nest/long-poll.js';
import type { SyncPage } from '../../../src/adapters/nest/sync.js';
import { SyncWaits } from '../../../src/adapters/nest/sync-waits.js';
import type { Envelope } from '../../../src/domain/kernel/envelope.js';
import type { AccountId, ConversationId, DeviceId, Handle, MemberId } from '../../../src/domain/kernel/ids.js';
import { later } from '../../../src/domain/kernel/instant.js';
import { exampleId } from '../../support/example-ids.js';
import { TestClock } from '../../support/test-clock.js';

const HANDLE = 'handle' as Handle;
const [inside, outside, joined] = [exampleId<ConversationId>(1), exampleId<ConversationId>(2), exampleId<ConversationId>(3)];
const memberId = exampleId<MemberId>(4);
const EMPTY: SyncPage = { items: [], limited: [], cursor: 'c', caughtUp: true };
const FULL: SyncPage = { ...EMPTY, items: [{ type: 'message-posted', scope: inside, data: {} }] };

let clock: TestClock;
let waits: SyncWaits;
let me: Session;
/** What each look finds; when there is no more, nothing. */
let found: (() => SyncPage)[];
let looks: number;

beforeEach(() => {
  clock = new TestClock();
  const handleOfMember = async (id: ConversationId) => (id === joined ? HANDLE : undefined);
  waits = new SyncWaits({ clock, handleOfMember });
  const [accountId, deviceId] = [exampleId<AccountId>(5), exampleId<DeviceId>(6)];
  me = { accountId, deviceId, expiresAt: later(clock.now(), 60_000) };
  found = [];
  looks = 0;
});

function poll(waitMs: number, gone = new AbortController()): Promise<SyncPage> {
  const page = async (): Promise<SyncPage> => {
    looks += 1;
    return found.shift()?.() ?? EMPTY;
  };
  const polls = new LongPoll({
    ...{ waits, clock, sync: { page } },
    reads: { handleOf: async () => HANDLE },
    conversationsOf: async () => [inside],
  });
  return polls.page(me, { cursor: 'c', waitMs, gone: gone.signal });
}

/** What an event makes the projector say. */
const happened = (type: string, data: object) => waits.applied([{ type, data, meta: { position: 1 } } as unknown as Envelope]);
const posted = (conversationId: ConversationId) => happened('MessagePosted', { conversationId, memberId });

async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

async function isPending(promise: Promise<unknown>): Promise<boolean> {
  await settled();
  return (await Promise.race([promise, Promise.resolve('pending')])) === 'pending';
}

describe('a poll', () => {
  it('sees what is written while it looks for the last time before it waits', async () => {
    found = [
      () => EMPTY,
      () => {
        // The page was read before this was applied.
        void posted(inside);
        return EMPTY;
      },
      () => FULL,
    ];
    expect(await poll(1_000)).toEqual(FULL);
    expect([looks, clock.waiting]).toEqual([3, 0]);
  });

  it('looks again for what concerns it, and for nothing else', async () => {
    const polling = poll(1_000);
    await settled();
    await posted(outside);
    await happened('ProfileChanged', { accountId: exampleId<AccountId>(9) });
    expect([await isPending(polling), looks]).toEqual([true, 2]);
    // It may have been told of before it joined: then there is nothing new in it.
    await posted(inside);
    expect([await isPending(polling), looks]).toEqual([true, 3]);
    found = [() => FULL];
    await happened('ProfileChanged', { accountId: me.accountId });
    expect(await polling).toEqual(FULL);
  });

  it('hears of a conversation from the moment at which it is taken in', async () => {
    const polling = poll(1_000);
    await settled();
    await posted(joined);
    expect(looks).toBe(2);
    await happened('MemberAdded', { conversationId: joined, memberId });
    expect([await isPending(polling), looks]).toEqual([true, 3]);
    found = [() => FULL];
    await posted(joined);
    expect(await polling).toEqual(FULL);
  });

  it('ends with its span, and looks once more for a cursor that is as new as it can be', async () => {
    const polling = poll(1_000);
    await settled();
    clock.advance(999);
    expect(await isPending(polling)).toBe(true);
    found = [() => ({ ...EMPTY, cursor: 'newer' })];
    clock.advance(1);
    expect(await polling).toEqual({ ...EMPTY, cursor: 'newer' });
    expect([waits.size, clock.waiting]).toEqual([0, 0]);
  });

  it('ends when its access token does', async () => {
    me = { ...me, expiresAt: later(clock.now(), 500) };
    const polling = poll(1_000);
    await settled();
    clock.advance(500);
    expect(await polling).toEqual(EMPTY);
  });

  it('ends when nobody is there any more, and leaves nothing behind', async () => {
    const gone = new AbortController();
    const polling = poll(1_000, gone);
    await settled();
    expect(waits.size).toBe(1);
    gone.abort();
    await polling;
    expect([waits.size, clock.waiting]).toEqual([0, 0]);
    expect(await poll(1_000, gone)).toEqual(EMPTY);
  });

  it('does not wait on a server that stops', async () => {
    const polling = poll(1_000);
    await settled();
    waits.drain();
    expect(await polling).toEqual(EMPTY);
    expect(await poll(1_000)).toEqual(EMPTY);
    expect([waits.size, clock.waiting]).toEqual([0, 0]);
  });

  it('gives way to a newer one of its device, which goes on to hear', async () => {
    const older = poll(1_000);
    await settled();
    const newer = poll(1_000);
    expect(await older).toEqual(EMPTY);
    expect([await isPending(newer), waits.size]).toEqual([true, 1]);
    found = [() => FULL];
    await posted(inside);
    expect(await newer).toEqual(FULL);
  });
});
