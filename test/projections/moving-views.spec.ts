/**
 * Goal: views may move on between any two reads of one answer, and nobody is told what came after their end.
 * Method: two states of the same views, before somebody leaves and after more was written; each question is asked of views
 * that change from the one to the other before their first, second, ... read.
 */
import { describe, expect, it } from '@jest/globals';
import type { MemberId, MessageId } from '../../src/domain/kernel/ids.js';
import { conversationFor, conversationsOf } from '../../src/projections/conversation-list.js';
import { factsSince } from '../../src/projections/facts-since.js';
import type { Views } from '../../src/projections/kernel/views.js';
import { membersFor } from '../../src/projections/members-for.js';
import { messageFor, messagesFor } from '../../src/projections/messages-for.js';
import { receiptsFor } from '../../src/projections/receipts.js';
import { LARGE } from '../support/all-answers.js';
import { asker, handle, type Story, story, type Told } from '../support/story.js';

const stay: readonly Told[] = [
  ['group', 'ada', { whom: 'bea' }],
  ['post', 'ada'],
  ['post', 'bea'],
];
/** The end is place 5; what must not be told is who came at 6, what was written at 7, and what follows from it. */
const END_SEQ = 5;
const gone: readonly Told[] = [
  ...stay,
  ['leave', 'bea'],
  ['add', 'ada', { whom: 'cyd' }],
  ['post', 'ada'],
  ['read', 'ada', { which: 6 }],
];

/** Answers from the one until it has been read so often, and then from the other. */
function moving(one: Views, other: Views, reads: number): { readonly views: Views; readonly count: () => number } {
  let count = 0;
  const views = new Proxy(one, {
    get:
      (_, name: keyof Views) =>
      (...args: unknown[]) => {
        const from = count < reads ? one : other;
        count += 1;
        return (from[name] as (...given: unknown[]) => unknown).apply(from, args);
      },
  });
  return { views, count: () => count };
}

const questions: Readonly<Record<string, (views: Views, of: Story) => Promise<unknown>>> = {
  conversation: (views, of) => conversationFor(views, handle('bea'), of.conversation(0)),
  conversations: (views) => conversationsOf(views, handle('bea'), { limit: 10 }),
  members: (views, of) => membersFor(views, handle('bea'), of.conversation(0), { limit: 10 }),
  messages: (views, of) => messagesFor(views, handle('bea'), of.conversation(0), { limit: 10 }),
  'a message': (views, of) => messageFor(views, handle('bea'), of.conversation(0), lastPost(of).messageId),
  receipts: (views, of) => receiptsFor(views, handle('bea'), of.conversation(0)),
  'sync from nothing': (views) => factsSince(views, asker('bea'), { after: 0 }, LARGE),
  'sync of what is new': (views) => factsSince(views, asker('bea'), { after: 4 }, LARGE),
};

function lastPost({ history }: Story): { readonly messageId: MessageId; readonly seq: number } {
  const posted = history.log.findLast(({ type }) => type === 'MessagePosted');
  if (posted === undefined) throw new Error('Nothing was posted.');
  return posted.data as ReturnType<typeof lastPost>;
}

function lastJoined({ history }: Story): MemberId {
  const added = history.log.findLast(({ type }) => type === 'MemberAdded');
  if (added === undefined) throw new Error('Nobody joined.');
  return (added.data as { readonly memberId: MemberId }).memberId;
}

/** All places that stand in an answer, under whatever name. */
function placesIn(value: unknown): readonly number[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, field]) =>
    typeof field === 'number' && /seq$/i.test(name) ? [field] : placesIn(field),
  );
}

describe('views that move on while they are read', () => {
  it.each(Object.entries(questions))('tell nothing of after the end of who asks: %s', async (_, ask) => {
    const [before, after] = [await story(stay), await story(gone)];
    expect(lastPost(after).seq).toBe(END_SEQ + 2);
    const secrets = [lastPost(after).messageId, lastJoined(after)];
    let asked = 0;
    for (let reads = 0; reads === 0 || reads <= asked; reads += 1) {
      const { views, count } = moving(before.views, after.views, reads);
      const answer = await ask(views, after);
      asked = Math.max(asked, count());
      expect({ reads, furthest: Math.max(0, ...placesIn(answer)) <= END_SEQ }).toEqual({ reads, furthest: true });
      for (const secret of secrets) expect(JSON.stringify(answer)).not.toContain(secret);
    }
    expect(asked).toBeGreaterThan(1);
  });
});
