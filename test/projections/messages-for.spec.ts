import { describe, expect, it } from '@jest/globals';
import type { ConversationId, MessageId } from '../../src/domain/kernel/ids.js';
import { instant } from '../../src/domain/kernel/instant.js';
import { conversationTimeline } from '../../src/projections/conversation-timeline.js';
import { opened } from '../../src/projections/kernel/opening.js';
import { messageOf } from '../../src/projections/message.js';
import { type HistoryPage, type MessagesQuery, messageFor, messagesFor } from '../../src/projections/messages-for.js';
import { fakeKeys } from '../support/fake-keys.js';
import { handle, type Person, type Story, story, type Told } from '../support/story.js';

/** Places 1 and 2 are the joining of ada and bea, 3 to 12 are posts. */
const begun: readonly Told[] = [['group', 'ada', { whom: 'bea' }], ...Array.from({ length: 10 }, () => ['post', 'ada'] as const)];

async function asked({ views, conversation }: Story, person: Person, query: MessagesQuery): Promise<HistoryPage> {
  const page = await messagesFor(views, handle(person), conversation(0), query);
  if (page === 'hidden') throw new Error('It is hidden.');
  return page;
}

const seqs = ({ items }: HistoryPage): readonly unknown[] => items.map(({ seq }) => seq);
const upTo = (from: number, to: number): readonly number[] => Array.from({ length: to - from + 1 }, (_, offset) => from + offset);

describe('messagesFor', () => {
  it('answers the newest places, and leads to the older ones', async () => {
    const told = await story(begun);
    const newest = await asked(told, 'bea', { limit: 5 });
    expect(seqs(newest)).toEqual(upTo(8, 12));
    expect([newest.older, newest.newer]).toEqual([8, undefined]);
    const older = await asked(told, 'bea', { limit: 5, olderThan: newest.older! });
    expect(seqs(older)).toEqual(upTo(3, 7));
    const oldest = await asked(told, 'bea', { limit: 5, olderThan: older.older! });
    expect(seqs(oldest)).toEqual([1, 2]);
    expect([oldest.older, oldest.newer]).toEqual([undefined, 2]);
    expect(seqs(await asked(told, 'bea', { limit: 3, newerThan: oldest.newer! }))).toEqual([3, 4, 5]);
  });

  it('fills what sync has left out, from its first place on', async () => {
    const told = await story(begun);
    const gap = { fromSeq: 4, toSeq: 9 };
    const first = await asked(told, 'bea', { ...gap, limit: 4 });
    expect([seqs(first), first.older, first.newer]).toEqual([[4, 5, 6, 7], undefined, 7]);
    const rest = await asked(told, 'bea', { ...gap, limit: 4, newerThan: first.newer! });
    expect([seqs(rest), rest.newer]).toEqual([[8, 9], undefined]);
    expect(seqs(await asked(told, 'bea', { toSeq: 6, limit: 2 }))).toEqual([5, 6]);
    expect(seqs(await asked(told, 'bea', { fromSeq: 50, limit: 2 }))).toEqual([]);
  });

  it('answers what lies around a place', async () => {
    const around = await asked(await story(begun), 'bea', { aroundSeq: 6, limit: 5 });
    expect([seqs(around), around.older, around.newer]).toEqual([[4, 5, 6, 7, 8], 4, 8]);
  });

  it('shows each member what they were there for, and no place outside of it', async () => {
    const told = await story([
      ...begun,
      ['add', 'ada', { whom: 'cyd' }],
      ['post', 'ada'],
      ['leave', 'cyd'],
      ['post', 'ada'],
      ['add', 'ada', { whom: 'cyd' }],
      ['post', 'cyd'],
      ['leave', 'bea'],
      ['post', 'ada'],
    ]);
    expect(seqs(await asked(told, 'cyd', { limit: 50 }))).toEqual([13, 14, 15, 17, 18, 19, 20]);
    expect(seqs(await asked(told, 'cyd', { limit: 3, olderThan: 18 }))).toEqual([14, 15, 17]);
    expect(seqs(await asked(told, 'bea', { limit: 50 }))).toEqual(upTo(1, 19));
    expect(await messagesFor(told.views, handle('dot'), told.conversation(0), { limit: 5 })).toBe('hidden');
    expect(await messagesFor(told.views, handle('ada'), 'nowhere' as ConversationId, { limit: 5 })).toBe('hidden');
  });

  it('has no holes: a removed post is a stub, one whose content is gone too, and a place without a document is withheld', async () => {
    const told = await story([...begun, ['remove-message', 'ada', { which: 1 }], ['drop-message', 'ada', { which: 2 }]]);
    const key = { conversationId: told.conversation(0), revision: 6 };
    await told.views.apply(
      [{ collection: conversationTimeline.collection, writes: [{ position: 9_999, ops: [{ verb: 'remove', key }] }] }],
      1,
    );
    const page = await opened(await asked(told, 'bea', { limit: 5, fromSeq: 3, toSeq: 7 }), fakeKeys().open);
    const messages = page.items.map((item) => messageOf(item, instant(0)));
    expect(messages.map(({ seq, state }) => [seq, state])).toEqual([
      [3, 'visible'],
      [4, 'removed'],
      [5, 'erased'],
      [6, 'withheld'],
      [7, 'visible'],
    ]);
    expect(messages[1]).not.toHaveProperty('content');
    expect(messages[3]).toEqual({ conversationId: key.conversationId, seq: 6, class: 'post', version: 1, state: 'withheld' });
  });
});

describe('messageFor', () => {
  it('finds a message where the asker may see it, also when it was removed', async () => {
    const told = await story([
      ...begun,
      ['remove-message', 'ada', { which: 1 }],
      ['add', 'ada', { whom: 'cyd' }],
      ['post', 'ada'],
    ]);
    const { views, conversation } = told;
    const { items } = await asked(told, 'ada', { limit: 50 });
    const idOf = (seq: number) => {
      const item = items.find((one) => one.seq === seq);
      return (item && 'messageId' in item ? item.messageId : undefined) as MessageId;
    };
    expect(await messageFor(views, handle('bea'), conversation(0), idOf(4))).toMatchObject({ seq: 4, state: 'removed' });
    expect(await messageFor(views, handle('cyd'), conversation(0), idOf(14))).toMatchObject({ seq: 14 });
    expect(await messageFor(views, handle('cyd'), conversation(0), idOf(12))).toBe('hidden');
    expect(await messageFor(views, handle('dot'), conversation(0), idOf(12))).toBe('hidden');
    expect(await messageFor(views, handle('ada'), conversation(0), 'none' as MessageId)).toBe('hidden');
  });

  it('does not find it under another conversation of the asker', async () => {
    const told = await story([...begun, ['group', 'ada'], ['post', 'ada', { where: 1 }]]);
    const page = await messagesFor(told.views, handle('ada'), told.conversation(1), { limit: 1 });
    const item = page === 'hidden' ? undefined : page.items[0];
    const messageId = (item && 'messageId' in item ? item.messageId : undefined) as MessageId;
    expect(await messageFor(told.views, handle('ada'), told.conversation(1), messageId)).not.toBe('hidden');
    expect(await messageFor(told.views, handle('ada'), told.conversation(0), messageId)).toBe('hidden');
  });
});
