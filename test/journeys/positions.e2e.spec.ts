/** Goal: who has written reads what was written, at once and at every door to the read side, or is told that it is not there yet. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SealedTokens } from '../../src/adapters/nest/sealed-tokens.js';
import { type AppUnderTest, openApp } from '../support/app-under-test.js';
import { type Answer, Person } from '../support/person.js';

let app: AppUnderTest;
let ada: Person;
let ben: Person;

beforeAll(async () => {
  app = await openApp();
  [ada, ben] = [await Person.signIn(app), await Person.signIn(app)];
});
afterAll(() => app.close());

const positionOf = ({ headers }: Answer): string => headers.get('sottovoce-position') ?? '';
const atLeast = (position: string) => ({ 'sottovoce-min-position': position });
const tokens = async () => new SealedTokens(await app.foundation.secret('cursors'));

describe('a read that brings the position of a write', () => {
  it('sees it at once, every time, whoever wrote', async () => {
    const opened = await ada.call('POST', '/v1/direct-conversations', { accountId: ben.accountId });
    const path = `/v1/conversations/${opened.body.conversationId}`;
    expect((await ben.call('GET', path, undefined, atLeast(positionOf(opened)))).status).toBe(200);
    for (let round = 0; round < 20; round += 1) {
      const sent = await ada.send(opened.body.conversationId, `round ${round}`);
      const read = await ben.call('GET', path, undefined, atLeast(positionOf(sent)));
      expect([read.status, read.body.lastSeq]).toEqual([200, sent.body.seq]);
    }
  });

  it('sees each kind of write', async () => {
    const group = randomUUID();
    const path = `/v1/conversations/${group}`;
    const seen = async (write: Answer, from: string, holds: (answer: Answer) => unknown): Promise<void> => {
      expect(write.status).toBeLessThan(300);
      const read = await ada.call('GET', from, undefined, atLeast(positionOf(write)));
      expect([write.headers.get('sottovoce-position'), holds(read)]).toEqual([expect.any(String), true]);
    };
    const created = await ada.call('POST', '/v1/group-conversations', { conversationId: group, title: 'All', accountIds: [] });
    await seen(created, path, ({ status }) => status === 200);
    const added = await ada.call('POST', `${path}/members`, { accountId: ben.accountId });
    await seen(added, `${path}/members`, ({ body }) => body.items.length === 2);
    const sent = await ben.send(group, 'hello');
    await seen(sent, `${path}/messages`, ({ body }) => body.items.at(-1).messageId === sent.body.messageId);
    const read = await ben.call('PUT', `${path}/read-mark`, { seq: sent.body.seq });
    await seen(read, `${path}/receipts`, ({ body }) =>
      body.items.some(({ readSeq }: { readSeq: number }) => readSeq === sent.body.seq),
    );
    const removed = await ada.call('DELETE', `${path}/messages/${sent.body.messageId}`);
    await seen(removed, `${path}/messages/${sent.body.messageId}`, ({ body }) => body.state === 'removed');
    const left = await ben.call('POST', `${path}/leave`, {});
    await seen(left, '/v1/conversations', ({ body }) => body.items[0].membersCount === 1);
    const named = await ada.call('PUT', '/v1/me/profile', { displayName: 'Ada L.' });
    await seen(named, '/v1/me', ({ body }) => body.displayName === 'Ada L.');
    const renamed = await ada.call('PUT', `/v1/me/devices/${ada.deviceId}/name`, { name: 'Desk' });
    await seen(renamed, `/v1/me/devices/${ada.deviceId}`, ({ body }) => body.name === 'Desk');
  });

  it('sees what a repetition found to be so already', async () => {
    const group = randomUUID();
    const create = () => ada.call('POST', '/v1/group-conversations', { conversationId: group, title: 'Twice', accountIds: [] });
    await create();
    const again = await create();
    expect(again.status).toBe(200);
    const read = await ada.call('GET', `/v1/conversations/${group}`, undefined, atLeast(positionOf(again)));
    expect(read.status).toBe(200);
  });

  it('is told to ask again when the views do not get there in two seconds', async () => {
    const beyond = (await tokens()).seal('position', app.foundation.logId, 1_000_000_000);
    const answer = await ada.call('GET', '/v1/me', undefined, atLeast(beyond));
    expect([answer.status, answer.body]).toMatchObject([503, { code: 'view-behind', retryable: true }]);
    expect(answer.headers.get('retry-after')).toBe('1');
  });

  const forged: readonly (readonly [what: string, value: () => Promise<string>])[] = [
    ['a number', async () => '12'],
    ['nothing', async () => ''],
    ['random bytes', async () => 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'],
    ['a cursor', async () => (await ada.call('GET', '/v1/sync')).body.cursor],
    ['a position of another log', async () => (await tokens()).seal('position', randomUUID(), 1)],
    ['a position that is no number', async () => (await tokens()).seal('position', app.foundation.logId, { after: 1 })],
    [
      'a position with a letter changed',
      async () => altered(positionOf(await ada.call('PUT', '/v1/me/profile', { displayName: 'A' }))),
    ],
    [
      'two positions',
      async () => {
        const position = positionOf(await ada.call('PUT', '/v1/me/profile', { displayName: 'A' }));
        return `${position}, ${position}`;
      },
    ],
  ];

  it.each(forged)('is refused when it brings %s', async (_what, value) => {
    const answer = await ada.call('GET', '/v1/me', undefined, atLeast(await value()));
    expect([answer.status, answer.body.code]).toEqual([400, 'invalid-cursor']);
  });

  it('learns nothing from the position itself', async () => {
    const [one, other] = [await ada.send(await ada.directWith(ben), 'a'), await ada.send(await ada.directWith(ben), 'b')];
    expect(positionOf(one)).not.toBe(positionOf(other));
    expect(positionOf(one).length).toBe(positionOf(other).length);
  });
});

const altered = (text: string): string => `${text.slice(0, -8)}${text.at(-8) === 'A' ? 'B' : 'A'}${text.slice(-7)}`;
