/** The statements of the key store. Lists go in as one JSON text, so that a thousand keys are one query. */
import type { Database } from 'better-sqlite3';
import type { Scope, Subject } from '../../application/ports/subject-keys.js';
import { rowChecksum, type SqlValue } from './row-checksum.js';

export interface StoredRing {
  readonly subject: Subject;
  /** In hex. */
  readonly subjectRef: string;
  readonly bucket: number;
  readonly generation: number;
  readonly wrapped: Buffer;
  readonly fenced: number;
  readonly isWhole: number;
}

export interface StoredPlace {
  readonly locator: string;
  readonly subject: Subject;
  readonly scope: Scope;
  readonly context: string;
  readonly isWhole: number;
}

const RING = `subject, lower(hex(subject_ref)) AS subjectRef, bucket, generation, wrapped, fenced,
  checksum = row_checksum(subject, subject_ref, bucket, generation, wrapped, fenced) AS isWhole`;
const OPEN_RING = 'SELECT 1 FROM rings WHERE subject_ref = unhex(item.value ->> 1) AND fenced = 0';

export type KeyStatements = ReturnType<typeof keyStatements>;

/** Rows are changed in SQL, column by column, so their checksums are made there as well. */
export const keyStatements = (database: Database) => {
  database.function('row_checksum', { varargs: true, deterministic: true }, (...values: unknown[]) =>
    rowChecksum(values as SqlValue[]),
  );
  return {
    ...storeStatements(database),
    ...ringStatements(database),
    ...locatorStatements(database),
    ...destructionStatements(database),
  };
};

const storeStatements = (database: Database) => ({
  settings: database.prepare('SELECT store_id AS storeId, root_key_check AS "check", buckets FROM settings'),
  insertSettings: database.prepare('INSERT INTO settings (id, store_id, root_key_check, buckets) VALUES (1, ?, ?, ?)'),
  insertBucket: database.prepare('INSERT INTO buckets (bucket, generation) VALUES (?, 1)'),
  sequence: database.prepare('SELECT value FROM destruction_sequence').pluck(),
  bumpSequence: database.prepare('UPDATE destruction_sequence SET value = value + 1 RETURNING value').pluck(),
  generation: database.prepare('SELECT generation FROM buckets WHERE bucket = ?').pluck(),
  moveBucket: database.prepare('UPDATE buckets SET generation = ? WHERE bucket = ? AND generation = ?'),
  moveEmptyBucket: database.prepare(
    'UPDATE buckets SET generation = @nextGeneration WHERE bucket = @bucket AND generation = @generation AND NOT EXISTS (SELECT 1 FROM rings WHERE bucket = @bucket)',
  ),
});

const ringStatements = (database: Database) => ({
  ringsIn: database.prepare<[number, number], StoredRing>(`SELECT ${RING} FROM rings WHERE bucket = ? LIMIT ?`),
  ringsOf: database.prepare<[string], StoredRing>(`SELECT ${RING} FROM rings WHERE subject IN (SELECT value FROM json_each(?))`),
  insertRing: database.prepare(
    `INSERT INTO rings (subject, subject_ref, bucket, generation, wrapped, fenced, checksum)
       VALUES (@subject, unhex(@subjectRef), @bucket, @generation, @wrapped, 0,
         row_checksum(@subject, unhex(@subjectRef), @bucket, @generation, @wrapped, 0)) ON CONFLICT DO NOTHING`,
  ),
  rewrapRing: database.prepare(
    `UPDATE rings SET wrapped = @wrapped, generation = @nextGeneration,
         checksum = row_checksum(subject, subject_ref, bucket, @nextGeneration, @wrapped, fenced)
       WHERE subject_ref = unhex(@subjectRef) AND generation = @generation`,
  ),
  ringsLeftBehind: database
    .prepare<[number, number], number>('SELECT count(*) FROM rings WHERE bucket = ? AND generation <> ?')
    .pluck(),
  fenceRing: database.prepare(
    `UPDATE rings SET fenced = 1, checksum = row_checksum(subject, subject_ref, bucket, generation, wrapped, 1)
       WHERE subject = ? AND fenced = 0`,
  ),
  deleteRing: database.prepare('DELETE FROM rings WHERE subject_ref = unhex(?) AND generation = ?'),
});

const locatorStatements = (database: Database) => ({
  /** An item is [locator, subject reference, scope, context]. */
  insertLocators: database.prepare(
    `INSERT INTO locators (locator, subject_ref, scope, context, checksum)
       SELECT unhex(item.value ->> 0), unhex(item.value ->> 1), item.value ->> 2, item.value ->> 3,
         row_checksum(unhex(item.value ->> 0), unhex(item.value ->> 1), item.value ->> 2, item.value ->> 3)
       FROM json_each(?) AS item WHERE EXISTS (${OPEN_RING}) ON CONFLICT DO NOTHING`,
  ),
  refusedLocators: database
    .prepare<[string], string>(`SELECT DISTINCT item.value ->> 1 FROM json_each(?) AS item WHERE NOT EXISTS (${OPEN_RING})`)
    .pluck(),
  placesOf: database.prepare<[string], StoredPlace>(
    `SELECT lower(hex(locators.locator)) AS locator, rings.subject, locators.scope, locators.context,
         locators.checksum = row_checksum(locators.locator, locators.subject_ref, locators.scope, locators.context) AS isWhole
       FROM locators JOIN rings ON rings.subject_ref = locators.subject_ref
       WHERE locators.locator IN (SELECT unhex(value) FROM json_each(?))`,
  ),
  deleteLocators: database.prepare('DELETE FROM locators WHERE subject_ref = unhex(?)'),
});

const destructionStatements = (database: Database) => ({
  insertTombstone: database.prepare(
    `INSERT INTO tombstones (subject_ref, day, checksum) VALUES (unhex(@ref), @day, row_checksum(unhex(@ref), @day))`,
  ),
  insertErased: database.prepare(
    `INSERT INTO erased_subjects (digest, checksum) VALUES (unhex(@digest), row_checksum(unhex(@digest)))
       ON CONFLICT DO NOTHING`,
  ),
  isErased: database.prepare('SELECT 1 FROM erased_subjects WHERE digest = unhex(?)').pluck(),
  insertUnfinished: database.prepare(
    'INSERT INTO unfinished_destructions (kek, checksum) VALUES (@kek, row_checksum(@kek)) ON CONFLICT DO NOTHING',
  ),
  unfinished: database.prepare<[], { readonly kek: string; readonly isWhole: number }>(
    'SELECT kek, checksum = row_checksum(kek) AS isWhole FROM unfinished_destructions',
  ),
  deleteUnfinished: database.prepare('DELETE FROM unfinished_destructions WHERE kek = ?'),
});
