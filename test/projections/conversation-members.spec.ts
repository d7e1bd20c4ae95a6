import { describe, expect, it } from '@jest/globals';
import type { AccountId, ConversationId, Handle, MemberId } from '../../src/domain/kernel/ids.js';
import { instant } from '../../src/domain/kernel/instant.js';
import {
  conversationMembers,
  intervalsOf,
  type Joining,
  type Mark,
  membershipOf,
} from '../../src/projections/conversation-members.js';
import type { ProjectedEvent } from '../../src/projections/kernel/feed-events.js';
import { sealed } from '../support/fake-keys.js';
import { specOfProjection } from '../support/spec-of-projection.js';
import { handle, story } from '../support/story.js';

const { given } = specOfProjection(conversationMembers);
const conversationId = 'c' as ConversationId;
const [ada, bea] = ['a', 'b'] as [MemberId, MemberId];
const account = sealed('ada', 'ada') as never;

const added = (memberId: MemberId, seq: number, extra: object = {}): ProjectedEvent => ({
  type: 'MemberAdded',
  data: {
    conversationId,
    memberId,
    account,
    role: 'member',
    addedBy: ada,
    fromSeq: seq,
    seq,
    count: 4,
    addedAt: instant(seq),
    ...extra,
  },
  ...('handle' in extra ? { handle: extra.handle as Handle } : {}),
});
const joining = (seq: number, revision: number, fromSeq = seq): Joining => ({
  ...{ fromSeq, seq, count: 4, revision, position: (revision + 1) * 10, at: instant(seq) },
});
const document = { conversationId, account, role: 'member', state: 'active' } as const;

describe('conversation members', () => {
  it('are kept with their account sealed, and with a handle only while their keys live', async () => {
    await given(added(ada, 1), added(bea, 2, { handle: 'h' })).then(
      { ...document, memberId: ada, joinings: [joining(1, 0)] },
      expect.objectContaining({ memberId: bea, handle: 'h' as Handle }) as never,
    );
  });

  it('are ended by leaving and by removal, and begin anew when they join again', async () => {
    const left = { type: 'MemberLeft', data: { conversationId, memberId: ada, seq: 2, count: 5, leftAt: instant(7) } } as const;
    const removed = {
      type: 'MemberRemoved',
      data: { conversationId, memberId: ada, removedBy: bea, seq: 4, count: 6, removedAt: instant(8) },
    } as const;
    const firstEnd: Mark = { seq: 2, count: 5, revision: 1, position: 20, at: instant(7) };
    const secondEnd: Mark = { seq: 4, count: 6, revision: 3, position: 40, at: instant(8) };
    await given(added(ada, 1), left).then({
      ...document,
      ...{ memberId: ada, state: 'left', joinings: [joining(1, 0)], endings: [firstEnd] },
    });
    await given(added(ada, 1), left, added(ada, 3), removed).then({
      ...document,
      ...{ memberId: ada, state: 'removed', joinings: [joining(1, 0), joining(3, 2)], endings: [firstEnd, secondEnd] },
    });
  });

  it('have one owner, whoever was it before', async () => {
    const changed = { type: 'OwnerChanged', data: { conversationId, memberId: bea, changedAt: instant(9) } } as const;
    await given(added(ada, 1, { role: 'owner' }), added(bea, 2), changed).then(
      { ...document, memberId: ada, role: 'member', joinings: [joining(1, 0)] },
      { ...document, memberId: bea, role: 'owner', joinings: [joining(2, 1)] },
    );
  });
});

describe('intervalsOf', () => {
  it('gives one interval for each joining, the last one open while it lasts', () => {
    const end: Mark = { seq: 5, count: 4, revision: 6, position: 70, at: instant(5) };
    const joinings = [joining(9, 12), joining(3, 4)];
    expect(intervalsOf({ joinings, endings: [end] })).toEqual([
      { fromSeq: 3, toSeq: 5, fromRevision: 4, toRevision: 6, joining: joinings[1], ending: end },
      { fromSeq: 9, fromRevision: 12, joining: joinings[0] },
    ]);
  });

  it('gives those who were there at the creation everything from revision 0', () => {
    expect(intervalsOf({ joinings: [joining(2, 2, 1)] })[0]).toMatchObject({ fromSeq: 1, fromRevision: 0 });
  });
});

describe('membershipOf', () => {
  it('finds a person by handle in one conversation, also after they left', async () => {
    const { views, conversation } = await story([
      ['group', 'ada', { whom: 'bea' }],
      ['group', 'ada', { whom: 'bea' }],
      ['leave', 'bea'],
    ]);
    expect(await membershipOf(views, handle('bea'), conversation(0))).toMatchObject({ state: 'left' });
    expect(await membershipOf(views, handle('bea'), conversation(1))).toMatchObject({ state: 'active' });
    expect(await membershipOf(views, handle('cyd'), conversation(0))).toBeUndefined();
    expect((await membershipOf(views, handle('ada'), conversation(0)))?.account).toEqual(sealed('ada', 'ada' as AccountId));
  });
});
