/** Everything that the stores of a folder answer, as one text: two folders that answer alike give equal texts. */

import type { Foundation } from '../../src/compose.js';
import type { AccountId, ConversationId, DeviceId, EventId, MessageId } from '../../src/domain/kernel/ids.js';
import type { Instant } from '../../src/domain/kernel/instant.js';
import type { Collection } from '../../src/projections/kernel/collection.js';
import { allCollections } from '../../src/projections/projections.js';
import { catchUp } from './keep-views.js';
import { readLog } from './log-check.js';
import type { Told } from './told.js';

const ALL = 1_000_000;

/** Throws what the stores throw, and closes them. `at` is the instant of the crash, so that nothing has ended meanwhile. */
export async function everythingIn(foundation: Foundation, told: Told, at: Instant): Promise<string> {
  try {
    // As a server does before it is ready.
    await catchUp(foundation);
    const { stored, byStream, opened } = await readLog(foundation);
    const streams = await Promise.all(
      [...byStream.keys()].map((stream) => foundation.deps.eventStore.readStream(stream, 0, ALL)),
    );
    const answers = [stored, streams, [...opened], await viewAnswers(foundation), await peopleAnswers(foundation, told, at)];
    return JSON.stringify([...answers, foundation.logId]);
  } finally {
    await foundation.close();
  }
}

async function viewAnswers({ views, deps }: Foundation): Promise<unknown> {
  const answers: unknown[] = [];
  for (const shape of allCollections) {
    const collection = shape as unknown as Collection<Record<string, never>, never, string>;
    answers.push(await views.position(shape));
    for (const index of [undefined, ...Object.keys(shape.indexes)]) {
      const by = index === undefined ? {} : { index };
      answers.push(
        await views.page(collection, { ...by, equal: {}, limit: ALL }),
        await views.count(collection, { ...by, equal: {} }),
      );
    }
  }
  for (const name of ['purge-removed-messages', 'close-empty-conversations', 'end-revoked-sessions']) {
    answers.push(await deps.eventFeed.committed(name));
  }
  return answers;
}

async function peopleAnswers({ deps }: Foundation, told: Told, at: Instant): Promise<unknown> {
  const { directory, credentials, keys, postedIndex } = deps;
  const answers: unknown[] = [];
  const accounts = [...told.accounts.keys()] as AccountId[];
  for (const value of told.accounts.values()) answers.push(await directory.find({ kind: 'phone', value }));
  for (const [deviceId, token] of told.refreshTokens) {
    const id = deviceId as DeviceId;
    answers.push(await credentials.isLive(id, at), (await credentials.rotateRefresh(token, id, at)).outcome);
  }
  for (const { ticket } of told.tickets) answers.push((await credentials.takeTicket(ticket, undefined, at)) ?? 'none');
  for (const messageId of told.messages.keys()) answers.push(await postedIndex.find(messageId as MessageId));
  for (const context of told.conversations.keys()) {
    answers.push(await keys.name(accounts.map((subject) => ({ subject, purpose: 'member', context }))));
  }
  answers.push(await keys.mac(accounts.map((subject) => ({ subject, context: 'x', data: 'y' }))));
  for (const subject of [...told.emptied, ...accounts]) answers.push(await keys.register(subject as ConversationId));
  const seals = accounts.map(
    (subject) => ({ ...{ subject, scope: 'profile', context: 'x', eventType: 'X', value: 1 }, ...FIELD }) as const,
  );
  answers.push((await keys.seal(seals)).map((sealed) => (typeof sealed === 'string' ? sealed : 'sealed')));
  return answers;
}

const FIELD = {
  scope: 'profile',
  eventId: '00000000-0000-4000-8000-000000000000' as EventId,
  fieldPath: 'x',
  padded: false,
} as const;
