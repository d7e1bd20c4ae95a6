/** Two people sign in, open a conversation and talk, over both doors; what was said is there after a restart. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type AppUnderTest, openApp } from '../support/app-under-test.js';
import { type Frame, Person } from '../support/person.js';

describe('two people talk', () => {
  let app: AppUnderTest;
  beforeAll(async () => {
    app = await openApp();
  });
  afterAll(() => app.close());

  it('over the socket: sent, delivered, read, each visible to the other', async () => {
    const [ada, ben] = [await Person.signIn(app), await Person.signIn(app)];
    const found = await ada.call('POST', '/v1/account-lookups', { kind: 'phone', value: ben.number });
    expect(found.body.items).toEqual([{ accountId: ben.accountId }]);
    const [adas, bens] = [await ada.online(), await ben.online()];
    const conversationId = await ada.directWith(ben);
    expect(await ben.directWith(ada)).toBe(conversationId);

    const messageId = crypto.randomUUID();
    const ack = await adas.ask('send-message', { conversationId, messageId, content: { type: 'text', text: 'Hello, Ben' } });
    expect(ack).toMatchObject({ type: 'ack', data: { messageId, seq: 3, revision: 3 } });
    const posted = await bens.next((frame) => frame.type === 'message-posted');
    expect(posted).toMatchObject({
      scope: conversationId,
      revision: 3,
      data: { messageId, content: { text: 'Hello, Ben' }, state: 'visible' },
    });
    // Ben was there from the creation: he sees all of it, without a hole.
    const revisions = bens.frames.filter((frame: Frame) => frame.scope === conversationId && frame.revision !== undefined);
    expect(revisions.map((frame: Frame) => frame.revision)).toEqual([0, 1, 2, 3]);

    const mark = await bens.next((frame) => frame.type === 'mark');
    expect((await bens.ask('received', { cursor: mark.data.cursor })).type).toBe('ack');
    const delivered = await adas.next((frame) => frame.type === 'delivered-up-to' && frame.data.seq === 3);
    expect(delivered.data.memberId).not.toBe(posted.data.senderId);
    expect((await bens.ask('mark-read', { conversationId, seq: 3 })).type).toBe('ack');
    await adas.next(
      (frame) => frame.type === 'read-up-to' && frame.data.seq === 3 && frame.data.memberId === delivered.data.memberId,
    );
    await adas.close();
    await bens.close();
  });

  it('over REST, and by sync for who was away, with history and unread counts', async () => {
    const [ada, ben] = [await Person.signIn(app), await Person.signIn(app)];
    const conversationId = await ada.directWith(ben);
    const sent = [];
    for (const text of ['one', 'two', 'three']) sent.push(await ada.send(conversationId, text));
    expect(sent.map(({ status, body }) => [status, body.seq])).toEqual([
      [201, 3],
      [201, 4],
      [201, 5],
    ]);
    const list = await ben.eventually('/v1/conversations', ({ body }) => body.items[0]?.lastSeq === 5);
    expect(list.body.items).toMatchObject([{ conversationId, kind: 'direct', unread: 3 }]);
    const page = await ben.call('GET', `/v1/conversations/${conversationId}/messages?limit=2`);
    expect(page.body.items.map((item: Frame) => item.content.text)).toEqual(['two', 'three']);
    const older = await ben.call(
      'GET',
      `/v1/conversations/${conversationId}/messages?limit=2&pageToken=${page.body.previousPageToken}`,
    );
    expect(older.body.items.map((item: Frame) => item.seq)).toEqual([2, 3]);
    const synced = await ben.call('GET', '/v1/sync');
    expect(synced.body.caughtUp).toBe(true);
    const texts = synced.body.items
      .filter((fact: Frame) => fact.type === 'message-posted')
      .map((fact: Frame) => fact.data.content.text);
    expect(texts).toEqual(['one', 'two', 'three']);
    const line = await ben.online(synced.body.cursor);
    await ada.send(conversationId, 'four');
    await line.next((frame) => frame.type === 'message-posted' && frame.data.content.text === 'four');
    expect(line.frames.filter((frame: Frame) => frame.type === 'message-posted')).toHaveLength(1);
    await line.close();
  });

  it('and everything that was acknowledged is there after a restart', async () => {
    const [ada, ben] = [await Person.signIn(app), await Person.signIn(app)];
    const conversationId = await ada.directWith(ben);
    const first = await ada.send(conversationId, 'before');
    app = await app.restart();
    const [adaAgain, benAgain] = [ada.at(app), ben.at(app)];
    const repeated = await adaAgain.send(conversationId, 'before', first.body.messageId);
    expect(repeated.body).toEqual(first.body);
    const page = await benAgain.call('GET', `/v1/conversations/${conversationId}/messages`);
    expect(page.body.items.map((item: Frame) => item.content.text ?? item.content.type)).toEqual([
      'member-added',
      'member-added',
      'before',
    ]);
  });
});
