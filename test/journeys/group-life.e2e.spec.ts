/** A group from its creation to its last member: who sees what, live, by sync and as history, and who may do what. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type AppUnderTest, openApp } from '../support/app-under-test.js';
import { type Frame, type Line, Person } from '../support/person.js';

let app: AppUnderTest;
beforeAll(async () => {
  app = await openApp();
});
afterAll(() => app.close());

const textsOf = (frames: readonly Frame[], conversationId: string): string[] =>
  frames.filter(({ type, scope }) => type === 'message-posted' && scope === conversationId).map(({ data }) => data.content.text);

const seesText = (line: Line, text: string) =>
  line.next(({ type, data }) => type === 'message-posted' && data.content?.text === text);

interface Group {
  readonly conversationId: string;
  readonly path: string;
}

async function groupOf(owner: Person, title: string, others: readonly Person[]): Promise<Group> {
  const conversationId = randomUUID();
  const accountIds = others.map(({ accountId }) => accountId);
  const created = await owner.call('POST', '/v1/group-conversations', { conversationId, title, accountIds });
  expect(created.status).toBe(201);
  return { conversationId, path: `/v1/conversations/${conversationId}` };
}

const memberIn = async (person: Person, { path }: Group): Promise<string> =>
  (await person.eventually(path, ({ status }) => status === 200)).body.membership.memberId;

describe('a group', () => {
  it('shows each member what was said while they were in it, and nothing else', async () => {
    const [ada, ben, cy] = [await Person.signIn(app), await Person.signIn(app), await Person.signIn(app)];
    const group = await groupOf(ada, 'Rowing', [ben]);
    const [bens, cys] = [await ben.online(), await cy.online()];
    await ada.send(group.conversationId, 'before Cy');
    await seesText(bens, 'before Cy');
    const added = await ada.call('POST', `${group.path}/members`, { accountId: cy.accountId });
    expect(added.status).toBe(201);
    expect((await ada.call('POST', `${group.path}/members`, { accountId: cy.accountId })).status).toBe(200);
    await ada.send(group.conversationId, 'with Cy');
    await seesText(cys, 'with Cy');
    expect((await ada.call('DELETE', `${group.path}/members/${added.body.memberId}`)).status).toBe(204);
    await cys.next(({ type, data }) => type === 'member-removed' && data.memberId === added.body.memberId);
    await ada.send(group.conversationId, 'after Cy');
    await seesText(bens, 'after Cy');
    expect(textsOf(bens.frames, group.conversationId)).toEqual(['before Cy', 'with Cy', 'after Cy']);
    expect(textsOf(cys.frames, group.conversationId)).toEqual(['with Cy']);

    const [synced, page] = [await cy.call('GET', '/v1/sync'), await cy.call('GET', `${group.path}/messages`)];
    expect(textsOf(synced.body.items, group.conversationId)).toEqual(['with Cy']);
    expect(page.body.items.map(({ content }: Frame) => content.text ?? content.type)).toEqual([
      'member-added',
      'with Cy',
      'member-removed',
    ]);
    expect((await cy.call('GET', `${group.path}/members`)).body.code).toBe('not-a-member');
    expect((await cy.send(group.conversationId, 'hello?')).body.code).toBe('conversation-not-found');
    await Promise.all([bens.close(), cys.close()]);
  });

  it('shows itself to who is taken in while they are online, before its facts, each time anew', async () => {
    const [ada, ben, cy] = [await Person.signIn(app), await Person.signIn(app), await Person.signIn(app)];
    const group = await groupOf(ada, 'Rowing', [ben]);
    await ada.send(group.conversationId, 'before Cy');
    const [phone, tablet] = [await cy.online(), await (await Person.signIn(app, cy.number)).online()];
    const told = (line: Line) => line.frames.filter(({ scope }) => scope === group.conversationId);
    const names = ['conversation-snapshot', 'member-added', 'message-posted'];
    const namesOf = (line: Line) => told(line).flatMap(({ type }) => (names.includes(type) ? [type] : []));
    const join = async (): Promise<string> => {
      const added = await ada.call('POST', `${group.path}/members`, { accountId: cy.accountId });
      await ada.send(group.conversationId, 'with Cy');
      return added.body.memberId;
    };
    const memberId = await join();
    for (const line of [phone, tablet]) {
      await seesText(line, 'with Cy');
      expect(namesOf(line)).toEqual(names);
      const [snapshot, joining] = told(line) as [Frame, Frame];
      expect(snapshot.revision).toBe(joining.revision - 1);
      const { conversation, members } = snapshot.data;
      expect(conversation).toMatchObject({ title: 'Rowing', kind: 'group', membersCount: 3, membership: { memberId } });
      expect(conversation.membership).toMatchObject({ state: 'active', fromSeq: joining.data.seq });
      const accounts = members.map(({ accountId }: Frame['data']) => accountId);
      expect(accounts.toSorted()).toEqual([ada, ben, cy].map(({ accountId }) => accountId).toSorted());
      expect(JSON.stringify(told(line))).not.toContain('before Cy');
    }
    await ada.call('DELETE', `${group.path}/members/${memberId}`);
    await phone.next(({ type }) => type === 'member-removed');
    await ada.send(group.conversationId, 'without Cy');
    await join();
    await phone.next(() => namesOf(phone).filter((name) => name === 'message-posted').length === 2);
    expect(namesOf(phone)).toEqual([...names, ...names]);
    expect(JSON.stringify(told(phone))).not.toContain('without Cy');
    await Promise.all([phone.close(), tablet.close()]);
  });

  it('lets the owner alone add and remove, and hands over when the owner leaves', async () => {
    const [ada, ben, cy] = [await Person.signIn(app), await Person.signIn(app), await Person.signIn(app)];
    const group = await groupOf(ada, 'Choir', [ben, cy]);
    const [adas, cys] = [await memberIn(ada, group), await memberIn(cy, group)];
    expect((await ben.call('POST', `${group.path}/members`, { accountId: cy.accountId })).body.code).toBe('owner-only');
    expect((await ben.call('DELETE', `${group.path}/members/${cys}`)).body.code).toBe('owner-only');
    expect((await ada.call('POST', `${group.path}/leave`)).status).toBe(204);
    const handed = await ben.eventually(`${group.path}/members`, ({ body }) => body.items.length === 2);
    expect(handed.body.items.map(({ role }: Frame) => role).sort()).toEqual(['member', 'owner']);
    expect(handed.body.items.map(({ memberId }: Frame) => memberId)).not.toContain(adas);
    const owner = handed.body.items.find(({ role }: Frame) => role === 'owner').accountId;
    const [heir, other] = owner === ben.accountId ? [ben, cy] : [cy, ben];
    const others = await memberIn(other, group);
    expect((await heir.call('DELETE', `${group.path}/members/${others}`)).status).toBe(204);
    expect((await heir.call('POST', `${group.path}/leave`)).status).toBe(204);
    expect((await heir.send(group.conversationId, 'anyone?')).body.code).toBe('conversation-not-found');
  });

  it('shows a removed message to everybody as a stub, and takes its bytes', async () => {
    const [ada, ben] = [await Person.signIn(app), await Person.signIn(app)];
    const group = await groupOf(ada, 'Secrets', [ben]);
    const bens = await ben.online();
    const sent = await ben.send(group.conversationId, 'a slip');
    const path = `${group.path}/messages/${sent.body.messageId}`;
    expect((await ada.call('DELETE', path)).status).toBe(204);
    const removed = await bens.next(({ type }) => type === 'message-removed');
    expect(removed.data).toMatchObject({ messageId: sent.body.messageId, seq: sent.body.seq, reason: 'owner' });
    const page = await ben.eventually(`${group.path}/messages`, ({ body }) => body.items.at(-1)?.state === 'removed');
    expect(page.body.items.at(-1)).not.toHaveProperty('content');
    const repeated = await until410(ben, group, sent.body.messageId);
    expect(repeated.body.code).toBe('message-gone');
    expect((await ada.call('DELETE', path)).status).toBe(204);
    await bens.close();
  });

  it('is created once: the same request again is answered the same, another one is refused', async () => {
    const [ada, ben] = [await Person.signIn(app), await Person.signIn(app)];
    const request = { conversationId: randomUUID(), title: 'Twice', accountIds: [ben.accountId] };
    const answers = [
      await ada.call('POST', '/v1/group-conversations', request),
      await ada.call('POST', '/v1/group-conversations', request),
      await ada.call('POST', '/v1/group-conversations', { ...request, title: 'Thrice' }),
      await ben.call('POST', '/v1/group-conversations', request),
    ];
    expect(answers.map(({ status }) => status)).toEqual([201, 200, 409, 409]);
  });

  it('is synced to a device that was away, in pages of history where it was away too long', async () => {
    const [ada, ben] = [await Person.signIn(app), await Person.signIn(app)];
    const group = await groupOf(ada, 'Long', [ben]);
    const before = await ben.call('GET', '/v1/sync');
    for (let at = 0; at < 120; at += 1) await ada.send(group.conversationId, `m${at}`);
    await ben.eventually(group.path, ({ body }) => body.lastSeq === 122);
    const line = await ben.online(before.body.cursor);
    const texts = textsOf(line.frames, group.conversationId);
    expect(texts.at(-1)).toBe('m119');
    const [left] = line.frames.filter(({ type }) => type === 'limited').map(({ data }) => data);
    const missing = await ben.call('GET', `${group.path}/messages?fromSeq=${left.fromSeq}&toSeq=${left.toSeq}&limit=200`);
    const paged = missing.body.items.flatMap(({ content }: Frame) => content.text ?? []);
    expect([...paged, ...texts].filter((text, at, all) => all.indexOf(text) === at)).toEqual(
      Array.from({ length: 120 }, (_, at) => `m${at}`),
    );
    await line.close();
  });
});

/** The bytes go after the answer: until then the repetition still gets the original one. */
async function until410(person: Person, { path }: Group, messageId: string) {
  const body = { messageId, content: { type: 'text', text: 'a slip' } };
  let answer = await person.call('POST', `${path}/messages`, body);
  const deadlineMs = performance.now() + 10_000;
  while (answer.status !== 410 && performance.now() < deadlineMs) answer = await person.call('POST', `${path}/messages`, body);
  return answer;
}
