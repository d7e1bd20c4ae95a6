/** The statements on the log, and what stands between a row and a stored event. */
import type { NewEvent, StoredEvent } from '../../application/ports/event-store.js';
import { RecentEvents } from './recent-events.js';
import { assertChecksum, rowChecksum, type SqlValue } from './row-checksum.js';
import type { Connection } from './sqlite-database.js';

type EventRow = Omit<StoredEvent, 'causationId'> & {
  readonly causationId: NonNullable<StoredEvent['causationId']> | null;
  readonly checksum: number;
};

export type EventPlace = Pick<StoredEvent, 'position' | 'stream' | 'revision' | 'type'>;

const TABLE = 'events';

const COLUMNS = `position, stream, revision, type, id, schema_version AS schemaVersion, recorded_at AS recordedAt,
  feed_key AS feedKey, correlation_id AS correlationId, causation_id AS causationId, data, checksum`;

const PARAMETERS = 12;
const ROWS_PER_INSERT = 8;

const insertStatement = (rows: number): string =>
  `INSERT INTO events (position, stream, revision, type, id, schema_version, recorded_at, feed_key, correlation_id, causation_id, data, checksum)
    VALUES ${Array.from({ length: rows }, () => '(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)').join(', ')}`;

export class EventRows {
  private readonly insertOne;
  private readonly insertSeveral;
  private readonly deleteOne;
  private readonly selectOne;
  private readonly selectAfter;
  private readonly selectRawAfter;
  private readonly selectLastPosition;
  /** The parameters of the rows that are not written yet. */
  private waiting: unknown[] = [];
  /** Of the open transaction. */
  private staged: StoredEvent[] = [];
  /** Something was taken out in the open transaction, maybe of what it had inserted itself. */
  private hasDeleted = false;
  private readonly recent = new RecentEvents();

  constructor(readonly connection: Connection) {
    this.insertOne = connection.prepare(insertStatement(1));
    this.insertSeveral = connection.prepare(insertStatement(ROWS_PER_INSERT));
    this.deleteOne = connection.prepare<[number]>('DELETE FROM events WHERE position = ?');
    this.selectOne = connection.prepare<[number], EventRow>(`SELECT ${COLUMNS} FROM events WHERE position = ?`);
    this.selectAfter = connection.prepare<[number, number], EventRow>(
      `SELECT ${COLUMNS} FROM events WHERE position > ? ORDER BY position LIMIT ?`,
    );
    this.selectRawAfter = connection
      .prepare<[number], SqlValue[]>(`SELECT ${COLUMNS} FROM events WHERE position > ? ORDER BY position`)
      .raw();
    this.selectLastPosition = connection.prepare<[], number | null>('SELECT max(position) FROM events').pluck();
  }

  /** Several rows are one statement: it is written when it is full, when something is read, or by `flush`. */
  insert(stream: string, revision: number, position: number, event: NewEvent): void {
    const { type, id, schemaVersion, recordedAt, feedKey, correlationId, causationId = null, data } = event;
    const values = [position, stream, revision, type, id, schemaVersion, recordedAt, feedKey, correlationId, causationId, data];
    this.waiting.push(...values, rowChecksum(values));
    this.staged.push({ ...event, position, stream, revision });
    if (this.waiting.length < ROWS_PER_INSERT * PARAMETERS) return;
    this.insertSeveral.run(this.waiting);
    this.waiting = [];
  }

  /** Writes what waits into the open transaction. */
  flush(): void {
    for (let at = 0; at < this.waiting.length; at += PARAMETERS) this.insertOne.run(this.waiting.slice(at, at + PARAMETERS));
    this.waiting = [];
  }

  /** What was inserted is on disk now. */
  committed(): void {
    if (this.hasDeleted) this.recent.clear();
    else for (const event of this.staged) this.recent.add(event);
    this.staged = [];
    this.hasDeleted = false;
  }

  /** Nothing that was in hand is answered any more. */
  closed(): void {
    this.recent.clear();
  }

  discard(): void {
    this.waiting = [];
    this.staged = [];
    this.hasDeleted = false;
    this.recent.clear();
  }

  delete(position: number): void {
    this.flush();
    this.hasDeleted = true;
    this.deleteOne.run(position);
  }

  at(position: number): StoredEvent | undefined {
    this.flush();
    const row = this.selectOne.get(position);
    return row && fromRow(row);
  }

  after(position: number, max: number): StoredEvent[] {
    return this.recent.after(position, max) ?? this.selectAfter.all(position, max).map(fromRow);
  }

  /** Where events lie, for a start that reads many: each row is checked, and none becomes an event. */
  *placesAfter(position: number): Generator<EventPlace> {
    for (const row of this.selectRawAfter.iterate(position)) {
      assertChecksum(TABLE, row.pop() as number, row);
      const [at, stream, revision, type] = row as [number, string, number, string];
      yield { position: at, stream, revision, type };
    }
  }

  /** 0 when there is none. A removal leaves a newer row than all it deletes, and a truncation the newest, so no position is ever given twice. */
  lastPosition(): number {
    return this.selectLastPosition.get() ?? 0;
  }
}

function fromRow(row: EventRow): StoredEvent {
  const { position, stream, revision, type, id, schemaVersion, recordedAt, feedKey, correlationId, causationId, data } = row;
  const values = [position, stream, revision, type, id, schemaVersion, recordedAt, feedKey, correlationId, causationId, data];
  assertChecksum(TABLE, row.checksum, values);
  const event = { position, stream, revision, type, id, schemaVersion, recordedAt, feedKey, correlationId, data };
  return causationId === null ? event : { ...event, causationId };
}
