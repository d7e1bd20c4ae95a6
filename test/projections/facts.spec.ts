/**
 * Goal: public facts say what the conventions say, the same live as in sync. Method: the table is written out once more,
 * examples of every fact, and whole histories told both ways.
 */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { AccountId, ConversationId, DeviceId, MemberId } from '../../src/domain/kernel/ids.js';
import { instant } from '../../src/domain/kernel/instant.js';
import { ERASED } from '../../src/domain/kernel/personal.js';
import { conversationTimeline } from '../../src/projections/conversation-timeline.js';
import { accountFact, conversationFact, deviceFact, factNames, SNAPSHOT } from '../../src/projections/facts.js';
import { known, type Meta } from '../../src/projections/kernel/feed-events.js';
import { opened } from '../../src/projections/kernel/opening.js';
import { enricher } from '../../src/projections/kernel/pairing.js';
import { liveFacts } from '../../src/projections/live-facts.js';
import { factsOfItem } from '../../src/projections/sync-facts.js';
import { fakeKeys } from '../support/fake-keys.js';
import { bodiesIn } from '../support/feeding.js';
import { anySteps, History } from '../support/generated-history.js';
import { story } from '../support/story.js';

const now = instant(0);
const at = instant(Date.UTC(2031, 0, 2, 3, 4, 5, 6));
const AT = '2031-01-02T03:04:05.006Z';
const conversationId = 'c' as ConversationId;
const [by, memberId] = ['a' as MemberId, 'b' as MemberId];
const entry = { conversationId, revision: 7, position: 90, at, by, memberId, seq: 5, count: 2 } as const;
const scoped = { scope: 'c', revision: 7 };

describe('public fact names', () => {
  it('are these, and never change', () => {
    expect([...Object.values(factNames), SNAPSHOT]).toEqual([
      ...['conversation-created', 'member-added', 'member-removed', 'member-left', 'owner-changed'],
      ...['message-posted', 'message-removed', 'delivered-up-to', 'read-up-to'],
      ...['account-registered', 'profile-changed', 'device-linked', 'device-renamed', 'device-revoked'],
      'conversation-snapshot',
    ]);
  });
});

describe('facts of a conversation', () => {
  it('say who joined, with the account while its keys live', () => {
    const added = { ...entry, type: 'member-added', role: 'member', account: 'bea' as AccountId } as const;
    const data = { conversationId, memberId, role: 'member', addedBy: by, seq: 5, addedAt: AT };
    expect(conversationFact(added, now)).toEqual({ type: 'member-added', ...scoped, data: { ...data, accountId: 'bea' } });
    expect(conversationFact({ ...added, account: ERASED }, now)).toEqual({ type: 'member-added', ...scoped, data });
  });

  it('say how a conversation began, who left, was removed, became owner', () => {
    const created = { conversationId, revision: 7, position: 9, at, kind: 'group', title: 'Title' } as const;
    expect(conversationFact({ ...created, type: 'conversation-created' }, now)).toEqual({
      ...{ type: 'conversation-created', ...scoped, data: { conversationId, kind: 'group', title: 'Title', createdAt: AT } },
    });
    expect(conversationFact({ ...created, type: 'conversation-created', title: ERASED }, now).data).not.toHaveProperty('title');
    const about = { conversationId, memberId };
    expect(conversationFact({ ...entry, type: 'member-left' }, now).data).toEqual({ ...about, seq: 5, leftAt: AT });
    expect(conversationFact({ ...entry, type: 'member-removed' }, now).data).toEqual({
      ...about,
      removedBy: by,
      seq: 5,
      removedAt: AT,
    });
    expect(conversationFact({ ...entry, type: 'owner-changed' }, now).data).toEqual({ ...about, changedAt: AT });
  });

  it('say what was posted as the message that a page shows, and what was removed by its place', async () => {
    const { views, conversation } = await story([
      ['group', 'ada'],
      ['post', 'ada'],
      ['remove-message', 'ada'],
    ]);
    const equal = { conversationId: conversation(0) };
    const entries = await opened(await views.page(conversationTimeline.collection, { equal, limit: 9 }), fakeKeys().open);
    const [, , posted, removed] = entries.map((one) => conversationFact(one, now));
    expect(posted).toMatchObject({
      type: 'message-posted',
      revision: 2,
      data: { seq: 2, class: 'post', version: 1, state: 'removed' },
    });
    expect(removed).toMatchObject({
      type: 'message-removed',
      revision: 3,
      data: { seq: 2, reason: 'author', removedBy: expect.any(String) },
    });
  });
});

describe('facts about oneself', () => {
  const account = { accountId: 'ada' as AccountId, identifierKind: 'email', identifier: 'ada@x', registeredAt: at } as const;
  const device = {
    accountId: account.accountId,
    deviceId: 'phone' as DeviceId,
    keyAlgorithm: 'ES256',
    publicKey: 'key',
  } as const;

  it('say how things are, and neither identifier nor key', () => {
    expect(accountFact({ ...account, changedAt: at, version: 1, position: 1 })).toEqual({
      ...{ type: 'account-registered', scope: 'account', data: { accountId: 'ada', version: 1, changedAt: AT } },
    });
    expect(accountFact({ ...account, displayName: 'Ada', changedAt: at, version: 2, position: 1 })).toEqual({
      ...{ type: 'profile-changed', scope: 'account', data: { accountId: 'ada', version: 2, displayName: 'Ada', changedAt: AT } },
    });
    const linked = { ...device, name: 'Phone', linkedAt: at, changedAt: at, version: 1, position: 1 };
    const data = { deviceId: 'phone', version: 1, name: 'Phone', linkedAt: AT };
    expect(deviceFact(linked)).toEqual({ type: 'device-linked', scope: 'account', data });
    expect(deviceFact({ ...linked, revokedAt: at })).toEqual({
      type: 'device-revoked',
      scope: 'account',
      data: { ...data, revokedAt: AT },
    });
  });
});

describe('a fact', () => {
  it('is the same live and in sync, as long as nothing happened to it since', async () => {
    await fc.assert(
      fc.asyncProperty(anySteps(5, 40), async (steps) => {
        const kept = new History(steps.filter(({ does }) => !does.startsWith('drop') && does !== 'remove-message'));
        const keys = fakeKeys();
        const enrich = enricher({ bodies: bodiesIn(kept.log, () => false), open: keys.open, handles: keys.handles });
        for (const { meta, ...event } of await enrich(kept.log.map(known))) {
          const facts = liveFacts((await opened(event, keys.open)) as never, meta as Meta, now);
          const stored = conversationTimeline.on[event.type as 'MessagePosted']?.(event as never, meta);
          const first = stored?.[0];
          if (first?.verb !== 'upsert') {
            expect(facts).toHaveLength(1);
            continue;
          }
          const item = await opened({ kind: 'entry', entry: { ...first.key, ...first.doc } } as const, keys.open);
          expect(facts).toEqual(factsOfItem(item as never, now));
        }
      }),
      { numRuns: 30 },
    );
  });

  it('says what changed about oneself, under the version that a read gives', () => {
    const meta = { revision: 4 } as Meta;
    const own = { accountId: 'ada' as AccountId, deviceId: 'phone' as DeviceId };
    const facts = [
      { type: 'ProfileChanged', data: { ...own, displayName: 'Ada', changedAt: at } },
      { type: 'DeviceRenamed', data: { ...own, name: ERASED, renamedAt: at } },
      { type: 'DeviceRevoked', data: { ...own, revokedAt: at } },
    ].flatMap((event) => liveFacts(event as never, meta, now));
    expect(facts).toEqual([
      { type: 'profile-changed', scope: 'account', data: { accountId: 'ada', version: 5, displayName: 'Ada', changedAt: AT } },
      { type: 'device-renamed', scope: 'account', data: { deviceId: 'phone', version: 5, renamedAt: AT } },
      { type: 'device-revoked', scope: 'account', data: { deviceId: 'phone', version: 5, revokedAt: AT } },
    ]);
  });

  it('tells marks once where one says both', () => {
    const marks = (deliveredSeq: number, readSeq: number) =>
      factsOfItem({ kind: 'marks', conversationId, marks: { memberId, deliveredSeq, readSeq } }, now).map(({ type, data }) => [
        type,
        data,
      ]);
    const data = (seq: number) => ({ conversationId, memberId, seq });
    expect(marks(5, 3)).toEqual([
      ['delivered-up-to', data(5)],
      ['read-up-to', data(3)],
    ]);
    expect(marks(5, 5)).toEqual([['read-up-to', data(5)]]);
    expect(marks(0, 0)).toEqual([]);
  });
});
