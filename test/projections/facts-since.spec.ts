/**
 * Goal: sync loses nothing. Method: examples of what it answers, and a device that syncs while the views move, page by
 * page, from old cursors and with tight limits, and must show in the end what a device shows that starts afresh.
 */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { InMemoryViews } from '../../src/adapters/in-memory/in-memory-views.js';
import { factsSince, type SyncAnswer, type SyncItem, syncPosition } from '../../src/projections/facts-since.js';
import type { Views } from '../../src/projections/kernel/views.js';
import { LARGE, NARROW, SMALL, syncAll } from '../support/all-answers.js';
import { fakeKeys } from '../support/fake-keys.js';
import { bodiesIn, build, IN_ORDER } from '../support/feeding.js';
import { anySteps, History } from '../support/generated-history.js';
import { asker, type Person, story, type Told } from '../support/story.js';
import { SyncDevice } from '../support/sync-device.js';

const short = (item: SyncItem): string => {
  if (item.kind === 'entry') return `${item.entry.revision} ${item.entry.type}`;
  if (item.kind === 'snapshot') return `snapshot ${item.revision}${item.members ? ` of ${item.members.length}` : ''}`;
  return item.kind === 'marks' ? `marks ${item.marks.deliveredSeq} ${item.marks.readSeq}` : item.kind;
};

const shortened = ({ items }: SyncAnswer): readonly string[] => items.map(short);

const group: readonly Told[] = [
  ['group', 'ada', { whom: 'bea' }],
  ['post', 'ada'],
];
const GROUP = ['0 conversation-created', '1 member-added', '2 member-added', '3 message-posted'];

describe('factsSince', () => {
  it('gives a device that has nothing its account, and each conversation from its snapshot on', async () => {
    const { views, history } = await story(group);
    const answer = await factsSince(views, asker('bea'), { after: 0 }, LARGE);
    expect(shortened(answer)).toEqual(['account', 'snapshot -1 of 2', ...GROUP, 'marks 3 3']);
    expect(answer).toMatchObject({ limited: [], cursor: { after: history.head }, caughtUp: true });
  });

  it('gives what came since a cursor, and nothing when nothing did', async () => {
    const before = await story(group);
    const after = before.history.head;
    const more: readonly Told[] = [...group, ['post', 'bea'], ['read', 'ada', { which: 2 }], ['profile', 'bea'], ['link', 'bea']];
    const { views, history } = await story(more);
    const answer = await factsSince(views, asker('bea'), { after }, LARGE);
    expect(shortened(answer)).toEqual(['account', 'device', '4 message-posted', 'marks 4 4', 'marks 3 3']);
    expect(shortened(await factsSince(views, asker('bea'), { after: history.head }, LARGE))).toEqual([]);
  });

  it('begins a new generation with a snapshot for who joins, and ends with the leave', async () => {
    const joins: readonly Told[] = [...group, ['post', 'ada'], ['add', 'ada', { whom: 'cyd' }], ['post', 'ada']];
    const joined = await story(joins);
    const answer = await factsSince(joined.views, asker('cyd'), { after: 0 }, LARGE);
    expect(shortened(answer)).toEqual(['account', 'snapshot 4 of 3', '5 member-added', '6 message-posted', 'marks 6 6']);

    const left: readonly Told[] = [...joins, ['leave', 'cyd'], ['post', 'ada'], ['read', 'bea', { which: 6 }]];
    const { views } = await story(left);
    const rest = await factsSince(views, asker('cyd'), { after: joined.history.head }, LARGE);
    expect(shortened(rest)).toEqual(['7 member-left']);
    const fresh = await factsSince(views, asker('cyd'), { after: 0 }, LARGE);
    expect(shortened(fresh)).toEqual(['account', 'snapshot 4', '5 member-added', '6 message-posted', '7 member-left']);

    const again = await story([...left, ['add', 'ada', { whom: 'cyd' }], ['post', 'bea']]);
    const regained = await factsSince(again.views, asker('cyd'), { after: joined.history.head }, LARGE);
    expect(shortened(regained).slice(0, 3)).toEqual(['snapshot 8 of 3', '9 member-added', '10 message-posted']);
    expect(regained.limited).toEqual([{ conversationId: again.conversation(0), fromSeq: 7, toSeq: 7 }]);
  });

  it('names what it leaves out, tells removals all the same, and counts on from a snapshot', async () => {
    const begun = await story(group);
    const posts: readonly Told[] = Array.from({ length: 6 }, () => ['post', 'ada']);
    const { views, conversation } = await story([...group, ['remove-message', 'ada'], ...posts]);
    const answer = await factsSince(views, asker('bea'), { after: begun.history.head }, SMALL);
    expect(shortened(answer).slice(0, 7)).toEqual([
      '4 message-removed',
      'snapshot 6 of 2',
      ...['7 message-posted', '8 message-posted', '9 message-posted', '10 message-posted'],
      'marks 9 9',
    ]);
    expect(answer.limited).toEqual([{ conversationId: conversation(0), fromSeq: 4, toSeq: 5 }]);
  });

  it('names the whole history when too many removals are left out', async () => {
    const posts: readonly Told[] = Array.from({ length: 6 }, () => ['post', 'ada']);
    const begun = await story([...group, ...posts]);
    const removals: readonly Told[] = Array.from({ length: 6 }, (_, which) => ['remove-message', 'ada', { which }]);
    const { views, conversation } = await story([...group, ...posts, ...removals, ...posts]);
    const { items, limited } = await factsSince(views, asker('bea'), { after: begun.history.head }, SMALL);
    expect(items.filter((item) => item.kind === 'entry')).toHaveLength(4);
    expect(limited).toEqual([{ conversationId: conversation(0), fromSeq: 1, toSeq: 11 }]);
  });

  it('names what was removed while its reader was away, as soon as they are back', async () => {
    const left: readonly Told[] = [...group, ['post', 'ada'], ['leave', 'bea']];
    const away: readonly Told[] = [...left, ['post', 'ada'], ['remove-message', 'ada'], ['remove-message', 'ada', { which: 2 }]];
    const { history } = await story(away);
    const back = await story([...away, ['add', 'ada', { whom: 'bea' }]]);
    const answer = await factsSince(back.views, asker('bea'), { after: history.head }, LARGE);
    expect(answer.limited).toEqual([{ conversationId: back.conversation(0), fromSeq: 3, toSeq: 3 }]);
    expect(shortened(answer).slice(0, 2)).toEqual(['snapshot 8 of 2', '9 member-added']);
    const many = Array.from({ length: 5 }, () => ['remove-message', 'ada'] as const);
    const late = await story([...away, ...many, ['add', 'ada', { whom: 'bea' }]]);
    const { limited } = await factsSince(late.views, asker('bea'), { after: history.head }, SMALL);
    expect(limited).toEqual([{ conversationId: late.conversation(0), fromSeq: 1, toSeq: 5 }]);
  });

  it('comes in pages, the most recently changed conversations first, and vouches only for what it had at the start', async () => {
    const groups: readonly Told[] = Array.from({ length: 5 }, () => ['group', 'ada']);
    const { views, conversation, history } = await story(groups);
    const pages = await syncAll(views, asker('ada'), { after: 0 }, SMALL);
    const scopes = pages.map(({ items }) =>
      items.flatMap((item) => (item.kind === 'snapshot' ? item.conversation.conversationId : [])),
    );
    expect(scopes).toEqual([[conversation(4), conversation(3)], [conversation(2), conversation(1)], [conversation(0)]]);
    expect(pages.map(({ caughtUp }) => caughtUp)).toEqual([false, false, true]);
    expect(pages.at(-1)?.cursor).toEqual({ after: history.head });
  });

  it('holds no more than its bytes: what does not fit comes with the next page, or is named', async () => {
    const talk: readonly Told[] = Array.from({ length: 12 }, () => ['post', 'ada']);
    const groups = Array.from({ length: 4 }, (): readonly Told[] => [['group', 'ada', { whom: 'bea' }]]).flat();
    const { views, history } = await story([...groups, ...talk]);
    for (const bytesMax of [1_500, 3_000, 6_000, 12_000, 1_000_000]) {
      const pages = await syncAll(views, asker('bea'), { after: 0 }, { ...LARGE, bytesMax });
      for (const { items } of pages) {
        const entries = items.filter(({ kind }) => kind === 'entry').length;
        const bytes = JSON.stringify(items).length;
        expect(bytes <= bytesMax || entries === 1).toBe(true);
      }
      const told = pages.flatMap(({ items }) => items).filter(({ kind }) => kind === 'entry').length;
      const named = pages.flatMap(({ limited }) => limited).reduce((sum, { fromSeq, toSeq }) => sum + toSeq - fromSeq + 1, 0);
      expect([pages.at(-1)?.cursor, told + named > 12]).toEqual([{ after: history.head }, true]);
      expect(pages.length > 1).toBe(bytesMax < 1_000_000);
    }
  });

  it('answers a position that may be lower than the question', async () => {
    const { views, history } = await story(group);
    const answer = await factsSince(views, asker('ada'), { after: history.head + 1_000 }, LARGE);
    expect(answer).toEqual({ items: [], limited: [], cursor: { after: history.head }, caughtUp: true });
    expect(await syncPosition(new InMemoryViews())).toBe(0);
  });
});

describe('a device that syncs now and then', () => {
  const people = ['ada', 'bea', 'cyd', 'dot'] as const;

  const grow = (views: InMemoryViews, history: History, length: number): Promise<void> => {
    const log = history.log.slice(0, length);
    return build(views, { log, bodies: bodiesIn(history.log, () => false), keys: fakeKeys() }, IN_ORDER);
  };

  async function synced(views: Views, person: Person, limits = LARGE): Promise<unknown> {
    const device = new SyncDevice(person, limits);
    while (!(await device.sync(views)));
    return device.state();
  }

  it('shows in the end what one shows that starts afresh', async () => {
    await fc.assert(
      fc.asyncProperty(anySteps(10, 70), fc.array(fc.nat(12), { minLength: 5, maxLength: 25 }), async (steps, strides) => {
        // What a device holds it keeps when the content is gone from the server: only a fact can take it back.
        const history = new History(steps.filter(({ does }) => !does.startsWith('drop')));
        const views = new InMemoryViews();
        const devices = people.map((person, index) => new SyncDevice(person, index % 2 === 0 ? SMALL : NARROW));
        let length = 0;
        for (const [turn, stride] of strides.entries()) {
          length += stride;
          await grow(views, history, length);
          await devices[turn % devices.length]!.sync(views);
        }
        await grow(views, history, history.log.length);
        for (const [index, person] of people.entries()) {
          const device = devices[index]!;
          do while (!(await device.sync(views)));
          while (device.cursor.after < history.head);
          const fresh = await synced(views, person);
          expect(device.state()).toEqual(fresh);
          expect(await synced(views, person, SMALL)).toEqual(fresh);
          expect(await synced(views, person, NARROW)).toEqual(fresh);
        }
      }),
      { numRuns: 100 },
    );
  });
});
