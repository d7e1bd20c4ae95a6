/**
 * Goal: `verify` finds whatever is not as it was written and says where, lets pass what an erasure or a server beside it
 * does, and changes nothing. Method: a short history in three stages, and a copy of its folders for each harm.
 */
import { createHash } from 'node:crypto';
import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import Database from 'better-sqlite3';
import { rowChecksum, type SqlValue } from '../../src/adapters/sqlite/row-checksum.js';
import type { AccountId } from '../../src/domain/kernel/ids.js';
import type { Finding, Folders } from '../../src/inspection.js';
import { verify } from '../../src/verification.js';
import { type AppUnderTest, openApp } from '../support/app-under-test.js';
import { Person } from '../support/person.js';
import { until } from '../support/until.js';

/** After the first message; after some more; after all of them, one removed; after one of the two was erased. */
type Stage = 'first' | 'early' | 'late' | 'erased';

let scratch: string;
let copies = 0;
let ada: Person;
let ben: Person;
let conversationId: string;

const foldersOf = (folder: string): Folders => ({ data: join(folder, 'data'), keys: join(folder, 'keys') });
const notOk = (findings: readonly Finding[]) => findings.filter(({ verdict }) => verdict !== 'ok');
const sawOf = (findings: readonly Finding[], check: string) => findings.find((one) => one.check === check)?.saw;

async function viewsUp({ server, foundation }: AppUnderTest): Promise<void> {
  const head = await foundation.deps.eventStore.headPosition();
  expect(await server.processes.projector.waitFor(head, 5_000)).toBe('reached');
}

async function keep(app: AppUnderTest, stage: Stage): Promise<void> {
  await viewsUp(app);
  await app.server.stop();
  await cp(app.folder, join(scratch, stage), { recursive: true });
}

async function copyOf(stage: Stage): Promise<Folders> {
  copies += 1;
  const copy = join(scratch, `copy-${copies}`);
  await cp(join(scratch, stage), copy, { recursive: true });
  return foldersOf(copy);
}

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'sottovoce-test-verify-'));
  let app = await openApp({}, join(scratch, 'life'));
  [ada, ben] = [await Person.signIn(app), await Person.signIn(app)];
  conversationId = await ada.directWith(ben);
  await ada.send(conversationId, 'one');
  await keep(app, 'first');

  app = await openApp({}, app.folder);
  for (const text of ['two', 'three']) await ada.at(app).send(conversationId, text);
  await ben.at(app).send(conversationId, 'four');
  await keep(app, 'early');

  app = await openApp({}, app.folder);
  const messageId = crypto.randomUUID();
  await ada.at(app).send(conversationId, 'to be removed', messageId);
  const path = `/v1/conversations/${conversationId}/messages/${messageId}`;
  expect((await ada.at(app).call('DELETE', path)).status).toBe(204);
  const isGone = async () => (await app.foundation.deps.eventStore.readStream(`message-${messageId}`, 0, 1)).status === 'removed';
  await until('the content is purged', isGone);
  await ben.at(app).send(conversationId, 'the last');
  await keep(app, 'late');

  app = await openApp({}, app.folder);
  await app.foundation.deps.keys.destroy(ben.accountId as AccountId);
  await keep(app, 'erased');
});
afterAll(() => rm(scratch, { recursive: true, force: true }));

function changing<Value>(data: string, file: string, change: (database: Database.Database) => Value): Value {
  const database = new Database(join(data, file));
  try {
    return change(database);
  } finally {
    database.close();
  }
}

type Row = Record<string, SqlValue>;

/** Writes a row again as somebody would who knows of checksums; `false` leaves the old one. */
function rewrite(data: string, file: string, table: string, where: string, change: (row: Row) => void, isChecked = true): void {
  changing(data, file, (database) => {
    const row = database.prepare(`SELECT * FROM "${table}" WHERE ${where} LIMIT 1`).get() as Row;
    const checksum = Object.keys(row).find((name) => name.endsWith('checksum'))!;
    database.prepare(`DELETE FROM "${table}" WHERE ${where} AND "${checksum}" = ?`).run(row[checksum]);
    change(row);
    const { [checksum]: old, ...values } = row;
    const sum = isChecked ? rowChecksum(Object.values(values)) : old;
    const marks = Object.keys(row).map(() => '?');
    database.prepare(`INSERT INTO "${table}" VALUES (${marks.join(', ')})`).run(...Object.values(values), sum);
  });
}

const TIMELINE = 'conversation-timeline.v1';
const POST = `revision = 3 AND "$doc" IS NOT NULL`;
const body = (row: Row): { sealed: string } => JSON.parse(row.data as string).body;
const withBody = (row: Row, sealed: string): void => {
  row.data = JSON.stringify({ ...JSON.parse(row.data as string), body: { sealed } });
};
/** Another letter near the end, where the sealed bytes stand. */
const altered = (sealed: string): string => `${sealed.slice(0, -9)}${sealed.at(-9) === 'A' ? 'B' : 'A'}${sealed.slice(-8)}`;

describe('verify', () => {
  it.each<Stage>(['early', 'late'])('finds a whole store whole: %s', async (stage) => {
    const findings = await verify(await copyOf(stage));
    expect(notOk(findings)).toEqual([]);
    expect(sawOf(findings, 'sealed values')).toMatch(/^[1-9]\d* open, 0 are of erased subjects$/);
    expect(sawOf(findings, `view ${TIMELINE}`)).toMatch(/^[1-9]\d* rows, as the log has them, at position [1-9]\d*$/);
  });

  it('passes beside a server in which people talk', async () => {
    const app = await openApp();
    const [one, other] = [await Person.signIn(app), await Person.signIn(app)];
    const id = await one.directWith(other);
    let isOver = false;
    const talk = async (): Promise<number> => {
      let sent = 0;
      for (; !isOver; sent += 1) {
        const messageId = crypto.randomUUID();
        await one.send(id, 'on and on', messageId);
        if (sent % 100 === 0) await one.call('DELETE', `/v1/conversations/${id}/messages/${messageId}`);
      }
      return sent;
    };
    const talking = talk();
    for (let times = 0; times < 5; times += 1) expect(notOk(await verify(foldersOf(app.folder)))).toEqual([]);
    isOver = true;
    expect(await talking).toBeGreaterThan(0);
    await app.close();
  });

  it('counts what an erasure took, and misses nothing else for it', async () => {
    const findings = await verify(await copyOf('erased'));
    expect(notOk(findings)).toEqual([]);
    const [, erased] = /, (\d+) are of erased subjects$/.exec(sawOf(findings, 'sealed values') ?? '') ?? [];
    expect(Number(erased)).toBeGreaterThanOrEqual(4);
  });

  it('changes no file, and finishes no destruction that was cut short', async () => {
    const folders = await copyOf('erased');
    const ending = `rings-${'0'.repeat(16)}-1-1`;
    changing(folders.data, 'keys.sqlite', (keys) =>
      keys.prepare('INSERT INTO unfinished_destructions VALUES (?, ?)').run(ending, rowChecksum([ending])),
    );
    const lie = async (): Promise<Record<string, string>> => {
      const found: Record<string, string> = {};
      for (const folder of Object.values(folders)) {
        for (const name of await readdir(folder)) {
          const isOfReaders = /-shm$|-wal$/.test(name);
          const bytes = isOfReaders || name === 'dev-codes' ? '' : await readFile(join(folder, name));
          if (!isOfReaders) found[name] = createHash('sha256').update(bytes).digest('hex');
        }
      }
      return found;
    };
    const before = await lie();
    expect(notOk(await verify(folders))).toEqual([]);
    expect(await lie()).toEqual(before);
  });

  it('tells how far it is', async () => {
    const told: string[] = [];
    await verify(await copyOf('late'), (step) => void told.push(step));
    expect(told.filter((step) => /^sealed values, \d+ of \d+$/.test(step)).length).toBeGreaterThan(0);
    expect(told).toContain(`view ${TIMELINE}`);
  });
});

describe('verify reports', () => {
  const problemsAfter = async (
    harm: (folders: Folders) => void | Promise<void>,
    stage: Stage = 'late',
  ): Promise<readonly Finding[]> => {
    const folders = await copyOf(stage);
    await harm(folders);
    const bad = notOk(await verify(folders));
    expect(bad.filter(({ toDo }) => toDo === undefined)).toEqual([]);
    return bad;
  };

  it('a sealed value that was altered, moved, or put there without a seal', async () => {
    const content = `type = 'MessageComposed'`;
    const harms: [RegExp, (row: Row, other: Row) => void][] = [
      [/body of MessageComposed in message-\S+, revision 0: altered/, (row) => withBody(row, altered(body(row).sealed))],
      [/: moved/, (row, other) => withBody(row, body(other).sealed)],
      [/: not sealed/, (row) => (row.data = JSON.stringify({ ...JSON.parse(row.data as string), body: { text: 'x' } }))],
    ];
    for (const [saw, harm] of harms) {
      const bad = await problemsAfter(({ data }) => {
        const other = changing(data, 'events.sqlite', (events) =>
          events.prepare(`SELECT * FROM events WHERE ${content} ORDER BY position DESC LIMIT 1`).get(),
        ) as Row;
        rewrite(data, 'events.sqlite', 'events', content, (row) => harm(row, other));
      });
      const seals = bad.find(({ check }) => check === 'sealed values');
      expect([seals?.verdict, seals?.saw]).toEqual(['fail', expect.stringMatching(saw)]);
    }
  });

  it.each([
    ['a ring', 'rings', 'true', /identifier of AccountRegistered in \S+, revision 0: key lost/],
    [
      'a key of a profile',
      'locators',
      `scope = 'profile' AND context NOT LIKE '%-%-%-%-%-%'`,
      /account of MemberAdded in conversation-\S+, revision \d: key lost/,
    ],
    [
      'a key of content',
      'locators',
      `scope = 'author'`,
      /^\d+ open, 0 are of .* body of MessageComposed in \S+, revision 0: key lost/,
    ],
  ])('%s that somebody lost who was not erased', async (_, table, where, saw) => {
    const bad = await problemsAfter(({ data }) =>
      changing(data, 'keys.sqlite', (keys) => void keys.exec(`DELETE FROM ${table} WHERE ${where}`)),
    );
    const seals = bad.find(({ check }) => check === 'sealed values');
    expect([seals?.verdict, seals?.saw]).toEqual(['fail', expect.stringMatching(saw)]);
  });

  it('a key that wraps rings and is not there', async () => {
    const bad = await problemsAfter(async ({ keys }) => {
      for (const name of await readdir(keys)) if (name.endsWith('.kek')) await rm(join(keys, name));
    });
    expect(bad).toEqual([expect.objectContaining({ check: 'key rings', verdict: 'fail' })]);
  });

  it('a folder of other keys', async () => {
    const bad = await problemsAfter(async ({ keys }) => rm(join(keys, 'root.key')));
    expect(bad).toEqual([expect.objectContaining({ check: 'keys', verdict: 'fail' })]);
  });

  it.each<[string, RegExp, (data: string) => void]>([
    [
      'a row that was altered, checksum and all',
      /1 rows are not as the log has them: \S+ 3 differs \(at\)/,
      (data) =>
        rewrite(data, 'read.sqlite', TIMELINE, POST, (row) => {
          row.$doc = JSON.stringify({ ...JSON.parse(row.$doc as string), at: 1 });
        }),
    ],
    [
      'a row whose last change was moved',
      /1 rows are not as the log has them: \S+ 3 differs \(\$position\)/,
      (data) => rewrite(data, 'read.sqlite', TIMELINE, POST, (row) => (row.$position = 99_999)),
    ],
    [
      'a row that is missing',
      /1 rows are not as the log has them: \S+ 3 is missing/,
      (data) => changing(data, 'read.sqlite', (views) => void views.exec(`DELETE FROM "${TIMELINE}" WHERE ${POST}`)),
    ],
    [
      'a row too many',
      /2 rows are not as the log has them: \S+ 3 is missing; \S+ 77 is too many/,
      (data) => rewrite(data, 'read.sqlite', TIMELINE, POST, (row) => (row.revision = 77)),
    ],
    [
      'a row that was altered beside its checksum',
      /cannot be read: A row of conversation-timeline\.v1 was damaged/,
      (data) => rewrite(data, 'read.sqlite', TIMELINE, POST, (row) => (row.seq = 77), false),
    ],
  ])('%s', async (_, saw, harm) => {
    const bad = await problemsAfter(({ data }) => harm(data));
    const view = bad.find(({ check }) => check === `view ${TIMELINE}`);
    expect([view?.verdict, view?.saw]).toEqual(['fail', expect.stringMatching(saw)]);
    expect(bad.filter(({ check }) => check.startsWith('view ') && check !== `view ${TIMELINE}`)).toEqual([]);
  });

  it('an event and a whole stream that went', async () => {
    const gone = `DELETE FROM events WHERE stream = (SELECT stream FROM events WHERE type = 'MessageComposed' LIMIT 1)`;
    const bad = await problemsAfter(({ data }) => void changing(data, 'events.sqlite', (events) => events.exec(gone)));
    expect(bad.map(({ check }) => check)).toEqual(['positions', 'contents']);
  });

  const withViewsOf =
    (stage: Stage) =>
    async ({ data }: Folders): Promise<void> => {
      await rm(join(data, 'read.sqlite'));
      await cp(join(scratch, stage, 'data', 'read.sqlite'), join(data, 'read.sqlite'));
    };

  it('how far views lag, and compares them as of where they are', async () => {
    const folders = await copyOf('early');
    await withViewsOf('first')(folders);
    const findings = await verify(folders);
    expect(notOk(findings)).toEqual([]);
    expect(sawOf(findings, `view ${TIMELINE}`)).toMatch(/^4 rows, as the log has them, at position \d+, [1-9]\d* events behind$/);
  });

  it('views that cannot be compared, because what they were made of was removed, and views that are not there', async () => {
    const bad = await problemsAfter(withViewsOf('early'));
    expect(bad).toEqual([expect.objectContaining({ check: 'views', verdict: 'warn' })]);
    expect(bad[0]?.saw).toMatch(/^not compared: they are [1-9]\d* events behind the log/);
    const none = await problemsAfter(({ data }) => rm(join(data, 'read.sqlite')));
    expect(none.map(({ check, verdict }) => [check.slice(0, 4), verdict])).toEqual(Array(6).fill(['view', 'warn']));
  });
});
