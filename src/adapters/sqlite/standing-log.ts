/** The log as it stands at one moment, whatever its server appends or removes meanwhile. Let go of it: its write-ahead log grows. */
import type { EventStore } from '../../application/ports/event-store.js';
import { EVENTS_FILE, EVENTS_SCHEMA } from './events-schema.js';
import { openReadOnly } from './read-only.js';
import { SqliteEventStore } from './sqlite-event-store.js';
import { SqliteWriter } from './sqlite-writer.js';

export interface StandingLog {
  readonly store: Pick<EventStore, 'readAll' | 'readStream' | 'headPosition'>;
  /** Whether a stream was removed after the position. */
  hasRemovalAfter(position: number): boolean;
  close(): void;
}

export function openStandingLog(folder: string): StandingLog {
  const connection = openReadOnly(folder, EVENTS_FILE, EVENTS_SCHEMA);
  try {
    connection.exec('BEGIN');
    const store = new SqliteEventStore(new SqliteWriter(connection));
    const removal = connection
      .prepare<[number], number>("SELECT count(*) FROM events WHERE position > ? AND type = '$stream-removed'")
      .pluck();
    return { store, hasRemovalAfter: (position) => removal.get(position) !== 0, close: () => void connection.close() };
  } catch (error) {
    connection.close();
    throw error;
  }
}
