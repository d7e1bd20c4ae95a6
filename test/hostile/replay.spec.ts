/** C8: whoever recorded the frames of a client and plays them again, on the same socket or on others, changes nothing. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type AppUnderTest, openApp } from '../support/app-under-test.js';
import { Person } from '../support/person.js';
import { until } from '../support/until.js';

const MESSAGES = 20;
const TIMES = 5;

let app: AppUnderTest;
beforeAll(async () => {
  app = await openApp();
});
afterAll(() => app.close());

describe('recorded frames', () => {
  it('that are played again over new sockets double nothing, and are answered as at first', async () => {
    const [ada, ben] = [await Person.signIn(app), await Person.signIn(app)];
    const conversationId = await ada.directWith(ben);
    const recorded = Array.from({ length: MESSAGES }, (_, at) => ({
      id: randomUUID(),
      type: 'send-message',
      data: { conversationId, messageId: randomUUID(), content: { type: 'text', text: `message ${at}` } },
    }));
    const reader = await ben.online();
    const answers: (readonly object[])[] = [];
    for (let time = 0; time < TIMES; time += 1) {
      const line = await ada.online();
      for (const frame of recorded) line.socket.send(JSON.stringify(frame));
      const acks = () => recorded.map(({ id }) => line.frames.find(({ replyTo }) => replyTo === id));
      await until('every frame is answered', () => acks().every((ack) => ack !== undefined));
      answers.push(acks().map(({ type, data }) => ({ type, data })));
      await line.close();
    }
    expect(answers[0]?.every((answer) => (answer as { type: string }).type === 'ack')).toBe(true);
    for (const again of answers) expect(again).toEqual(answers[0]);
    const page = await ada.call('GET', `/v1/conversations/${conversationId}/messages?limit=200`);
    const posts = page.body.items.filter((message: { class: string }) => message.class === 'post');
    expect(posts.map(({ messageId }: { messageId: string }) => messageId).sort()).toEqual(
      recorded.map(({ data }) => data.messageId).sort(),
    );
    await until('the reader has got them', () => reader.frames.filter(({ data }) => data?.class === 'post').length >= MESSAGES);
    const seen = reader.frames.filter(({ data }) => data?.class === 'post').map(({ data }) => data.messageId);
    expect(new Set(seen).size).toBe(seen.length);
    await reader.close();
  });

  it('of one person are nothing in the hand of another', async () => {
    const [ada, ben, eve] = [await Person.signIn(app), await Person.signIn(app), await Person.signIn(app)];
    const conversationId = await ada.directWith(ben);
    const data = { conversationId, messageId: randomUUID(), content: { type: 'text', text: 'mine' } };
    const [first, other] = [await ada.online(), await eve.online()];
    expect((await first.ask('send-message', data)).type).toBe('ack');
    expect((await other.ask('send-message', data)).problem.code).toBe('id-reused');
    await first.close();
    await other.close();
  });
});
