/** Goal: what was read may be asked for again without being sent, and a change may be made on condition that nobody else has made one. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type AppUnderTest, openApp } from '../support/app-under-test.js';
import { type Answer, Person } from '../support/person.js';

let app: AppUnderTest;
let ada: Person;
let ben: Person;
let cleo: Person;
let group: string;

beforeAll(async () => {
  app = await openApp();
  [ada, ben, cleo] = [await Person.signIn(app), await Person.signIn(app), await Person.signIn(app)];
  group = randomUUID();
  await ada.call('POST', '/v1/group-conversations', { conversationId: group, title: 'Readers', accountIds: [ben.accountId] });
  await ben.eventually(`/v1/conversations/${group}`, ({ status }) => status === 200);
  await ada.eventually('/v1/me', ({ status }) => status === 200);
  await ada.eventually('/v1/me/devices', ({ body }) => body.items.length === 1);
});
afterAll(() => app.close());

const tag = ({ headers }: Answer): string => headers.get('etag') ?? '';
const members = () => `/v1/conversations/${group}/members`;
const ownDevice = () => `/v1/me/devices/${ada.deviceId}`;

describe('what was read before', () => {
  it.each([
    ['an account', () => '/v1/me'],
    ['a device', ownDevice],
    ['a conversation', () => `/v1/conversations/${group}`],
    ['the members of a group', members],
  ])('is not sent again while it is the same: %s', async (_what, path) => {
    const first = await ada.call('GET', path());
    expect(first.status).toBe(200);
    expect(tag(first)).toMatch(/^"[0-9.]+"$/);
    for (const known of [tag(first), `W/${tag(first)}`, `"0", ${tag(first)}`, '*']) {
      const again = await ada.call('GET', path(), undefined, { 'if-none-match': known });
      expect([again.status, again.body, tag(again)]).toEqual([304, undefined, tag(first)]);
    }
    const other = await ada.call('GET', path(), undefined, { 'if-none-match': '"0"' });
    expect([other.status, other.body]).toEqual([200, first.body]);
  });

  it('is sent again when the reader has only read on', async () => {
    const path = `/v1/conversations/${group}`;
    const { body } = await ben.send(group, 'a word');
    const before = await ada.eventually(path, (answer) => answer.body.lastSeq === body.seq);
    expect(before.body.unread).toBe(1);
    await ada.call('PUT', `${path}/read-mark`, { seq: body.seq });
    await ada.eventually(path, (answer) => answer.body.unread === 0);
    const after = await ada.call('GET', path, undefined, { 'if-none-match': tag(before) });
    expect([after.status, after.body.revision]).toEqual([200, before.body.revision]);
  });

  it('is the version that stands in it', async () => {
    const me = await ada.call('GET', '/v1/me');
    expect(tag(me)).toBe(`"${me.body.version}"`);
    const device = await ada.call('GET', ownDevice());
    expect(tag(device)).toBe(`"${device.body.version}"`);
    const listed = await ada.call('GET', members());
    expect(tag(listed)).toBe(`"${listed.body.membersVersion}"`);
  });
});

describe('a change on condition', () => {
  const rename = (name: string, condition: string) => ada.call('PUT', `${ownDevice()}/name`, { name }, { 'if-match': condition });

  it('of a profile is made from the version that was read, and answers the next one', async () => {
    const me = await ada.call('GET', '/v1/me');
    const change = (condition: string) => ada.call('PUT', '/v1/me/profile', { displayName: 'Ada' }, { 'if-match': condition });
    const changed = await change(tag(me));
    expect([changed.status, tag(changed)]).toEqual([204, `"${me.body.version + 1}"`]);
    const stale = await change(tag(me));
    expect([stale.status, stale.body]).toMatchObject([
      412,
      { code: 'version-mismatch', retryable: false, currentVersion: me.body.version + 1 },
    ]);
    expect((await change(tag(changed))).status).toBe(204);
  });

  it('of a device: two that read the same version cannot both make theirs', async () => {
    const { body } = await ada.call('GET', ownDevice());
    const answers = await Promise.all([rename('Desk', `"${body.version}"`), rename('Hall', `"${body.version}"`)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([204, 412]);
    expect((await rename('Any', '*')).status).toBe(204);
    expect((await ada.call('DELETE', ownDevice(), undefined, { 'if-match': '"1"' })).body.code).toBe('version-mismatch');
  });

  it('of the members is not disturbed by what is said, and is by who comes', async () => {
    const { body } = await ada.call('GET', members());
    const version = `"${body.membersVersion}"`;
    const { body: sent } = await ben.send(group, 'another word');
    await ada.eventually(`/v1/conversations/${group}`, (answer) => answer.body.lastSeq === sent.seq);
    const add = (condition: string) => ada.call('POST', members(), { accountId: cleo.accountId }, { 'if-match': condition });
    const added = await add(version);
    expect(added.status).toBe(201);
    const listed = await ada.eventually(members(), (answer) => answer.body.items.length === 3);
    const stale = { code: 'version-mismatch', currentVersion: listed.body.membersVersion };
    expect((await add(version)).body).toMatchObject(stale);
    const leave = (condition: string) => cleo.call('POST', `/v1/conversations/${group}/leave`, {}, { 'if-match': condition });
    expect((await leave(version)).body).toMatchObject(stale);
    const one = `${members()}/${added.body.memberId}`;
    expect((await ada.call('DELETE', one, undefined, { 'if-match': version })).body).toMatchObject(stale);
    expect((await ada.call('DELETE', one, undefined, { 'if-match': tag(listed) })).status).toBe(204);
  });

  it('says the version to nobody who may not make it', async () => {
    const others = await ben.call('POST', members(), { accountId: cleo.accountId }, { 'if-match': '"1"' });
    expect(others.body).toMatchObject({ code: 'owner-only' });
    const device = await ben.call('PUT', `${ownDevice()}/name`, { name: 'mine' }, { 'if-match': '"1"' });
    expect(device.body).toMatchObject({ code: 'device-not-found' });
    expect([others.body.currentVersion, device.body.currentVersion]).toEqual([undefined, undefined]);
  });

  it.each(['1', '"a"', '"01"', 'W/"1"', '"1", "2"', '"1" "2"', '"-1"', '""', '"9999999999999999"', "'1'"])(
    'is refused when it is none: %s',
    async (condition) => {
      const answer = await rename('No', condition);
      expect([answer.status, answer.body.code]).toEqual([400, 'invalid-request']);
      expect(answer.body.errors).toEqual([{ pointer: '/If-Match', code: 'wrong-form' }]);
    },
  );

  it.each(['1', 'W/1', '"1"x', '"1",', ', "1"', '"a"b"'])('is refused of a read when it is none: %s', async (condition) => {
    const answer = await ada.call('GET', '/v1/me', undefined, { 'if-none-match': condition });
    expect([answer.status, answer.body.errors]).toEqual([400, [{ pointer: '/If-None-Match', code: 'wrong-form' }]]);
  });
});
