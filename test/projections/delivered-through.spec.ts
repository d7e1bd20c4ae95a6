import { describe, expect, it } from '@jest/globals';
import type { AccountId } from '../../src/domain/kernel/ids.js';
import { deliveredThrough } from '../../src/projections/delivered-through.js';
import { memberOf } from '../support/fake-keys.js';
import { handle, story, type Told } from '../support/story.js';

const told: readonly Told[] = [
  ['group', 'ada', { whom: 'bea' }],
  ['post', 'ada'],
  ['post', 'ada'],
  ['remove-message', 'ada'],
  ['post', 'ada'],
];

describe('deliveredThrough', () => {
  it('answers the highest place at or below a position, for each conversation whose mark is behind', async () => {
    const { views, history, conversation } = await story([...told, ['group', 'ada', { whom: 'bea' }]]);
    const positionOf = (type: string, count: number) => history.log.filter((event) => event.type === type)[count]!.meta.position;
    const through = async (position: number) => {
      const delivered = await deliveredThrough(views, handle('bea'), position);
      return delivered.map(({ conversationId, seq }) => [history.conversations.indexOf(conversationId), seq]).sort();
    };
    expect(await through(positionOf('MessagePosted', 0) - 1)).toEqual([[0, 2]]);
    expect(await through(positionOf('MessagePosted', 0))).toEqual([[0, 3]]);
    expect(await through(positionOf('MessageRemoved', 0))).toEqual([[0, 4]]);
    expect(await through(history.head)).toEqual([
      [0, 5],
      [1, 2],
    ]);
    expect(await through(0)).toEqual([]);
    const delivered = await deliveredThrough(views, handle('bea'), positionOf('MessagePosted', 0));
    expect(delivered.map(({ memberId }) => memberId)).toEqual([memberOf('bea' as AccountId, conversation(0))]);
  });

  it('says nothing of what is marked already, nor to who has left', async () => {
    const marked = await story([...told, ['delivered', 'bea', { which: 4 }]]);
    expect(await deliveredThrough(marked.views, handle('bea'), marked.history.head)).toEqual([]);
    expect(await deliveredThrough(marked.views, handle('ada'), marked.history.head)).toEqual([]);
    const left = await story([...told, ['leave', 'bea']]);
    expect(await deliveredThrough(left.views, handle('bea'), left.history.head)).toEqual([]);
  });

  it('says nothing of a creation to a device whose cursor lies before its own joining', async () => {
    const { views, history } = await story(told);
    const joined = history.log.filter((event) => event.type === 'MemberAdded').at(-1)!.meta.position;
    expect(await deliveredThrough(views, handle('bea'), joined - 1)).toEqual([]);
    expect(await deliveredThrough(views, handle('bea'), joined)).toMatchObject([{ seq: 2 }]);
  });

  it('does not go below what a later member may see', async () => {
    const { views, history } = await story([...told, ['add', 'ada', { whom: 'cyd' }], ['post', 'ada']]);
    const joined = history.log.filter((event) => event.type === 'MemberAdded').at(-1)!.meta.position;
    expect(await deliveredThrough(views, handle('cyd'), joined - 1)).toEqual([]);
    expect(await deliveredThrough(views, handle('cyd'), joined)).toMatchObject([{ seq: 6 }]);
  });
});
