/** Goal: a device without a socket hears of what happens when it happens, and costs the server nothing while nothing does. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type AppUnderTest, openApp } from '../support/app-under-test.js';
import { type Answer, Person, request } from '../support/person.js';
import { until } from '../support/until.js';

const LONG_MS = 30_000;

let app: AppUnderTest;
let ada: Person;
let ben: Person;
let direct: string;

beforeAll(async () => {
  app = await openApp();
  [ada, ben] = [await Person.signIn(app), await Person.signIn(app)];
  direct = await ada.directWith(ben);
});
afterAll(() => app.close());

interface Polling {
  answer: Answer | undefined;
  readonly answered: Promise<Answer>;
}

function poll(person: Person, cursor: string, waitMs = LONG_MS): Polling {
  const answered = person.call('GET', `/v1/sync?cursor=${cursor}&waitMs=${waitMs}`);
  const polling: Polling = { answer: undefined, answered };
  void answered.then(
    (answer) => Object.assign(polling, { answer }),
    () => undefined,
  );
  return polling;
}

/** The cursor of a device that has seen everything that was written before. */
async function caughtUp(person: Person): Promise<string> {
  const write = await person.call('PUT', '/v1/me/profile', { displayName: `Somebody ${randomUUID()}` });
  const atLeast = { 'sottovoce-min-position': write.headers.get('sottovoce-position') ?? '' };
  let { body } = await person.call('GET', '/v1/sync', undefined, atLeast);
  while (!body.caughtUp) ({ body } = await person.call('GET', `/v1/sync?cursor=${body.cursor}`));
  return body.cursor;
}

const waiting = (count: number) => until(`${count} wait`, () => app.server.processes.waits.size === count);
const textsOf = ({ body }: Answer) =>
  body.items.flatMap(({ data }: { data: { content?: { text: string } } }) => data.content?.text ?? []);

describe('a device that waits', () => {
  let cursor: string;
  beforeEach(async () => {
    await waiting(0);
    cursor = await caughtUp(ben);
  });

  it('hears of a message when it is posted', async () => {
    const polling = poll(ben, cursor);
    await waiting(1);
    expect(polling.answer).toBeUndefined();
    await ada.send(direct, 'wake up');
    const answer = await polling.answered;
    expect([answer.status, textsOf(answer), answer.body.caughtUp]).toEqual([200, ['wake up'], true]);
    await waiting(0);
  });

  it('is answered at once when there is something already', async () => {
    await ada.send(direct, 'there already');
    await ben.eventually(`/v1/sync?cursor=${cursor}`, ({ body }) => body.items.length > 0);
    expect(textsOf(await poll(ben, cursor).answered)).toEqual(['there already']);
    const snapshot = await ben.call('GET', `/v1/sync?waitMs=${LONG_MS}`);
    expect(snapshot.body.items.length).toBeGreaterThan(0);
  });

  it('is answered without anything after the span, with a cursor to go on from', async () => {
    const answer = await poll(ben, cursor, 50).answered;
    expect(answer).toMatchObject({ status: 200, body: { items: [], limited: [], caughtUp: true } });
    const next = poll(ben, answer.body.cursor);
    await waiting(1);
    await ada.send(direct, 'after the empty one');
    expect(textsOf(await next.answered)).toEqual(['after the empty one']);
  });

  it('hears of a conversation that it is taken into, and of itself', async () => {
    const first = poll(ben, cursor);
    await waiting(1);
    const conversationId = randomUUID();
    await ada.call('POST', '/v1/group-conversations', { conversationId, title: 'New', accountIds: [ben.accountId] });
    const joined = await first.answered;
    expect(joined.body.items.some(({ scope }: { scope: string }) => scope === conversationId)).toBe(true);
    const second = poll(ben, await caughtUp(ben));
    await waiting(1);
    await ben.call('PUT', `/v1/me/devices/${ben.deviceId}/name`, { name: 'Shelf' });
    expect((await second.answered).body.items).toMatchObject([{ scope: 'account', data: { name: 'Shelf' } }]);
  });

  it('hears nothing of what others say elsewhere', async () => {
    const cleo = await Person.signIn(app);
    const elsewhere = await ada.directWith(cleo);
    const polling = poll(ben, await caughtUp(ben));
    await waiting(1);
    for (let index = 0; index < 5; index += 1) await ada.send(elsewhere, `elsewhere ${index}`);
    const read = await cleo.eventually(`/v1/conversations/${elsewhere}`, ({ body }) => body.lastSeq === 7);
    expect([read.status, polling.answer]).toEqual([200, undefined]);
    await ada.send(direct, 'here');
    expect(textsOf(await polling.answered)).toEqual(['here']);
  });

  it('waits once: the newest wins, the older is answered with what there is', async () => {
    const older = poll(ben, cursor);
    await waiting(1);
    const newer = poll(ben, cursor);
    const answer = await older.answered;
    expect([answer.status, answer.body.items, newer.answer]).toEqual([200, [], undefined]);
    await ada.send(direct, 'for the newest');
    expect(textsOf(await newer.answered)).toEqual(['for the newest']);
  });

  it('does not wait for another device of the same person', async () => {
    const second = await Person.signIn(app, ben.number);
    const both = [poll(ben, await caughtUp(ben)), poll(second, await caughtUp(second))];
    const [fresh] = both;
    // The second device's own write may have told the first one something: it asks again.
    await until('both wait or are answered', () => app.server.processes.waits.size === 2 || fresh?.answer !== undefined);
    const first = fresh?.answer === undefined ? fresh! : poll(ben, fresh.answer.body.cursor);
    await waiting(2);
    await ada.send(direct, 'for both');
    for (const { answered } of [first, both[1]!]) expect(textsOf(await answered)).toEqual(['for both']);
  });

  it('that goes away is forgotten at once', async () => {
    const going = new AbortController();
    const gone = fetch(`${app.url}/v1/sync?cursor=${cursor}&waitMs=${LONG_MS}`, {
      headers: { authorization: `Bearer ${ben.accessToken}` },
      signal: going.signal,
    }).catch(() => 'gone');
    await waiting(1);
    going.abort();
    expect(await gone).toBe('gone');
    await waiting(0);
  });

  it.each(['-1', '30001', 'soon', '1.5', '0x', '1&waitMs=2'])('is refused a span of %s', async (waitMs) => {
    const answer = await ben.call('GET', `/v1/sync?waitMs=${waitMs}`);
    expect([answer.status, answer.body.code]).toEqual([400, 'invalid-request']);
  });

  it('with a forged cursor does not wait', async () => {
    const answer = await ben.call('GET', `/v1/sync?cursor=${'A'.repeat(60)}&waitMs=${LONG_MS}`);
    expect([answer.status, answer.body.code]).toEqual([400, 'invalid-cursor']);
    expect((await request(app, 'GET', `/v1/sync?waitMs=${LONG_MS}`)).status).toBe(401);
  });
});

describe('a server that stops', () => {
  it('answers everybody who waits', async () => {
    const cursors = [await caughtUp(ada), await caughtUp(ben)] as const;
    const polls = [poll(ada, cursors[0]), poll(ben, cursors[1])];
    await waiting(2);
    const restarted = app.restart();
    for (const { answered } of polls) {
      const { status, body } = await answered;
      expect([status, body.items, body.caughtUp]).toEqual([200, [], true]);
    }
    app = await restarted;
    // A cursor of before goes on after.
    [ada, ben] = [ada.at(app), ben.at(app)];
    const next = poll(ben, cursors[1]);
    await ada.send(direct, 'after the restart');
    expect(textsOf(await next.answered)).toEqual(['after the restart']);
  });
});
