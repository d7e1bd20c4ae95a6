/**
 * The tables of the file that holds the wrapped key rings. Rows lie in the order of random keys, so that no table tells
 * an order of time; nothing joins `tombstones` with `erased_subjects`, so that no reference leads to an account.
 * These names and shapes are stored; a change is a new step at the end.
 */
import { NEVER_RELEASED, type Schema } from './sqlite-database.js';

export const KEYS_FILE = 'keys.sqlite';

export const KEYS_SCHEMA: Schema = [
  NEVER_RELEASED,
  `
  CREATE TABLE settings (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    store_id TEXT NOT NULL,
    root_key_check TEXT NOT NULL,
    buckets INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE destruction_sequence (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    value INTEGER NOT NULL
  ) STRICT;
  INSERT INTO destruction_sequence (id, value) VALUES (1, 0);

  CREATE TABLE buckets (
    bucket INTEGER PRIMARY KEY,
    generation INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE rings (
    subject TEXT PRIMARY KEY,
    subject_ref BLOB NOT NULL UNIQUE,
    bucket INTEGER NOT NULL,
    generation INTEGER NOT NULL,
    wrapped BLOB NOT NULL,
    fenced INTEGER NOT NULL,
    checksum INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX rings_by_bucket ON rings (bucket);

  CREATE TABLE locators (
    locator BLOB PRIMARY KEY,
    subject_ref BLOB NOT NULL,
    scope TEXT NOT NULL,
    context TEXT NOT NULL,
    checksum INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX locators_by_subject ON locators (subject_ref);

  CREATE TABLE tombstones (
    subject_ref BLOB PRIMARY KEY,
    day INTEGER NOT NULL,
    checksum INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE erased_subjects (
    digest BLOB PRIMARY KEY,
    checksum INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE unfinished_destructions (
    kek TEXT PRIMARY KEY,
    checksum INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  `,
];
