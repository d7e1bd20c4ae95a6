/**
 * The tables of the file that holds the events. The log is written at its end and nowhere else: whatever else a commit
 * had to touch would cost a page for each message. These names and shapes are stored; a change is a new step at the end.
 */
import { NEVER_RELEASED, type Schema } from './sqlite-database.js';

export const EVENTS_FILE = 'events.sqlite';

export const EVENTS_SCHEMA: Schema = [
  NEVER_RELEASED,
  `
  CREATE TABLE events (
    position INTEGER PRIMARY KEY,
    stream TEXT NOT NULL,
    revision INTEGER NOT NULL,
    type TEXT NOT NULL,
    id TEXT NOT NULL,
    schema_version INTEGER NOT NULL,
    recorded_at INTEGER NOT NULL,
    feed_key TEXT NOT NULL,
    correlation_id TEXT NOT NULL,
    causation_id TEXT,
    data TEXT NOT NULL,
    checksum INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE index_pages (
    page INTEGER PRIMARY KEY,
    entries BLOB NOT NULL,
    checksum INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE index_segments (
    segment INTEGER PRIMARY KEY,
    level INTEGER NOT NULL,
    events INTEGER NOT NULL,
    streams INTEGER NOT NULL,
    pages INTEGER NOT NULL,
    last_position INTEGER NOT NULL,
    fences BLOB NOT NULL,
    bloom BLOB NOT NULL,
    checksum INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE checkpoints (
    consumer TEXT PRIMARY KEY,
    position INTEGER NOT NULL,
    checksum INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  `,
  `
  CREATE TABLE truncations (
    hash INTEGER NOT NULL,
    stream TEXT NOT NULL,
    before INTEGER NOT NULL,
    checksum INTEGER NOT NULL,
    PRIMARY KEY (hash, stream)
  ) STRICT, WITHOUT ROWID;
  `,
];
