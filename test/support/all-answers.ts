/** Every question that the read side answers, asked for everybody whose keys live, and all answers opened. */

import type { AccountId, ConversationId } from '../../src/domain/kernel/ids.js';
import { accountOf } from '../../src/projections/accounts.js';
import { conversationFor, conversationsOf } from '../../src/projections/conversation-list.js';
import { deliveredThrough } from '../../src/projections/delivered-through.js';
import { devicesOf } from '../../src/projections/devices.js';
import { type Asker, factsSince, type SyncAnswer, type SyncCursor, type SyncLimits } from '../../src/projections/facts-since.js';
import { opened } from '../../src/projections/kernel/opening.js';
import type { Views } from '../../src/projections/kernel/views.js';
import { membersFor } from '../../src/projections/members-for.js';
import { messageFor, messagesFor } from '../../src/projections/messages-for.js';
import { receiptsFor } from '../../src/projections/receipts.js';
import { type FakeKeys, handleOf } from './fake-keys.js';
import { type History, PEOPLE } from './generated-history.js';

export const SMALL: SyncLimits = { conversationsMax: 2, factsMax: 4, membersMax: 3, bytesMax: 100_000 };
export const LARGE: SyncLimits = { conversationsMax: 50, factsMax: 200, membersMax: 50, bytesMax: 10_000_000 };
/** So small that hardly anything fits. */
export const NARROW: SyncLimits = { ...LARGE, bytesMax: 3_000 };

export async function allAnswers(views: Views, history: History, keys: FakeKeys): Promise<unknown> {
  const living = PEOPLE.filter((accountId) => !keys.destroyed.has(accountId));
  const answers: unknown[] = [];
  for (const accountId of living) answers.push(await answersTo(views, history, accountId));
  return opened(answers, keys.open);
}

async function answersTo(views: Views, history: History, accountId: AccountId): Promise<unknown> {
  const handle = handleOf(accountId);
  const asker: Asker = { accountId, handle };
  const positions = [0, Math.floor(history.head / 3), Math.floor(history.head / 2), history.head];
  return {
    accounts: await Promise.all(PEOPLE.map((other) => accountOf(views, accountId, other))),
    devices: await devicesOf(views, accountId),
    list: await conversationsOf(views, handle, { limit: 50 }),
    firstOfList: await conversationsOf(views, handle, { limit: 1 }),
    conversations: await Promise.all(history.conversations.map((id) => conversationAnswers(views, handle, id))),
    sync: await Promise.all(
      positions.flatMap((after) => [syncAll(views, asker, { after }, SMALL), syncAll(views, asker, { after }, LARGE)]),
    ),
    delivered: await Promise.all(positions.map((position) => deliveredThrough(views, handle, position))),
  };
}

async function conversationAnswers(views: Views, handle: Asker['handle'], id: ConversationId): Promise<unknown> {
  const history = await messagesFor(views, handle, id, { limit: 200 });
  const messageIds =
    history === 'hidden' ? [] : history.items.flatMap((item) => ('withheld' in item ? [] : (item.messageId ?? [])));
  return {
    conversation: await conversationFor(views, handle, id),
    members: [await membersFor(views, handle, id, { limit: 50 }), await membersFor(views, handle, id, { limit: 1 })],
    receipts: await receiptsFor(views, handle, id),
    history,
    pages: await Promise.all([
      messagesFor(views, handle, id, { limit: 3 }),
      messagesFor(views, handle, id, { limit: 3, fromSeq: 2 }),
      messagesFor(views, handle, id, { limit: 3, toSeq: 5 }),
      messagesFor(views, handle, id, { limit: 4, aroundSeq: 4 }),
      messagesFor(views, handle, id, { limit: 2, olderThan: 4 }),
      messagesFor(views, handle, id, { limit: 2, newerThan: 3 }),
    ]),
    messages: await Promise.all(messageIds.map((messageId) => messageFor(views, handle, id, messageId))),
  };
}

/** All pages of one sync, in order. */
export async function syncAll(views: Views, asker: Asker, from: SyncCursor, limits: SyncLimits): Promise<readonly SyncAnswer[]> {
  const pages: SyncAnswer[] = [];
  for (let cursor = from; ; cursor = pages.at(-1)!.cursor) {
    const page = await factsSince(views, asker, cursor, limits);
    pages.push(page);
    if (page.caughtUp) return pages;
    if (pages.length > 1_000) throw new Error('A sync that does not end.');
  }
}
