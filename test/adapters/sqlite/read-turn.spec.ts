/**
 * Goal: reads of one turn of the event loop share a transaction, and nothing that is written is held back by it or lost in it.
 * Method: views and writer over one connection, and a look at its transaction between the steps.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import Database from 'better-sqlite3';
import { SqliteProjectionWriter } from '../../../src/adapters/sqlite/sqlite-projection-writer.js';
import { SqliteViewBuilds } from '../../../src/adapters/sqlite/sqlite-view-builds.js';
import { SqliteViews } from '../../../src/adapters/sqlite/sqlite-views.js';
import { ViewTables } from '../../../src/adapters/sqlite/view-tables.js';
import { applyBooks, at, bookAt, books, EXAMPLES, put, shelves } from '../../support/example-views.js';

const BOOK = { shelf: 'a', place: 1, author: 'mo', title: 'One', marks: [] };
/** Everything goes on that waits for nothing outside of this process's own promises. */
const withinTheTurn = async () => {
  for (let at = 0; at < 50; at += 1) await Promise.resolve();
};
const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

describe('reads of one turn', () => {
  let connection: Database.Database;
  let views: SqliteViews;
  let writer: SqliteProjectionWriter;
  let builds: SqliteViewBuilds;
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'read-turn-'));
    connection = new Database(join(folder, 'read.sqlite'));
    const tables = new ViewTables(connection, EXAMPLES);
    writer = new SqliteProjectionWriter(connection, EXAMPLES, tables);
    views = new SqliteViews(connection, EXAMPLES, tables);
    builds = new SqliteViewBuilds(connection, tables);
    await applyBooks(writer, 5, at(5, put(BOOK)));
  });
  afterEach(async () => {
    connection.close();
    await rm(folder, { recursive: true });
  });

  it('are one transaction, which ends with the turn', async () => {
    expect(connection.inTransaction).toBe(false);
    await views.position(books);
    expect(connection.inTransaction).toBe(true);
    await bookAt(views, 'a', 1);
    expect(connection.inTransaction).toBe(true);
    await nextTurn();
    expect(connection.inTransaction).toBe(false);
  });

  it('see what was written within the turn, and hold none of it back', async () => {
    await bookAt(views, 'a', 1);
    await applyBooks(writer, 6, at(6, put({ ...BOOK, title: 'Two' })));
    expect(connection.inTransaction).toBe(false);
    expect(await bookAt(views, 'a', 1)).toMatchObject({ title: 'Two' });
    await nextTurn();
    expect(await bookAt(views, 'a', 1)).toMatchObject({ title: 'Two' });
  });

  it('are ended by everything that writes', async () => {
    const empty = await builds.begin(books, { pace: 'alone', documents: 1 });
    const begun = await builds.begin(books, { pace: 'alone', documents: 1 });
    const writes: Readonly<Record<string, () => Promise<unknown>>> = {
      'a batch': () => applyBooks(writer, 6, at(6, put(BOOK))),
      'a forgetting': () => writer.forget(books, 'byAuthor', { author: 'mo' }),
      'the indexes of a build': async () => (await empty.standing()).close(),
      'a build in small parts': () => builds.begin(shelves, { pace: 'served', documents: 1 }),
      'a batch of a build': async () => {
        await applyBooks(begun.writer, 5, at(5, put(BOOK)));
        const standing = await begun.standing();
        await standing.close();
      },
      'a build that starts anew': () => begun.writer.clear(books),
      'a switch': () => begun.switch(),
      'a build that is given up': () => empty.discard(),
      'a sweep': () => builds.sweep(),
      'a clearing': () => writer.clear(books),
    };
    for (const [what, write] of Object.entries(writes)) {
      await views.position(books);
      expect([what, connection.inTransaction]).toEqual([what, true]);
      const written = write();
      await withinTheTurn();
      expect([what, connection.inTransaction]).toEqual([what, false]);
      await written;
    }
  });

  it('end with a connection that is closed, and after an error that ended their transaction', async () => {
    await views.position(books);
    connection.exec('ROLLBACK');
    await nextTurn();
    await applyBooks(writer, 6, at(6, put({ ...BOOK, title: 'Two' })));
    await views.position(books);
    connection.close();
    await nextTurn();
    expect(connection.open).toBe(false);
  });
});
