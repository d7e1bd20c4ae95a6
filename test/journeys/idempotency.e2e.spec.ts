/** Goal: a request that is repeated under its key is done once and answered alike, also when doing it again would do something else. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type AppUnderTest, openApp } from '../support/app-under-test.js';
import { type Answer, Person, request } from '../support/person.js';

let app: AppUnderTest;
let ada: Person;
let ben: Person;
let cleo: Person;

beforeAll(async () => {
  app = await openApp();
  [ada, ben, cleo] = [await Person.signIn(app), await Person.signIn(app), await Person.signIn(app)];
});
afterAll(() => app.close());

const under = (key: string) => ({ 'idempotency-key': key });
const shown = ({ status, headers, body }: Answer) => ({
  ...{ status, body },
  position: headers.get('sottovoce-position'),
  type: headers.get('content-type'),
});

async function groupOf(owner: Person, ...others: readonly Person[]): Promise<string> {
  const conversationId = randomUUID();
  const accountIds = others.map(({ accountId }) => accountId);
  await owner.call('POST', '/v1/group-conversations', { conversationId, title: 'Keys', accountIds });
  return `/v1/conversations/${conversationId}`;
}

async function membersOf(path: string, position: string | null): Promise<readonly string[]> {
  const headers = position === null ? {} : { 'sottovoce-min-position': position };
  const { body } = await ada.call('GET', `${path}/members`, undefined, headers);
  return body.items.map(({ accountId }: { accountId: string }) => accountId).sort();
}

describe('a request that is repeated under its key', () => {
  it('gets the same status and body, where it would otherwise be told that it was so already', async () => {
    const key = randomUUID();
    const open = (headers: Record<string, string>) =>
      ada.call('POST', '/v1/direct-conversations', { accountId: ben.accountId }, headers);
    const first = await open(under(key));
    expect(first.status).toBe(201);
    expect(shown(await open(under(key)))).toEqual(shown(first));
    expect((await open({})).status).toBe(200);
  });

  it('does not bring back who was removed since', async () => {
    const path = await groupOf(ada);
    const key = randomUUID();
    const add = () => ada.call('POST', `${path}/members`, { accountId: ben.accountId }, under(key));
    const added = await add();
    const removed = await ada.call('DELETE', `${path}/members/${added.body.memberId}`);
    expect(shown(await add())).toEqual(shown(added));
    expect(await membersOf(path, removed.headers.get('sottovoce-position'))).toEqual([ada.accountId]);
  });

  it('does not leave again after coming back', async () => {
    const path = await groupOf(ada, ben);
    const key = randomUUID();
    const leave = () => ben.call('POST', `${path}/leave`, {}, under(key));
    const left = await leave();
    expect(left.status).toBe(204);
    const back = await ada.call('POST', `${path}/members`, { accountId: ben.accountId });
    expect(shown(await leave())).toEqual(shown(left));
    expect(await membersOf(path, back.headers.get('sottovoce-position'))).toEqual([ada.accountId, ben.accountId].sort());
  });

  it('sends one code, though nobody has signed in', async () => {
    const key = randomUUID();
    const start = (value: string) => request(app, 'POST', '/v1/verifications', { kind: 'phone', value }, undefined, under(key));
    const first = await start('+15557654321');
    expect(first.status).toBe(201);
    expect(shown(await start('+15557654321'))).toEqual(shown(first));
    expect((await start('+15557654322')).body.code).toBe('idempotency-key-reused');
  });

  it('is done once, however many of it come at once', async () => {
    const path = await groupOf(ada);
    const key = randomUUID();
    const all = await Promise.all(
      Array.from({ length: 12 }, () => ada.call('POST', `${path}/members`, { accountId: cleo.accountId }, under(key))),
    );
    const done = all.filter(({ status }) => status === 201);
    const waiting = all.filter(({ status }) => status === 409);
    expect(done.length).toBeGreaterThan(0);
    expect(done.length + waiting.length).toBe(all.length);
    expect(new Set(done.map((answer) => JSON.stringify(shown(answer)))).size).toBe(1);
    for (const { body, headers } of waiting) {
      expect(body).toMatchObject({ code: 'request-in-progress', retryable: true });
      expect(headers.get('retry-after')).toBe('1');
    }
  });

  it('is refused again when it was refused, until another key is chosen', async () => {
    const path = await groupOf(ada, ben);
    const key = randomUUID();
    const add = (chosen: string) => ben.call('POST', `${path}/members`, { accountId: cleo.accountId }, under(chosen));
    const refused = await add(key);
    expect([refused.status, refused.body.code]).toEqual([403, 'owner-only']);
    await ada.call('POST', `${path}/leave`, {});
    const again = await add(key);
    expect(shown(again)).toEqual(shown(refused));
    expect(again.headers.get('content-type')).toContain('application/problem+json');
    expect((await add(randomUUID())).status).toBe(201);
  });

  it('is answered alike by a server that was started again', async () => {
    const key = randomUUID();
    const body = { accountId: cleo.accountId };
    const first = await ada.call('POST', '/v1/direct-conversations', body, under(key));
    app = await app.restart();
    [ada, ben, cleo] = [ada.at(app), ben.at(app), cleo.at(app)];
    expect(shown(await ada.call('POST', '/v1/direct-conversations', body, under(key)))).toEqual(shown(first));
  });
});

describe('a key', () => {
  const key = 'one-key-for-all';
  let path = '';
  let other = '';
  beforeAll(async () => {
    [path, other] = [await groupOf(ada, ben), await groupOf(ada)];
    const first = await ada.call('POST', `${path}/members`, { accountId: cleo.accountId }, under(key));
    expect(first.status).toBe(201);
  });

  const reused: readonly (readonly [what: string, send: () => Promise<Answer>])[] = [
    ['another body', () => ada.call('POST', `${path}/members`, { accountId: ben.accountId }, under(key))],
    ['another path', () => ada.call('POST', `${other}/members`, { accountId: cleo.accountId }, under(key))],
    [
      'another condition',
      () => ada.call('POST', `${path}/members`, { accountId: cleo.accountId }, { ...under(key), 'if-match': '"1"' }),
    ],
    [
      'a condition that is none',
      () => ada.call('POST', `${path}/members`, { accountId: cleo.accountId }, { ...under(key), 'if-match': '' }),
    ],
    ['a body that is none', () => ada.call('POST', `${path}/members`, { accountId: 1 }, under(key))],
  ];

  it.each(reused)('does not serve for another request: %s', async (_what, send) => {
    const answer = await send();
    expect([answer.status, answer.body.code]).toEqual([422, 'idempotency-key-reused']);
  });

  it('is another one in the hands of another person, and for another operation', async () => {
    const theirs = await ben.call('POST', `${path}/members`, { accountId: cleo.accountId }, under(key));
    expect(theirs.body.code).toBe('owner-only');
    const opened = await ada.call('POST', '/v1/direct-conversations', { accountId: cleo.accountId }, under(key));
    expect(opened.status).toBeLessThan(300);
  });

  it('may be used again after a request that was never understood', async () => {
    const chosen = randomUUID();
    const add = (body: unknown) => ada.call('POST', `${other}/members`, body, under(chosen));
    expect((await add({ accountId: 'nobody' })).body.code).toBe('invalid-request');
    expect((await add({ accountId: cleo.accountId })).status).toBe(201);
  });

  it('does not care in which order the body names its members', async () => {
    const chosen = randomUUID();
    const start = (body: object) => request(app, 'POST', '/v1/verifications', body, undefined, under(chosen));
    const first = await start({ kind: 'phone', value: '+15557654399' });
    expect(shown(await start({ value: '+15557654399', kind: 'phone' }))).toEqual(shown(first));
  });

  it('may be as long as 255 characters', async () => {
    const add = () => ada.call('POST', `${other}/members`, { accountId: ben.accountId }, under('k'.repeat(255)));
    const first = await add();
    expect(first.status).toBe(201);
    expect(shown(await add())).toEqual(shown(first));
  });

  it.each(['', 'a b', 'k'.repeat(256), 'é', 'one, two'])('is refused when it is none: %j', async (none) => {
    const answer = await ada.call('POST', `${other}/members`, { accountId: ben.accountId }, under(none));
    expect([answer.status, answer.body.code]).toEqual([400, 'invalid-request']);
    expect(answer.body.errors).toEqual([{ pointer: '/Idempotency-Key', code: 'wrong-form' }]);
  });

  it('is passed over where the client chooses the id, or is handed a secret', async () => {
    const chosen = under(randomUUID());
    const one = await ada.call('POST', '/v1/socket-tickets', undefined, chosen);
    const two = await ada.call('POST', '/v1/socket-tickets', undefined, chosen);
    expect([one.status, two.status]).toEqual([201, 201]);
    expect(one.body.ticket).not.toBe(two.body.ticket);
  });
});
