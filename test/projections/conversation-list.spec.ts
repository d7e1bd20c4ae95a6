import { describe, expect, it } from '@jest/globals';
import type { ComposeId, ConversationId, MemberId, MessageId } from '../../src/domain/kernel/ids.js';
import { instant } from '../../src/domain/kernel/instant.js';
import { conversationFor, conversationList, conversationsOf } from '../../src/projections/conversation-list.js';
import type { ProjectedEvent } from '../../src/projections/kernel/feed-events.js';
import { sealed } from '../support/fake-keys.js';
import { specOfProjection } from '../support/spec-of-projection.js';
import { handle, story } from '../support/story.js';

const { given } = specOfProjection(conversationList);
const conversationId = 'c' as ConversationId;
const [memberId, title] = ['a' as MemberId, sealed('c', 'Title') as never];

const created: ProjectedEvent = {
  type: 'ConversationCreated',
  data: { conversationId, kind: 'group', title, createdAt: instant(1) },
};
const posted = (shown: 'post' | 'control'): ProjectedEvent => ({
  type: 'MessagePosted',
  data: {
    ...{ conversationId, memberId, messageId: 'm' as MessageId, composeId: 'k' as ComposeId },
    ...{ seq: 1, count: shown === 'post' ? 1 : 0, class: shown, postedAt: instant(5) },
  },
});
const document = { conversationId, kind: 'group', title, createdAt: instant(1) } as const;
const fresh = { lastSeq: 0, count: 0, activeAt: instant(1), activePosition: 10, membersVersion: 0 } as const;

describe('the conversation list', () => {
  it('begins empty', async () => {
    await given(created).then({ ...document, ...fresh, lastRevision: 0, lastPosition: 10 });
  });

  it('is active at its last post, not at what carries group state between devices', async () => {
    const last = { lastSeq: 1, lastRevision: 1, lastPosition: 20 } as const;
    await given(created, posted('post')).then({
      ...document,
      ...fresh,
      ...last,
      count: 1,
      activeAt: instant(5),
      activePosition: 20,
    });
    await given(created, posted('control')).then({ ...document, ...fresh, ...last });
  });

  it('follows every fact with its revision, and those about members with the version of the members', async () => {
    const left = { type: 'MemberLeft', data: { conversationId, memberId, seq: 1, count: 0, leftAt: instant(6) } } as const;
    const owner = { type: 'OwnerChanged', data: { conversationId, memberId, changedAt: instant(7) } } as const;
    const removal = { messageId: 'm' as MessageId, seq: 1, removedBy: memberId, reason: 'author' } as const;
    const removed = { type: 'MessageRemoved', data: { conversationId, ...removal, removedAt: instant(8) } } as const;
    await given(created, left, owner, removed).then({
      ...document,
      ...{ lastSeq: 1, count: 0, activeAt: instant(6), activePosition: 20 },
      ...{ membersVersion: 2, lastRevision: 3, lastPosition: 40 },
    });
  });
});

describe('conversationsOf', () => {
  it('answers the most recently active first, page by page', async () => {
    const { views, conversation } = await story([
      ['group', 'ada', { whom: 'bea' }],
      ['direct', 'ada', { whom: 'cyd' }],
      ['group', 'bea', { whom: 'cyd' }],
      ['group', 'ada'],
      ['post', 'ada', { where: 0 }],
    ]);
    const first = await conversationsOf(views, handle('ada'), { limit: 2 });
    expect(first.items.map((item) => item.conversationId)).toEqual([conversation(0), conversation(3)]);
    const second = await conversationsOf(views, handle('ada'), { limit: 2, before: first.next! });
    expect(second.items.map((item) => item.conversationId)).toEqual([conversation(1)]);
    expect(second.next).toBeUndefined();
    expect(await conversationsOf(views, handle('dot'), { limit: 2 })).toEqual({ items: [] });
  });

  it('counts what was posted after what was read', async () => {
    const posts = [1, 2, 3].map(() => ['post', 'ada'] as const);
    const begun = [['group', 'ada', { whom: 'bea' }] as const, ...posts];
    const unread = async (...more: Parameters<typeof story>[0]) => {
      const { views, conversation } = await story([...begun, ...more]);
      const view = await conversationFor(views, handle('bea'), conversation(0));
      return view === 'hidden' ? view : [view.unread, view.membership.readSeq, view.membership.deliveredSeq, view.lastSeq];
    };
    expect(await unread()).toEqual([3, 0, 0, 5]);
    expect(await unread(['delivered', 'bea', { which: 3 }])).toEqual([3, 0, 4, 5]);
    expect(await unread(['read', 'bea', { which: 2 }])).toEqual([2, 3, 3, 5]);
    expect(await unread(['read', 'bea', { which: 4 }])).toEqual([0, 5, 5, 5]);
    expect(await unread(['read', 'bea', { which: 3 }], ['control', 'ada'])).toEqual([1, 4, 4, 6]);
    expect(await unread(['remove-message', 'ada'])).toEqual([3, 0, 0, 5]);
    expect(await unread(['post', 'bea'])).toEqual([0, 6, 6, 6]);
  });

  it('counts for who joined later only what came after the joining', async () => {
    const { views, conversation } = await story([
      ['group', 'ada', { whom: 'bea' }],
      ['post', 'ada'],
      ['add', 'ada', { whom: 'cyd' }],
      ['post', 'ada'],
      ['post', 'ada'],
    ]);
    const view = await conversationFor(views, handle('cyd'), conversation(0));
    expect(view).toMatchObject({ unread: 2, membersCount: 3, membership: { fromSeq: 4, state: 'active', role: 'member' } });
  });
});

describe('conversationFor', () => {
  it('shows who has left nothing of what came after', async () => {
    const begun = [
      ['group', 'ada', { whom: 'bea' }],
      ['post', 'ada'],
      ['leave', 'bea'],
    ] as const;
    const after = [
      ['post', 'ada'],
      ['add', 'ada', { whom: 'cyd' }],
      ['post', 'cyd'],
      ['remove-message', 'ada'],
    ] as const;
    const short = await story(begun);
    const long = await story([...begun, ...after]);
    const seen = await conversationFor(long.views, handle('bea'), long.conversation(0));
    expect(seen).toEqual(await conversationFor(short.views, handle('bea'), short.conversation(0)));
    expect(seen).toMatchObject({ lastSeq: 4, unread: 1, membership: { state: 'left' } });
    expect(seen).not.toHaveProperty('membersCount');
  });

  it('is `hidden` from who never was in it', async () => {
    const { views, conversation } = await story([['group', 'ada', { whom: 'bea' }]]);
    expect(await conversationFor(views, handle('cyd'), conversation(0))).toBe('hidden');
    expect(await conversationFor(views, handle('ada'), 'nowhere' as ConversationId)).toBe('hidden');
  });
});
