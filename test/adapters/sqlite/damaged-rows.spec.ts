/**
 * Goal: a value that changed on the disk is never answered. Method: each table is changed behind its adapter's back, one
 * column at a time, and read again; a file of the form before checksums is refused.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import Database from 'better-sqlite3';
import { EVENTS_SCHEMA } from '../../../src/adapters/sqlite/events-schema.js';
import { rowChecksum } from '../../../src/adapters/sqlite/row-checksum.js';
import { SqliteCredentials } from '../../../src/adapters/sqlite/sqlite-credentials.js';
import { openSqliteDatabase } from '../../../src/adapters/sqlite/sqlite-database.js';
import { SqliteDirectory } from '../../../src/adapters/sqlite/sqlite-directory.js';
import { SqliteProjectionWriter } from '../../../src/adapters/sqlite/sqlite-projection-writer.js';
import { SqliteRateLimiter } from '../../../src/adapters/sqlite/sqlite-rate-limiter.js';
import { SqliteSubjectKeys } from '../../../src/adapters/sqlite/sqlite-subject-keys.js';
import { SqliteViews } from '../../../src/adapters/sqlite/sqlite-views.js';
import { StartRefused } from '../../../src/application/ports/failures.js';
import type { AccountId, DeviceId, VerificationId } from '../../../src/domain/kernel/ids.js';
import { instant, later } from '../../../src/domain/kernel/instant.js';
import { AccountsFile } from '../../support/accounts-file.js';
import { CountingIdSource } from '../../support/counting-id-source.js';
import { openEmbeddedStores } from '../../support/embedded-stores.js';
import { applyBooks, at, books, EXAMPLES, put } from '../../support/example-views.js';
import { KeyStoreFile } from '../../support/key-store-file.js';
import { TestClock } from '../../support/test-clock.js';

const NOW = instant(Date.UTC(2031, 4, 6));
const BOOK = { shelf: 'a', place: 1, author: 'mo', title: 'One', marks: [] };

describe('a row checksum', () => {
  it('tells values, kinds and borders apart', () => {
    const rows = [['ab', 'c'], ['a', 'bc'], ['abc'], [1, 2], [12], ['1', 2], [null, 'a'], ['a', null], [Buffer.from('a')], ['a']];
    expect(new Set(rows.map(rowChecksum)).size).toBe(rows.length);
  });
});

/**
 * What a changed bit makes of these is refused at the start, or asks for the same again. `view_tables` says what may be
 * swept; which table a view has is said by the registry, which has checksums, and nothing that stands there is swept.
 */
const WITHOUT = ['settings', 'destruction_sequence', 'buckets', 'view_tables'];

describe('every table', () => {
  it('has a checksum in each row, or stands in the list of those that need none', async () => {
    const stores = await openEmbeddedStores();
    const tables = Object.values(stores.connections).flatMap((connection) => {
      const names = connection.prepare<[], string>("SELECT name FROM sqlite_schema WHERE type = 'table'").pluck().all();
      const columnsOf = (name: string) => (connection.pragma(`table_info("${name}")`) as { name: string }[]).map((of) => of.name);
      return names.filter((name) => !columnsOf(name).some((column) => /^\$?checksum$/.test(column)));
    });
    await stores.shut();
    expect(tables.sort()).toEqual([...WITHOUT].sort());
  });
});

describe('a damaged row', () => {
  const ids = new CountingIdSource('damaged');
  let file: AccountsFile;
  beforeEach(async () => {
    file = await AccountsFile.make();
  });
  afterEach(() => file.close());

  const owner = { accountId: ids.uuid() as AccountId, deviceId: ids.uuid() as DeviceId };

  it.each([
    'account_id = replace(account_id, substr(account_id, 1, 1), char(unicode(account_id) + 1))',
    "family_id = CAST(x'00' || substr(family_id, 2) AS BLOB)",
    'generation = generation + 1',
    'rotated_at = rotated_at - 1',
    'ends_at = ends_at + 1',
    'ended = 1 - ended',
  ])('of refresh families is not believed: %s', async (damage) => {
    const connection = file.connect();
    const credentials = new SqliteCredentials(connection, Buffer.alloc(32, 2), ids);
    await credentials.issueRefresh(owner, NOW);
    expect(await credentials.isLive(owner.deviceId, NOW)).toBe(true);
    connection.exec(`UPDATE refresh_families SET ${damage}`);
    await expect(credentials.isLive(owner.deviceId, NOW)).rejects.toThrow('damaged');
  });

  it('of verifications, tickets, identifiers and limits is not believed', async () => {
    const connection = file.connect();
    const credentials = new SqliteCredentials(connection, Buffer.alloc(32, 2), ids);
    const directory = new SqliteDirectory(connection, Buffer.alloc(32, 1));
    const limiter = new SqliteRateLimiter(connection, Buffer.alloc(32, 3));
    const identifier = { kind: 'phone', value: '+15551234567' } as const;
    const verificationId = ids.uuid() as VerificationId;
    const limit = { name: 'codes', max: 3, windowMs: 60_000 };
    await credentials.openVerification(verificationId, identifier, '123456', later(NOW, 600_000));
    const ticket = await credentials.issueTicket(owner, undefined, NOW);
    await directory.reserve(identifier, owner.accountId);
    await limiter.take(limit, 'key', NOW);
    connection.exec('UPDATE verifications SET wrong_tries = 0 - 9');
    connection.exec("UPDATE socket_tickets SET account_id = 'x'");
    connection.exec("UPDATE directory_entries SET account_id = 'x'");
    connection.exec('UPDATE rate_windows SET taken = 0');
    const spend = { verificationId, code: '123456', deviceKey: 'key', proposed: owner, at: NOW };
    await expect(credentials.spendCode(spend)).rejects.toThrow('damaged');
    await expect(credentials.takeTicket(ticket, undefined, NOW)).rejects.toThrow('damaged');
    await expect(directory.find(identifier)).rejects.toThrow('damaged');
    await expect(limiter.take(limit, 'key', NOW)).rejects.toThrow('damaged');
  });

  it('of key rings and locators is not believed', async () => {
    const store = await KeyStoreFile.make();
    try {
      const ring = ids.uuid() as AccountId;
      const opened = async () => SqliteSubjectKeys.open(store.connect(), await store.rootKeys(), new TestClock());
      const request = {
        subject: ring,
        scope: 'profile',
        context: 'c',
        eventType: 'E',
        eventId: ids.uuid(),
        fieldPath: 'f',
      } as const;
      const keys = await opened();
      await keys.register(ring);
      const [sealed] = await keys.seal([{ ...request, value: 1, padded: false } as never]);
      if (typeof sealed === 'string' || sealed === undefined) throw new Error('It was not sealed.');
      store.connect().exec("UPDATE locators SET context = 'd'");
      await expect((await opened()).open([sealed])).rejects.toThrow('damaged');
      store.connect().exec('UPDATE rings SET fenced = 1');
      await expect(opened()).rejects.toThrow('damaged');
    } finally {
      await store.close();
    }
  });

  it('of a view is not believed, by its key or in a page', async () => {
    const connection = new Database(':memory:');
    await applyBooks(new SqliteProjectionWriter(connection, EXAMPLES), 5, at(5, put(BOOK)));
    const views = new SqliteViews(connection, EXAMPLES);
    connection.exec(`UPDATE "${books.name}" SET "$doc" = replace("$doc", 'One', 'Oma')`);
    await expect(views.get(books, [BOOK])).rejects.toThrow('damaged');
    await expect(views.page(books, { equal: {}, limit: 1 })).rejects.toThrow('damaged');
    connection.close();
  });
});

describe('a checkpoint', () => {
  it('that was damaged moves no consumer and no view on', async () => {
    const stores = await openEmbeddedStores();
    const { events, read } = stores.connections;
    await stores.ports.eventFeed.commit('consumer', 7);
    events.exec('UPDATE checkpoints SET position = 8');
    await expect(stores.ports.eventFeed.committed('consumer')).rejects.toThrow('damaged');
    read.exec('UPDATE projections SET checkpoint = 8');
    await expect(stores.project()).rejects.toThrow('damaged');
    await stores.shut();
  });
});

describe('a file from before the checksums', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sottovoce-test-old-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('is refused in one clear line', () => {
    const path = join(folder, 'old.sqlite');
    const old = new Database(path);
    old.exec('CREATE TABLE events (position INTEGER PRIMARY KEY) STRICT; PRAGMA user_version = 1');
    old.exec('CREATE TABLE directory_entries (identifier_hash BLOB PRIMARY KEY, account_id TEXT NOT NULL) STRICT');
    expect(() => openSqliteDatabase(path, EVENTS_SCHEMA)).toThrow(StartRefused);
    expect(() => openSqliteDatabase(path, EVENTS_SCHEMA)).toThrow(/before the first release.*start with new folders/);
    expect(() => new SqliteDirectory(old, Buffer.alloc(32, 1))).toThrow(/before the first release/);
    old.close();
  });
});
