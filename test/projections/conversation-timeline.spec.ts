import { describe, it } from '@jest/globals';
import type { ComposeId, ConversationId, MemberId, MessageId } from '../../src/domain/kernel/ids.js';
import { instant } from '../../src/domain/kernel/instant.js';
import { conversationTimeline, type TimelineEntry } from '../../src/projections/conversation-timeline.js';
import type { ProjectedEvent } from '../../src/projections/kernel/feed-events.js';
import { sealed } from '../support/fake-keys.js';
import { specOfProjection } from '../support/spec-of-projection.js';

const { given } = specOfProjection(conversationTimeline);
const conversationId = 'c' as ConversationId;
const [memberId, messageId] = ['a' as MemberId, 'm' as MessageId];
const [body, account, title] = [sealed('ada', 'hi') as never, sealed('ada', 'ada') as never, sealed('c', 'T') as never];

const posted: ProjectedEvent = {
  type: 'MessagePosted',
  data: {
    conversationId,
    memberId,
    messageId,
    composeId: 'k' as ComposeId,
    seq: 1,
    count: 1,
    class: 'post',
    postedAt: instant(5),
  },
  body,
};
const removed: ProjectedEvent = {
  type: 'MessageRemoved',
  data: { conversationId, messageId, seq: 1, removedBy: memberId, reason: 'owner', removedAt: instant(8) },
};
const post = {
  ...{ conversationId, revision: 0, position: 10, type: 'message-posted', at: instant(5) },
  ...{ by: memberId, seq: 1, count: 1, messageId, class: 'post' },
} as const satisfies TimelineEntry;
const removal = {
  ...{ conversationId, revision: 1, position: 20, type: 'message-removed', at: instant(8), by: memberId, messageId },
  ...{ removedSeq: 1, reason: 'owner', removalRevision: 1 },
} as const satisfies TimelineEntry;

describe('the conversation timeline', () => {
  it('has one document for each fact, under its revision', async () => {
    const at = instant(3);
    const member = { conversationId, memberId, seq: 1, count: 0 };
    await given(
      { type: 'ConversationCreated', data: { conversationId, kind: 'group', title, createdAt: at } },
      { type: 'MemberAdded', data: { ...member, account, role: 'owner', addedBy: memberId, fromSeq: 1, addedAt: at } },
      { type: 'MemberRemoved', data: { ...member, removedBy: memberId, removedAt: at } },
      { type: 'MemberLeft', data: { ...member, leftAt: at } },
      { type: 'OwnerChanged', data: { conversationId, memberId, changedAt: at } },
    ).then(
      { conversationId, revision: 0, position: 10, type: 'conversation-created', at, kind: 'group', title },
      { ...member, revision: 1, position: 20, type: 'member-added', at, by: memberId, account, role: 'owner' },
      { ...member, revision: 2, position: 30, type: 'member-removed', at, by: memberId },
      { ...member, revision: 3, position: 40, type: 'member-left', at, by: memberId },
      { conversationId, memberId, revision: 4, position: 50, type: 'owner-changed', at },
    );
  });

  it('keeps a post with its sealed body, or as a stub when there is none', async () => {
    await given(posted).then({ ...post, body });
    const { body: _, ...bare } = posted as typeof posted & { body: unknown };
    await given(bare as ProjectedEvent).then(post);
  });

  it('leaves a stub of what was removed, and tells the removal under its own revision', async () => {
    await given(posted, removed).then({ ...post, state: 'removed' }, removal);
  });

  it('ignores a second removal in the stub, and still tells it', async () => {
    await given(posted, removed, removed).then({ ...post, state: 'removed' }, removal, {
      ...removal,
      ...{ revision: 2, position: 30, removalRevision: 2 },
    });
  });

  it('drops the body when the stream of its content is removed, and nothing else', async () => {
    const gone = (id: string): ProjectedEvent => ({ type: '$stream-removed', data: { stream: `message-${id}` } });
    await given(posted, gone('other')).then({ ...post, body });
    await given(posted, gone('m')).then(post);
    await given(posted, removed, gone('m')).then({ ...post, state: 'removed' }, removal);
  });
});
