import { describe, expect, it } from '@jest/globals';
import type { AccountId, ConversationId } from '../../src/domain/kernel/ids.js';
import { opened } from '../../src/projections/kernel/opening.js';
import { membersFor } from '../../src/projections/members-for.js';
import { fakeKeys, memberOf } from '../support/fake-keys.js';
import { handle, story } from '../support/story.js';

const group = [
  ['group', 'ada', { whom: 'bea' }],
  ['add', 'ada', { whom: 'cyd' }],
  ['add', 'ada', { whom: 'dot' }],
  ['leave', 'bea'],
  ['post', 'ada'],
] as const;

describe('membersFor', () => {
  it('answers present members with their accounts, page by page, under one version', async () => {
    const { views, conversation } = await story(group);
    const whole = await membersFor(views, handle('ada'), conversation(0), { limit: 50 });
    expect(await opened(whole, fakeKeys().open)).toEqual({
      membersVersion: 5,
      items: ['ada', 'cyd', 'dot'].map((person) => ({
        memberId: memberOf(person as AccountId, conversation(0)),
        role: person === 'ada' ? 'owner' : 'member',
        joinedAt: expect.any(Number),
        account: person,
      })),
    });
    const first = await membersFor(views, handle('ada'), conversation(0), { limit: 2 });
    if (first === 'hidden' || first === 'ended') throw new Error('It was answered.');
    expect(first.items).toHaveLength(2);
    const second = await membersFor(views, handle('ada'), conversation(0), { limit: 2, after: first.next! });
    expect(second).toMatchObject({ items: [{ memberId: memberOf('dot' as AccountId, conversation(0)) }], membersVersion: 5 });
    expect(second).not.toHaveProperty('next');
  });

  it('says `ended` to who has left and `hidden` to who never was there', async () => {
    const { views, conversation } = await story(group);
    expect(await membersFor(views, handle('bea'), conversation(0), { limit: 5 })).toBe('ended');
    expect(await membersFor(views, handle('ada'), 'nowhere' as ConversationId, { limit: 5 })).toBe('hidden');
  });

  it('hands the group over with its owner', async () => {
    const { views, conversation } = await story([...group, ['leave', 'ada']]);
    const answer = await membersFor(views, handle('cyd'), conversation(0), { limit: 5 });
    expect(answer).toMatchObject({ items: [{ role: 'owner' }, { role: 'member' }] });
  });

  it('shows no account whose keys were destroyed', async () => {
    const { views, conversation } = await story(group);
    const answer = await membersFor(views, handle('ada'), conversation(0), { limit: 5 });
    const { items } = (await opened(answer, fakeKeys(new Set(['cyd'])).open)) as { items: readonly { account: unknown }[] };
    expect(items.map(({ account }) => account)).toEqual(['ada', { erased: true }, 'dot']);
  });
});
