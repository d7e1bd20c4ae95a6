/**
 * Snapshots in a file of their own, each with a checksum over all of it. The file is a cache: it may be opened with
 * `synchronous = NORMAL`, and one that cannot be opened is thrown away, never a reason not to start.
 */
import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import type { Snapshot, Snapshots } from '../../application/ports/snapshots.js';
import type { EventId } from '../../domain/kernel/ids.js';
import { attempt } from './sqlite-attempt.js';
import { type Connection, openSqliteDatabase, type Schema } from './sqlite-database.js';

export const SNAPSHOTS_FILE = 'snapshots.sqlite';

export const SNAPSHOTS_SCHEMA: Schema = [
  `
  CREATE TABLE snapshots (
    stream TEXT PRIMARY KEY,
    revision INTEGER NOT NULL,
    event_id TEXT NOT NULL,
    schema TEXT NOT NULL,
    state TEXT NOT NULL,
    checksum TEXT NOT NULL
  ) STRICT;
  `,
];

/** Opens the file; one that is damaged, or of a newer version, is begun anew. */
export function openSnapshots(file: string): Connection {
  try {
    const connection = openSqliteDatabase(file, SNAPSHOTS_SCHEMA);
    connection.pragma('synchronous = NORMAL');
    return connection;
  } catch {
    for (const path of [file, `${file}-wal`, `${file}-shm`]) rmSync(path, { force: true });
    return openSqliteDatabase(file, SNAPSHOTS_SCHEMA);
  }
}

interface SnapshotRow {
  readonly revision: number;
  readonly eventId: string;
  readonly state: string;
  readonly checksum: string;
}

export class SqliteSnapshots implements Snapshots {
  private readonly select;
  private readonly upsert;
  private readonly remove;

  constructor(connection: Connection) {
    this.select = connection.prepare<[string, string], SnapshotRow>(
      'SELECT revision, event_id AS eventId, state, checksum FROM snapshots WHERE stream = ? AND schema = ?',
    );
    this.upsert = connection.prepare<[string, number, string, string, string, string]>(
      `INSERT INTO snapshots VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT (stream) DO UPDATE SET revision = excluded.revision, event_id = excluded.event_id,
          schema = excluded.schema, state = excluded.state, checksum = excluded.checksum
        WHERE snapshots.schema <> excluded.schema OR snapshots.revision <= excluded.revision`,
    );
    this.remove = connection.prepare<[string]>('DELETE FROM snapshots WHERE stream = ?');
  }

  async read(stream: string, schema: string): Promise<Snapshot | undefined> {
    const row = attempt('Reading a snapshot', () => this.select.get(stream, schema));
    if (row === undefined) return undefined;
    const { revision, eventId, state, checksum } = row;
    const snapshot = { stream, revision, eventId: eventId as EventId, schema, state };
    return checksumOf(snapshot) === checksum ? snapshot : undefined;
  }

  async keep(snapshot: Snapshot): Promise<void> {
    const { stream, revision, eventId, schema, state } = snapshot;
    attempt('Keeping a snapshot', () => this.upsert.run(stream, revision, eventId, schema, state, checksumOf(snapshot)));
  }

  async forget(stream: string): Promise<void> {
    attempt('Forgetting a snapshot', () => this.remove.run(stream));
  }
}

const checksumOf = ({ stream, revision, eventId, schema, state }: Snapshot): string =>
  createHash('sha256')
    .update(JSON.stringify([stream, revision, eventId, schema, state]))
    .digest('base64url');
