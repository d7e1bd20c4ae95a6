/** The statements on the log, and what stands between a row and a stored event. */
import type { NewEvent, StoredEvent } from '../../application/ports/event-store.js';
import type { Connection } from './sqlite-database.js';

type EventRow = Omit<StoredEvent, 'causationId'> & { readonly causationId: StoredEvent['causationId'] | null };

export type EventPlace = Pick<StoredEvent, 'position' | 'stream' | 'revision' | 'type'>;

const COLUMNS = `position, stream, revision, type, id, schema_version AS schemaVersion, recorded_at AS recordedAt,
  feed_key AS feedKey, correlation_id AS correlationId, causation_id AS causationId, data`;

export class EventRows {
  private readonly insertOne;
  private readonly deleteOne;
  private readonly selectOne;
  private readonly selectAfter;
  private readonly selectPlaces;
  private readonly selectLastPosition;

  constructor(readonly connection: Connection) {
    this.insertOne = connection.prepare(
      `INSERT INTO events (position, stream, revision, type, id, schema_version, recorded_at, feed_key, correlation_id,
        causation_id, data) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.deleteOne = connection.prepare<[number]>('DELETE FROM events WHERE position = ?');
    this.selectOne = connection.prepare<[number], EventRow>(`SELECT ${COLUMNS} FROM events WHERE position = ?`);
    this.selectAfter = connection.prepare<[number, number], EventRow>(
      `SELECT ${COLUMNS} FROM events WHERE position > ? ORDER BY position LIMIT ?`,
    );
    this.selectPlaces = connection.prepare<[number], EventPlace>(
      'SELECT position, stream, revision, type FROM events WHERE position > ? ORDER BY position',
    );
    this.selectLastPosition = connection.prepare<[], number | null>('SELECT max(position) FROM events').pluck();
  }

  insert(stream: string, revision: number, position: number, event: NewEvent): void {
    this.insertOne.run(
      position,
      stream,
      revision,
      event.type,
      event.id,
      event.schemaVersion,
      event.recordedAt,
      event.feedKey,
      event.correlationId,
      event.causationId ?? null,
      event.data,
    );
  }

  delete(position: number): void {
    this.deleteOne.run(position);
  }

  at(position: number): StoredEvent | undefined {
    const row = this.selectOne.get(position);
    return row && fromRow(row);
  }

  placesAfter(position: number): IterableIterator<EventPlace> {
    return this.selectPlaces.iterate(position);
  }

  /** 0 when there is none. A removal leaves a newer row than all it deletes, so no position is ever given twice. */
  lastPosition(): number {
    return this.selectLastPosition.get() ?? 0;
  }

  after(position: number, max: number): StoredEvent[] {
    return this.selectAfter.all(position, max).map(fromRow);
  }
}

function fromRow(row: EventRow): StoredEvent {
  const { position, stream, revision, type, id, schemaVersion, recordedAt, feedKey, correlationId, causationId, data } = row;
  const event = { position, stream, revision, type, id, schemaVersion, recordedAt, feedKey, correlationId, data };
  return causationId === null || causationId === undefined ? event : { ...event, causationId };
}
