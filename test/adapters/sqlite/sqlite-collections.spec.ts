/**
 * Goal: tables follow their declarations, views outlive the process, and no question of the read side scans or sorts.
 * Method: a file opened again and again; the query plan of every statement that a whole round of questions prepares.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import Database from 'better-sqlite3';
import { SqliteProjectionWriter } from '../../../src/adapters/sqlite/sqlite-projection-writer.js';
import { SqliteViews } from '../../../src/adapters/sqlite/sqlite-views.js';
import { Unavailable } from '../../../src/application/ports/failures.js';
import type { AccountId } from '../../../src/domain/kernel/ids.js';
import { factsSince } from '../../../src/projections/facts-since.js';
import type { Shape } from '../../../src/projections/kernel/collection.js';
import { allCollections } from '../../../src/projections/projections.js';
import { allAnswers, SMALL } from '../../support/all-answers.js';
import { applyBooks, at, bookAt, books, EXAMPLES, put, shelves } from '../../support/example-views.js';
import { fakeKeys } from '../../support/fake-keys.js';
import { bodiesIn, build, IN_ORDER } from '../../support/feeding.js';
import { asker, told } from '../../support/story.js';

const BOOK = { shelf: 'a', place: 1, author: 'mo', title: 'One', marks: [{ page: 1, by: 'lu' }] } as const;

describe('a file of views', () => {
  let folder: string;
  const connections: Database.Database[] = [];

  const open = (shapes: readonly Shape[] = EXAMPLES) => {
    const connection = new Database(join(folder, 'read.sqlite'));
    connections.push(connection);
    const writer = new SqliteProjectionWriter(connection, shapes);
    return { connection, writer, views: new SqliteViews(connection, shapes) };
  };

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'views-'));
    await applyBooks(open().writer, 5, at(5, put(BOOK)));
  });
  afterEach(async () => {
    for (const connection of connections.splice(0)) connection.close();
    await rm(folder, { recursive: true });
  });

  it('keeps documents and checkpoint for the next process', async () => {
    const { views, writer } = open();
    expect(await bookAt(views, 'a', 1)).toEqual(BOOK);
    expect(await writer.checkpoint(books)).toBe(5);
  });

  it('builds a collection anew whose declared shape has changed, and leaves the others', async () => {
    await open().writer.apply([{ collection: shelves, writes: [] }], 7);
    const changed = {
      ...books,
      indexes: { ...books.indexes, byTitle: ['title'] },
      fields: { ...books.fields, title: 'text' as const },
    };
    const { views, writer } = open([changed, shelves]);
    expect([await writer.checkpoint(changed), await writer.checkpoint(shelves)]).toEqual([0, 7]);
    expect(await bookAt(views, 'a', 1)).toBeUndefined();
  });

  it('drops a collection that is declared no more', async () => {
    const { connection } = open([shelves]);
    const tables = connection.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").pluck().all();
    expect(tables.sort()).toEqual(['projections', 'shelves.v1', 'view_tables']);
    expect(await open().writer.checkpoint(books)).toBe(0);
  });

  it('is `Unavailable` when the database fails, and refuses a view that nobody declared', async () => {
    const { views, writer, connection } = open([shelves]);
    await expect(bookAt(views, 'a', 1)).rejects.toThrow('There is no view books.v1');
    await expect(applyBooks(writer, 9)).rejects.toThrow('There is no view books.v1');
    connection.close();
    await expect(views.get(shelves, [{ shelf: 'a' }])).rejects.toThrow(Unavailable);
    await expect(writer.apply([{ collection: shelves, writes: [] }], 9)).rejects.toThrow(Unavailable);
  });
});

describe('the questions of the read side', () => {
  it('are answered from a key or an index, without a scan and without sorting', async () => {
    const prepared = new Set<string>();
    class Listening extends Database {
      override prepare: Database.Database['prepare'] = (source) => {
        prepared.add(source);
        return super.prepare(source) as never;
      };
    }
    const connection = new Listening(':memory:');
    const writer = new SqliteProjectionWriter(connection, allCollections);
    const history = told(
      ['group', 'ada', { whom: 'bea' }],
      ...Array.from({ length: 9 }, () => ['post', 'ada'] as const),
      ['remove-message', 'ada'],
      ['drop-message', 'ada'],
      ['read', 'bea', { which: 4 }],
      ['leave', 'ada'],
      ['link', 'bea'],
    );
    const keys = fakeKeys();
    await build(writer, { log: history.log, bodies: bodiesIn(history.log, () => false), keys }, IN_ORDER);
    const views = new SqliteViews(connection, allCollections);
    await allAnswers(views, history, keys);
    await factsSince(views, asker('bea'), { after: history.log[10]!.meta.position }, { ...SMALL, factsMax: 2 });
    const questions = [...prepared].filter(
      (sql) => /^SELECT/.test(sql) && /"(?:conversation|receipts|accounts|devices)/.test(sql),
    );
    expect(questions.length).toBeGreaterThan(15);
    const plans = questions.map((sql) => {
      const plan = connection.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...Array.from(sql.matchAll(/\?/g), () => 1)) as {
        detail: string;
      }[];
      return [sql, plan.map(({ detail }) => detail).join('; ')] as const;
    });
    expect(plans.filter(([, plan]) => /SCAN|TEMP B-TREE/.test(plan))).toEqual([]);
    connection.close();
  });

  it('hold no account and no clear text of a person in the file', async () => {
    const connection = new Database(':memory:');
    const writer = new SqliteProjectionWriter(connection, allCollections);
    const history = told(['group', 'ada', { whom: 'bea' }], ['post', 'ada']);
    await build(writer, { log: history.log, bodies: bodiesIn(history.log, () => false), keys: fakeKeys() }, IN_ORDER);
    const members = connection.prepare('SELECT * FROM "conversation-members.v1"').all() as Record<string, unknown>[];
    expect(members).toHaveLength(2);
    const stored = JSON.stringify(members.map(({ memberId: _, handle: __, ...rest }) => rest)).replaceAll(
      /\\*"sealed\\*":\\*"\{.*?\}\\*"/g,
      '',
    );
    expect(stored).not.toContain('ada' as AccountId);
    connection.close();
  });
});
