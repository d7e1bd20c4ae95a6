import { describe, expect, it } from '@jest/globals';
import type { AccountId, ComposeId, ConversationId, MemberId, MessageId } from '../../src/domain/kernel/ids.js';
import { instant } from '../../src/domain/kernel/instant.js';
import type { ProjectedEvent } from '../../src/projections/kernel/feed-events.js';
import { marksPosition, marksSince, receipts, receiptsFor } from '../../src/projections/receipts.js';
import { memberOf } from '../support/fake-keys.js';
import { specOfProjection } from '../support/spec-of-projection.js';
import { handle, story } from '../support/story.js';

const { given } = specOfProjection(receipts);
const conversationId = 'c' as ConversationId;
const memberId = 'a' as MemberId;
const at = instant(1);

const added: ProjectedEvent = {
  type: 'MemberAdded',
  data: {
    conversationId,
    memberId,
    account: 'ada' as AccountId,
    role: 'member',
    addedBy: memberId,
    fromSeq: 1,
    seq: 1,
    count: 0,
    addedAt: at,
  },
};
const left: ProjectedEvent = { type: 'MemberLeft', data: { conversationId, memberId, seq: 9, count: 0, leftAt: at } };
const delivered = (seq: number): ProjectedEvent => ({
  type: 'DeliveredUpTo',
  data: { conversationId, memberId, seq, deliveredAt: at },
});
const read = (seq: number): ProjectedEvent => ({ type: 'ReadUpTo', data: { conversationId, memberId, seq, readAt: at } });
const posted: ProjectedEvent = {
  type: 'MessagePosted',
  data: {
    conversationId,
    memberId,
    messageId: 'm' as MessageId,
    composeId: 'k' as ComposeId,
    seq: 7,
    count: 1,
    class: 'post',
    postedAt: at,
  },
};
const member = { conversationId, memberId, member: true };

describe('receipts', () => {
  it('only grow, and what was read was delivered', async () => {
    await given(added).then(member);
    await given(added, delivered(3), read(2)).then({ ...member, deliveredSeq: 3, readSeq: 2, position: 30 });
    await given(added, read(5), delivered(3), read(4)).then({ ...member, deliveredSeq: 5, readSeq: 5, position: 40 });
  });

  it("are advanced by one's own post", async () => {
    await given(added, posted).then({ ...member, deliveredSeq: 7, readSeq: 7, position: 20 });
  });

  it('count for nothing after the end of a membership, and begin anew with the next joining', async () => {
    await given(read(3)).then();
    await given(added, read(3), left, read(8)).then({ ...member, member: false, deliveredSeq: 3, readSeq: 3, position: 20 });
    await given(added, read(3), left, added).then(member);
    await given(added, left, read(8), added, read(9)).then({ ...member, deliveredSeq: 9, readSeq: 9, position: 50 });
  });
});

describe('questions about receipts', () => {
  const steps = [
    ['group', 'ada', { whom: 'bea' }],
    ['add', 'ada', { whom: 'cyd' }],
    ['post', 'ada'],
    ['read', 'bea', { which: 2 }],
    ['leave', 'cyd'],
    ['late-read', 'cyd', { which: 3 }],
  ] as const;

  it('are answered to present members, about present members', async () => {
    const { views, conversation } = await story(steps);
    const [ada, bea] = ['ada', 'bea'].map((person) => memberOf(person as AccountId, conversation(0)));
    expect(await receiptsFor(views, handle('ada'), conversation(0))).toEqual([
      { memberId: ada, deliveredSeq: 4, readSeq: 4 },
      { memberId: bea, deliveredSeq: 3, readSeq: 3 },
    ]);
    expect(await receiptsFor(views, handle('cyd'), conversation(0))).toBe('ended');
    expect(await receiptsFor(views, handle('dot'), conversation(0))).toBe('hidden');
  });

  it('find what changed after a position, in the order in which it changed', async () => {
    const { views, conversation, history } = await story(steps);
    const all = await marksSince(views, conversation(0), 0);
    const bea = memberOf('bea' as AccountId, conversation(0));
    expect(all.map((marks) => marks.memberId)).toEqual([memberOf('ada' as AccountId, conversation(0)), bea]);
    expect(await marksPosition(views, conversation(0))).toBe(all[1]!.position);
    expect(await marksSince(views, conversation(0), all[0]!.position!)).toEqual([all[1]]);
    expect(await marksSince(views, conversation(0), history.head)).toEqual([]);
    expect(await marksPosition(views, 'nowhere' as ConversationId)).toBe(0);
  });
});
