/**
 * Goal: a write-ahead log that was damaged is refused, one that a power cut left unfinished is not. Method: a log of real
 * commits; bits are flipped in it, and its last transaction is torn at sectors; SQLite itself says what would be lost.
 */
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import { openSqliteDatabase } from '../../../src/adapters/sqlite/sqlite-database.js';
import { damageIn } from '../../../src/adapters/sqlite/wal-check.js';
import { StartRefused } from '../../../src/application/ports/failures.js';

const COMMITS = 12;
const SECTOR = 512;
let folder: string;
let file: string;
let log: Buffer;
/** Where the last transaction begins. */
let lastFrom: number;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sottovoce-test-wal-'));
  file = join(folder, 'copied.sqlite');
  const connection = new Database(join(folder, 'open.sqlite'));
  connection.pragma('journal_mode = WAL');
  connection.exec('CREATE TABLE t (n INTEGER PRIMARY KEY, filler BLOB) STRICT');
  connection.pragma('wal_checkpoint(RESTART)');
  for (let n = 0; n < COMMITS; n += 1) {
    lastFrom = n === 0 ? 32 : readFileSync(join(folder, 'open.sqlite-wal')).length;
    connection.prepare('INSERT INTO t VALUES (?, randomblob(5000))').run(n);
  }
  copyFileSync(join(folder, 'open.sqlite'), file);
  log = readFileSync(join(folder, 'open.sqlite-wal'));
  connection.close();
});
afterAll(() => rmSync(folder, { recursive: true }));

function rowsWith(bytes: Buffer): number {
  const [copy, wal] = [`${file}-now`, `${file}-now-wal`];
  for (const path of [copy, wal, `${copy}-shm`]) if (existsSync(path)) rmSync(path);
  copyFileSync(file, copy);
  writeFileSync(wal, bytes);
  const connection = new Database(copy);
  try {
    return connection.prepare<[], number>('SELECT count(*) FROM t').pluck().get() ?? 0;
  } finally {
    connection.close();
  }
}

const flipped = (bit: number): Buffer => {
  const bytes = Buffer.from(log);
  bytes[bit >>> 3]! ^= 1 << (bit & 7);
  return bytes;
};

describe('the check of a write-ahead log', () => {
  it('finds nothing in a log that is whole, empty or cut short', () => {
    expect(rowsWith(log)).toBe(COMMITS);
    for (const bytes of [log, Buffer.alloc(0), Buffer.alloc(8_192)]) expect(damageIn(bytes)).toBeUndefined();
    for (let length = lastFrom; length < log.length; length += 777) expect(damageIn(log.subarray(0, length))).toBeUndefined();
  });

  it('finds every flipped bit that would lose a commit', () => {
    fc.assert(
      fc.property(fc.nat(log.length * 8 - 1), (bit) => {
        const bytes = flipped(bit);
        return damageIn(bytes) !== undefined || rowsWith(bytes) === COMMITS;
      }),
      { numRuns: 150 },
    );
  });

  it('finds damage of any size behind which the log goes on', () => {
    const bytes = Buffer.from(log);
    bytes.fill(0xaa, 200, 900);
    expect(rowsWith(bytes)).toBeLessThan(COMMITS);
    expect(damageIn(bytes)).toBe(`frame 1 of ${(log.length - 32) / 4_120}`);
  });

  it('takes a last transaction that is torn at sectors for what it is', () => {
    const sectors = Math.ceil((log.length - lastFrom) / SECTOR);
    fc.assert(
      fc.property(fc.array(fc.boolean(), { minLength: sectors, maxLength: sectors }), (written) => {
        const bytes = Buffer.from(log);
        const first = Math.floor(lastFrom / SECTOR) * SECTOR;
        for (const [at, isWritten] of written.entries()) {
          const from = Math.max(first + at * SECTOR, lastFrom);
          if (!isWritten) bytes.fill(0, from, Math.min(first + (at + 1) * SECTOR, bytes.length));
        }
        return damageIn(bytes) === undefined;
      }),
    );
  });

  it('takes a frame that lacks one bit, and has no commit behind it, for unfinished', () => {
    const bytes = Buffer.from(log.subarray(0, lastFrom + 4_120));
    bytes[lastFrom + 2_000]! ^= 1;
    expect(bytes.readUInt32BE(lastFrom + 4)).toBe(0);
    expect(damageIn(bytes)).toBeUndefined();
  });

  it('keeps a damaged file from being opened, in one clear line, unless it can be built anew', () => {
    copyFileSync(file, `${file}-bad`);
    writeFileSync(`${file}-bad-wal`, flipped(log.length * 8 - 100));
    expect(() => openSqliteDatabase(`${file}-bad`, [])).toThrow(StartRefused);
    expect(() => openSqliteDatabase(`${file}-bad`, [])).toThrow(/damaged \(frame \d+ of \d+\).*Restore the folder/);
    const anew = openSqliteDatabase(`${file}-bad`, [], { isDerived: true });
    expect(anew.prepare('SELECT name FROM sqlite_schema').all()).toEqual([]);
    anew.close();
  });
});
