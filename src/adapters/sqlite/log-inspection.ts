/**
 * Looks into the files of a data folder from a process beside its server, reading only: numbers, names and lengths. Nothing
 * sealed is opened here, and there is no key with which it could be.
 */
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { EVENTS_FILE } from './events-schema.js';
import { CHECKSUM, rowChecksum, type SqlValue } from './row-checksum.js';
import { VIEWS_FILE } from './view-registry.js';

const BUSY_TIMEOUT_MS = 5_000;
/** A view's columns are named by its documents, so its own have a mark. */
const CHECKSUMS: readonly string[] = [CHECKSUM, `$${CHECKSUM}`];

export interface StreamEvent {
  readonly revision: number;
  readonly position: number;
  readonly type: string;
  readonly recordedAt: number;
  readonly id: string;
  readonly correlationId: string;
  readonly bytes: number;
}

export interface LogStats {
  readonly head: number;
  readonly events: number;
  readonly bytes: number;
  readonly byType: readonly { readonly type: string; readonly events: number; readonly bytes: number }[];
  readonly oldestAt: number | undefined;
  readonly newestAt: number | undefined;
}

export interface Lag {
  readonly name: string;
  readonly position: number;
}

function reading<T>(path: string, read: (database: Database.Database) => T): T {
  const database = new Database(path, { readonly: true, fileMustExist: true, timeout: BUSY_TIMEOUT_MS });
  try {
    return read(database);
  } finally {
    database.close();
  }
}

const eventsIn = <T>(folder: string, read: (database: Database.Database) => T): T => reading(join(folder, EVENTS_FILE), read);

export function logStats(folder: string): LogStats {
  return eventsIn(folder, (database) => {
    const byType = database
      .prepare('SELECT type, count(*) AS events, sum(length(data)) AS bytes FROM events GROUP BY type ORDER BY events DESC')
      .all() as LogStats['byType'];
    const ends = database
      .prepare('SELECT max(position) AS head, min(recorded_at) AS oldestAt, max(recorded_at) AS newestAt FROM events')
      .get() as { readonly head: number | null; readonly oldestAt: number | null; readonly newestAt: number | null };
    const sum = (of: 'events' | 'bytes') => byType.reduce((total, row) => total + row[of], 0);
    return {
      ...{ head: ends.head ?? 0, events: sum('events'), bytes: sum('bytes'), byType },
      ...{ oldestAt: ends.oldestAt ?? undefined, newestAt: ends.newestAt ?? undefined },
    };
  });
}

export function consumersOf(folder: string): { readonly head: number; readonly consumers: readonly Lag[] } {
  return eventsIn(folder, (database) => ({
    head: (database.prepare('SELECT max(position) FROM events').pluck().get() as number | null) ?? 0,
    consumers: database.prepare('SELECT consumer AS name, position FROM checkpoints ORDER BY consumer').all() as Lag[],
  }));
}

/** Up to where each view is built. */
export function viewsOf(folder: string): readonly Lag[] {
  return reading(join(folder, VIEWS_FILE), (database) => {
    return database
      .prepare('SELECT collection AS name, checkpoint AS position FROM projections ORDER BY collection')
      .all() as Lag[];
  });
}

/** At most so many events of one stream, oldest first: what stands around the content, and how long that is. */
export function streamOf(folder: string, stream: string, max: number): readonly StreamEvent[] {
  return eventsIn(folder, (database) => {
    const query = `SELECT revision, position, type, recorded_at AS recordedAt, id, correlation_id AS correlationId,
      length(data) AS bytes FROM events WHERE stream = ? ORDER BY position LIMIT ?`;
    return database.prepare(query).all(stream, max) as StreamEvent[];
  });
}

/** Whether every page of a file is whole; what is wrong, when one is not. */
export function integrityOf(folder: string, file: string): string {
  return reading(join(folder, file), (database) => String(database.pragma('integrity_check(1)', { simple: true })));
}

/** The tables of a file that hold rows which are not what was written, each with their number. */
export function damagedRowsIn(folder: string, file: string): readonly string[] {
  return reading(join(folder, file), (database) => {
    const tables = database.prepare<[], string>("SELECT name FROM sqlite_schema WHERE type = 'table'").pluck().all();
    return tables.flatMap((table) => {
      const rows = database.prepare<[], SqlValue[]>(`SELECT * FROM "${table}"`).raw();
      const at = rows.columns().findIndex(({ name }) => CHECKSUMS.includes(name));
      if (at < 0) return [];
      let damaged = 0;
      for (const row of rows.iterate()) if (rowChecksum(row.toSpliced(at, 1)) !== row[at]) damaged += 1;
      return damaged === 0 ? [] : [`${damaged} in ${table}`];
    });
  });
}

/** How many events there ever were, by the newest position, and by what is there and what went from the beginnings of streams. */
export function positionsIn(folder: string): { readonly last: number; readonly counted: number } {
  return eventsIn(folder, (database) => {
    const query = `SELECT coalesce(max(newest), 0) AS last, coalesce(sum(events + gone), 0) AS counted FROM (
      SELECT max(position) AS newest, count(*) AS events, min(revision) AS gone FROM events GROUP BY stream)`;
    return database.prepare(query).get() as { readonly last: number; readonly counted: number };
  });
}

export function sqliteVersion(): string {
  const database = new Database(':memory:');
  try {
    return String(database.prepare('SELECT sqlite_version()').pluck().get());
  } finally {
    database.close();
  }
}

/** Streams whose revisions are not dense from 0, or from where they were truncated, as far as they were not removed. */
export function holesIn(folder: string, max: number): readonly string[] {
  return eventsIn(folder, (database) => {
    const hasCuts = database.prepare("SELECT count(*) FROM sqlite_schema WHERE name = 'truncations'").pluck().get() === 1;
    const first = hasCuts ? 'coalesce((SELECT before FROM truncations WHERE truncations.stream = found.stream), 0)' : '0';
    const query = `SELECT stream FROM (
        SELECT stream, min(revision) AS low, max(revision) AS high, count(*) AS events FROM events GROUP BY stream
          HAVING (high - low + 1 <> events OR low <> 0) AND sum(type = '$stream-removed') = 0
      ) AS found WHERE high - low + 1 <> events OR low <> ${first} LIMIT ?`;
    return database.prepare(query).pluck().all(max) as string[];
  });
}
