/** Group commit: what is committed together, and what callers are told when a commit fails. Failures are those of a connection that fails. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import Database from 'better-sqlite3';
import { EVENTS_SCHEMA } from '../../src/adapters/sqlite/events-schema.js';
import { type Connection, openSqliteDatabase } from '../../src/adapters/sqlite/sqlite-database.js';
import { SqliteEventStore } from '../../src/adapters/sqlite/sqlite-event-store.js';
import { SqliteWriter } from '../../src/adapters/sqlite/sqlite-writer.js';
import type { EventStore } from '../../src/application/ports/event-store.js';
import { OutcomeUnknown, Unavailable } from '../../src/application/ports/failures.js';
import { EventsFolder } from '../support/events-folder.js';
import { newEvent, newEvents, newStream, untilKnown, write } from '../support/new-events.js';

/** A connection that counts commits, and whose next commit can be made to fail with a code: having written nothing, or all. */
class Fallible {
  commits = 0;
  nextFailure: string | undefined;
  readonly connection: Connection;

  constructor(real: Connection) {
    const fallible = this;
    this.connection = new Proxy(real, {
      get(target, name) {
        if (name === 'prepare')
          return (sql: string) => (sql === 'COMMIT' ? { run: () => fallible.commit(target) } : target.prepare(sql));
        const value = Reflect.get(target, name, target);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  }

  private commit(real: Connection): void {
    const code = this.nextFailure;
    this.nextFailure = undefined;
    if (code === 'committed') {
      real.exec('COMMIT');
      throw new Database.SqliteError('the answer was lost', 'SQLITE_IOERR');
    }
    if (code === undefined) {
      this.commits += 1;
      real.exec('COMMIT');
      return;
    }
    if (code !== 'SQLITE_BUSY') real.exec('ROLLBACK');
    throw new Database.SqliteError('the commit failed', code);
  }
}

describe('SqliteWriter', () => {
  let folder: EventsFolder;
  let fallible: Fallible;
  let store: SqliteEventStore;
  beforeEach(async () => {
    folder = await EventsFolder.make();
    fallible = new Fallible(openSqliteDatabase(folder.file, EVENTS_SCHEMA));
    store = new SqliteEventStore(new SqliteWriter(fallible.connection));
  });
  afterEach(async () => {
    store.close();
    await folder.remove();
  });

  const failed = async (calls: readonly Promise<unknown>[]): Promise<unknown[]> =>
    (await Promise.allSettled(calls)).map((settled) => (settled.status === 'rejected' ? settled.reason : settled.value));

  const idsIn = async (from: EventStore): Promise<string[]> => (await from.readAll(0, 1_000)).map(({ id }) => id);

  it('commits together what was asked for at the same time, and nothing alone that need not be', async () => {
    await Promise.all(Array.from({ length: 300 }, () => store.append([write(newStream(), 'no-stream')])));
    expect(fallible.commits).toBe(1);
    await store.append([write(newStream(), 'no-stream')]);
    expect(fallible.commits).toBe(2);
  });

  it('bounds what one commit carries', async () => {
    const large = () => [newEvent({ data: JSON.stringify('x'.repeat(700_000)) })];
    await Promise.all(Array.from({ length: 7 }, () => store.append([write(newStream(), 'no-stream', large())])));
    expect(fallible.commits).toBe(4);
  });

  for (const code of ['SQLITE_BUSY', 'SQLITE_FULL']) {
    it(`tells everybody \`Unavailable\` when the commit met ${code}, and goes on as if nothing had been asked`, async () => {
      const stream = newStream();
      const first = write(stream, 'no-stream', newEvents(2));
      await store.append([first]);
      fallible.nextFailure = code;
      const other = newStream();
      const outcomes = await failed([
        store.append([write(stream, 1), write(other, 'no-stream')]),
        store.append([write(other, 0)]),
      ]);
      expect(outcomes.every((outcome) => outcome instanceof Unavailable)).toBe(true);
      expect((outcomes[0] as Error).cause).toMatchObject({ code });
      expect(await store.readStream(other, 0, 1)).toEqual({ status: 'absent' });
      expect(await store.append([write(stream, 1), write(other, 'no-stream')])).toMatchObject([
        { outcome: 'appended', revision: 2, position: 3 },
        { outcome: 'appended', revision: 0, position: 4 },
      ]);
    });
  }

  it('tells `OutcomeUnknown` when the commit may have reached the disk; a resend then gets the one outcome', async () => {
    const stream = newStream();
    for (let round = 0; round < 3; round += 1) {
      fallible.nextFailure = 'SQLITE_IOERR_FSYNC';
      const next = write(stream, round - 1, newEvents(1));
      const [unknown] = await failed([store.append([next])]);
      expect(unknown).toBeInstanceOf(OutcomeUnknown);
      expect(await untilKnown(() => store.append([next]))).toMatchObject([{ outcome: 'appended', revision: round }]);
    }
    expect(await idsIn(store)).toHaveLength(3);
  });

  it('does not go on when the log holds what was reported as failed', async () => {
    fallible.nextFailure = 'committed';
    const append = failed([store.append([write(newStream(), 'no-stream')])]);
    expect(() => store.close()).toThrow('start again');
    expect((await append)[0]).toBeInstanceOf(OutcomeUnknown);
    expect(await idsIn(folder.open())).toHaveLength(1);
  });

  it('undoes a removal that was not committed', async () => {
    const stream = newStream();
    await store.append([write(stream, 'no-stream', newEvents(2))]);
    const before = await store.readStream(stream, 0, 9);
    fallible.nextFailure = 'SQLITE_FULL';
    const { id, recordedAt, feedKey, correlationId } = newEvent();
    const [failure] = await failed([store.remove(stream, 1, { id, recordedAt, feedKey, correlationId })]);
    expect(failure).toBeInstanceOf(Unavailable);
    expect(await store.readStream(stream, 0, 9)).toEqual(before);
    expect(await store.append([write(stream, 1)])).toMatchObject([{ outcome: 'appended', revision: 2 }]);
  });

  it('stays right through failures in the middle of sealing and merging', async () => {
    store.close();
    fallible = new Fallible(openSqliteDatabase(folder.file, EVENTS_SCHEMA));
    store = new SqliteEventStore(new SqliteWriter(fallible.connection), { segmentEvents: 300, segmentsPerLevel: 2 });
    const stream = newStream();
    let revision = -1;
    for (let round = 0; round < 400; round += 1) {
      const writes = [write(stream, revision, newEvents(3)), write(newStream(), 'no-stream')];
      if (round % 3 === 0) {
        fallible.nextFailure = 'SQLITE_FULL';
        await failed([store.append(writes)]);
      }
      await store.append(writes);
      revision += 3;
    }
    store.close();
    store = folder.open({ segmentEvents: 300, segmentsPerLevel: 2 });
    const all = await store.readAll(0, 10_000);
    for (const [name, events] of Map.groupBy(all, ({ stream: of }) => of)) {
      expect(await store.readStream(name, 0, 10_000)).toEqual({ status: 'found', events, head: events.length - 1 });
    }
    expect(all).toHaveLength(1_600);
  });

  it('recovers from a full disk without a restart', async () => {
    const pages = fallible.connection.pragma('page_count', { simple: true }) as number;
    fallible.connection.pragma(`max_page_count = ${pages + 4}`);
    const large = () => [newEvent({ data: JSON.stringify('x'.repeat(40_000)) })];
    const stream = newStream();
    const outcomes = await failed([store.append([write(stream, 'no-stream', large()), write(stream, 0, large())])]);
    expect(outcomes[0]).toBeInstanceOf(Unavailable);
    expect(await store.readAll(0, 9)).toEqual([]);
    fallible.connection.pragma('max_page_count = 1000000');
    expect(await store.append([write(stream, 'no-stream', large())])).toMatchObject([{ outcome: 'appended', revision: 0 }]);
  });

  it('refuses what comes after it was closed', async () => {
    store.close();
    await expect(store.append([write(newStream(), 'no-stream')])).rejects.toBeInstanceOf(Unavailable);
  });
});
