/**
 * Goal: when a person's keys are destroyed, nobody can tell which of the conversations were that person's: given all
 * stores, the root key and everyone else's keys, no value, reference or id stands in two of them and in nobody else's.
 * Method: a population on the stores of the embedded shape, and a script that looks for such tokens; leaks that are
 * planted show that it finds them. Time and shared membership are not hidden, and not looked at here.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { kekName, ringBinding } from '../../src/adapters/crypto/key-names.js';
import { readRing } from '../../src/adapters/crypto/ring.js';
import { SqliteKeyRows } from '../../src/adapters/sqlite/sqlite-key-rows.js';
import type { NewEvent } from '../../src/application/ports/event-store.js';
import type { Subject } from '../../src/application/ports/subject-keys.js';
import type { ConversationId, Handle, MessageId } from '../../src/domain/kernel/ids.js';
import { isErased } from '../../src/domain/kernel/personal.js';
import { accountOf } from '../../src/projections/accounts.js';
import { conversationsOf } from '../../src/projections/conversation-list.js';
import { forgetPerson } from '../../src/projections/forget-person.js';
import { opened } from '../../src/projections/kernel/opening.js';
import { membersFor } from '../../src/projections/members-for.js';
import { messageOf } from '../../src/projections/message.js';
import { messagesFor } from '../../src/projections/messages-for.js';
import { receiptsFor } from '../../src/projections/receipts.js';
import { type Finding, findings, type Row, rowsOf, tokensNaming } from '../support/adversary.js';
import { type EmbeddedStores, openEmbeddedStores } from '../support/embedded-stores.js';
import { Population, refusalOf } from '../support/population.js';

const VICTIM = 0;
const OTHERS = [1, 2, 3, 4, 5, 6, 7];

let stores: EmbeddedStores;
let population: Population;
let handle: Handle;
let locators: readonly Buffer[];
let members: readonly string[];
let rowsBefore: readonly Row[];
/** As it was found right after the destruction, before the views were built anew. */
let rowsBetween: readonly Row[];
/** Then what the views had joined was forgotten, and they were still the same views. */
let rowsForgotten: readonly Row[];

const ofVictim = () => population.roomsOf(VICTIM).map(({ conversationId }) => conversationId);
const ofOthers = () =>
  population.rooms.filter(({ members: people }) => !people.includes(VICTIM)).map(({ conversationId }) => conversationId);
const look = (rows: readonly Row[] = rowsOf(stores)): Promise<readonly Finding[]> =>
  findings(rows, stores.ports.keys, ofVictim(), ofOthers());
const victim = () => population.people[VICTIM]!;

beforeAll(async () => {
  stores = await openEmbeddedStores();
  population = await Population.settle(stores);
  const { accountId } = victim();
  [handle] = (await stores.ports.keys.name([{ subject: accountId, purpose: 'handle', context: accountId }])) as [Handle];
  members = await Promise.all(ofVictim().map((id) => population.memberId(VICTIM, id)));
  locators = stores.connections.keys
    .prepare<[string], Buffer>('SELECT locator FROM locators JOIN rings USING (subject_ref) WHERE subject = ?')
    .pluck()
    .all(accountId);
  rowsBefore = rowsOf(stores);
  await stores.ports.keys.destroy(accountId);
  rowsBetween = rowsOf(stores);
  await forgetPerson(stores.projectionWriter, handle);
  rowsForgotten = rowsOf(stores);
  await stores.project('nothing');
}, 120_000);

let files: ReadonlyMap<string, Buffer>;
afterAll(async () => {
  if (files === undefined) await stores.shut();
});

describe('an adversary with all stores, the root key and everyone else’s keys', () => {
  it('meets a population that is worth it', async () => {
    expect(population.rooms).toHaveLength(12);
    expect([ofVictim().length, ofOthers().length]).toEqual([6, 6]);
    const perRoom = await Promise.all(
      ofVictim().map(async (id) => (await tokensNaming(rowsOf(stores), stores.ports.keys, [id])).size),
    );
    expect(Math.min(...perRoom)).toBeGreaterThan(100);
    expect(new Set(members).size).toBe(6);
    expect(locators.length).toBeGreaterThan(12);
  });

  it('unwraps the rings of everybody else, and has none of the person whose keys were destroyed', async () => {
    const rows = new SqliteKeyRows(stores.connections.keys);
    const { store_id: storeId } = stores.connections.keys
      .prepare<[], { store_id: string }>('SELECT store_id FROM settings')
      .get()!;
    const subjects = stores.connections.keys.prepare<[], Subject>('SELECT subject FROM rings').pluck().all();
    const groups = population.rooms
      .filter(({ members: people }) => people.length > 2)
      .map(({ conversationId }) => conversationId);
    expect(new Set(subjects)).toEqual(new Set([...OTHERS.map((person) => population.people[person]!.accountId), ...groups]));
    for (const row of await rows.ringsOf(subjects)) {
      const kek = kekName(storeId, row.bucket, row.generation);
      const plain = await stores.ports.rootKeys.unwrap(kek, ringBinding(row), row.wrapped);
      if (plain === 'absent') throw new Error('A ring of somebody else does not open.');
      expect(() => readRing(plain)).not.toThrow();
    }
    expect(await rows.ringsOf([victim().accountId])).toEqual([]);
  });

  it('opens what everybody else wrote, and nothing of the person', async () => {
    const tokens = await tokensNaming(rowsOf(stores), stores.ports.keys, ofVictim());
    expect(tokens.has(population.people[1]!.accountId)).toBe(true);
    expect(tokens.has(population.people[1]!.deviceId)).toBe(true);
    expect(tokens.has('5550142')).toBe(true);
    expect(tokens.has('5550042')).toBe(false);
  });

  it('finds nothing that two of the person’s conversations share with no other', async () => {
    expect(await look()).toEqual([]);
  });

  it('finds as little in the views that were there before, once they have forgotten the person', async () => {
    expect(await look(rowsForgotten)).toEqual([]);
  });

  it('finds no id of the account in any conversation', async () => {
    const accountRows = rowsOf(stores).filter(({ values }) => values.some((value) => String(value).includes(victim().accountId)));
    const account = await tokensNaming(accountRows, stores.ports.keys, [victim().accountId as unknown as ConversationId]);
    const ids = [...account].filter((token) => /^[0-9a-f-]{36}$/.test(token));
    expect(ids.length).toBeGreaterThan(5);
    const conversations = await tokensNaming(rowsOf(stores), stores.ports.keys, ofVictim());
    expect(ids.filter((id) => conversations.has(id))).toEqual([]);
  });
});

describe('the script', () => {
  const leaked = async (rows: readonly Row[]) => (await look(rows)).map(({ token }) => token);

  it('finds a person’s ids while their keys live', async () => {
    const rows = rowsBefore.filter(({ where }) => where.startsWith('events.') || where.startsWith('read.'));
    expect(await leaked(rows)).toContain(handle);
  });

  it('finds the handle in views that have not forgotten it: keys alone do not take what was joined before', async () => {
    expect(await leaked(rowsBetween)).toEqual([handle]);
  });

  it('finds a device id that stands in clear in two messages', async () => {
    const { deviceId } = victim();
    for (const { conversationId, members: people } of population.roomsOf(VICTIM).slice(0, 2)) {
      const event = await someEventOf(conversationId);
      const data = JSON.stringify({ ...(JSON.parse(event.data) as object), deviceId });
      const messageId = stores.ports.ids.uuid() as MessageId;
      const planted = { ...event, id: stores.ports.ids.uuid() as never, data };
      expect(people).toContain(VICTIM);
      await stores.ports.eventStore.append([{ stream: `message-${messageId}`, expected: 'no-stream', events: [planted] }]);
    }
    expect(await leaked(rowsOf(stores))).toEqual(expect.arrayContaining([deviceId]));
    stores.connections.events.prepare('DELETE FROM events WHERE position > (SELECT max(position) - 2 FROM events)').run();
    expect(await leaked(rowsOf(stores))).toEqual([]);
  });

  it.each([
    ['a number', () => 4_915_550_042],
    ['bytes', () => Buffer.from('a key reference that is the same')],
    ['a text in no known form', () => 'sub_5h3Kq9Zx7TbLw2Pc'],
  ])('finds %s that two rows share', async (_, leak) => {
    const planted = ofVictim()
      .slice(0, 2)
      .map((id) => ({ where: 'planted', values: [id, leak()] }));
    expect(await look([...rowsOf(stores), ...planted])).toHaveLength(1);
    const everybodys = { where: 'planted', values: [ofOthers()[0]!, leak()] };
    expect(await look([...rowsOf(stores), ...planted, everybodys])).toEqual([]);
  });

  it('finds a row that names two of the conversations', async () => {
    const [one, other] = ofVictim();
    expect((await look([...rowsOf(stores), { where: 'planted', values: [one, other] }])).length).toBeGreaterThan(0);
  });

  const someEventOf = async (conversationId: ConversationId): Promise<NewEvent> => {
    const all = await stores.ports.eventStore.readAll(0, 1_000_000);
    const {
      stream: _s,
      revision: _r,
      position: _p,
      ...event
    } = all.find(({ feedKey, type }) => feedKey === conversationId && type === 'MessageComposed')!;
    return event;
  };
});

describe('after the destruction', () => {
  const handleOf = async (person: number): Promise<Handle> => {
    const { accountId: subject } = population.people[person]!;
    return (await stores.ports.keys.name([{ subject, purpose: 'handle', context: subject }]))[0] as Handle;
  };
  const open = <Value>(value: Value) => opened(value, (sealed) => stores.ports.keys.open(sealed));

  async function answersFor(person: number) {
    const { views } = stores;
    const asker = await handleOf(person);
    const list = await open(await conversationsOf(views, asker, { limit: 50 }));
    const rooms = await Promise.all(
      population.roomsOf(person).map(async ({ conversationId }) => {
        const page = await messagesFor(views, asker, conversationId, { limit: 200 });
        if (page === 'hidden') throw new Error('A conversation is hidden from its member.');
        const found = await membersFor(views, asker, conversationId, { limit: 50 });
        return {
          conversationId,
          messages: (await open(page.items)).map((item) => messageOf(item, stores.ports.clock.now())),
          members: typeof found === 'string' ? [] : await open(found.items),
          receipts: await receiptsFor(views, asker, conversationId),
        };
      }),
    );
    return { list, rooms };
  }

  it('reads give what the person wrote as erased, and everybody else’s as before', async () => {
    for (const person of OTHERS) {
      for (const { conversationId, messages, members: shown } of (await answersFor(person)).rooms) {
        const posts = messages.filter((message) => message.class === 'post' && message.state !== 'removed');
        const mine = members[ofVictim().indexOf(conversationId)];
        for (const { senderId, state } of posts) expect(state).toBe(senderId === mine ? 'erased' : 'visible');
        if (mine !== undefined) expect(posts.filter(({ senderId }) => senderId === mine).length).toBeGreaterThan(2);
        for (const { memberId, account } of shown) expect(isErased(account)).toBe(memberId === mine);
      }
    }
    const shown = await accountOf(stores.views, population.people[1]!.accountId, victim().accountId);
    expect(await open(shown)).toMatchObject({ displayName: { erased: true } });
  });

  it('every write of the person is refused, and every write about them', async () => {
    const { process } = population;
    const before = await stores.ports.eventStore.headPosition();
    const [room, owned] = [population.rooms[6]!, population.rooms[5]!];
    const { conversationId } = room;
    const { accountId, deviceId } = victim();
    const accountIds = [population.people[1]!.accountId];
    const fresh = () => stores.ports.ids.uuid();
    const body = { content: { type: 'text', text: 'Still here' } } as const;
    const by = population.as(VICTIM);
    const own = [
      process.changeProfile({ displayName: 'Nobody' }, by),
      process.renameDevice({ deviceId, name: 'Nothing' }, by),
      process.createGroup({ conversationId: fresh() as ConversationId, title: 'Ghosts', accountIds }, by),
      process.addMember({ conversationId: owned.conversationId, accountId: population.people[5]!.accountId }, by),
      process.leaveConversation({ conversationId }, by),
      process.sendMessage({ conversationId, messageId: fresh() as MessageId, body }, by),
      process.removeMessage({ conversationId, messageId: fresh() as MessageId }, by),
      process.markRead({ conversationId, seq: 1 }, by),
      process.confirmReceived({ delivered: [{ conversationId, seq: 1 }] }, by),
    ];
    expect((await Promise.all(own)).map((result) => refusalOf(result))).toEqual(own.map(() => 'AccountErased'));
    const owner = population.as(room.members[0]!);
    const about = [
      process.createDirect({ accountId: accountIds[0]! }, by),
      process.createDirect({ accountId }, owner),
      process.createGroup({ conversationId: fresh() as ConversationId, title: 'Ghosts', accountIds: [accountId] }, owner),
      process.addMember({ conversationId, accountId }, owner),
    ];
    expect((await Promise.all(about)).map((result) => refusalOf(result))).toEqual(about.map(() => 'AccountNotFound'));
    expect(await stores.ports.eventStore.headPosition()).toBe(before);
  });

  it('others go on, and a rebuild gives what they were shown live', async () => {
    for (const { conversationId, members: people } of population.rooms) {
      const writer = people.find((person) => person !== VICTIM)!;
      await population.post(writer, { conversationId, members: people.filter((person) => person !== VICTIM) }, 'Life goes on');
    }
    await stores.project();
    const live = await Promise.all(OTHERS.map(answersFor));
    await stores.project('nothing');
    expect(await Promise.all(OTHERS.map(answersFor))).toEqual(live);
    expect(await look()).toEqual([]);
  });

  it('no byte of any file holds what joined the conversations, or a trace of the keys', async () => {
    const marks = [...locators, ...spelled(handle)];
    files = await stores.shut();
    expect([...files.keys()]).toEqual(expect.arrayContaining(['events.sqlite', 'keys.sqlite', 'accounts.sqlite', 'read.sqlite']));
    for (const mark of marks) {
      const where = [...files].filter(([, bytes]) => bytes.includes(mark)).map(([file]) => file);
      expect(where).toEqual([]);
    }
    const keysFile = [...files].filter(([file]) => file.startsWith('keys.'));
    for (const [, bytes] of keysFile) for (const id of spelled(victim().accountId)) expect(bytes.includes(id)).toBe(false);
  });
});

/** An id as text and as its bytes. */
const spelled = (id: string): Buffer[] => [Buffer.from(id), Buffer.from(id.replaceAll('-', ''), 'hex')];
