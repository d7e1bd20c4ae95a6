/**
 * Windows on disk, for limits whose count must outlive the process: a restart is no way round a sign-in limit.
 * When there is no room for a key it fails rather than forgets a window, since forgetting would grant too much.
 */
import type { Database, Statement } from 'better-sqlite3';
import { Unavailable } from '../../application/ports/failures.js';
import type { Grant, Limit, RateLimiter } from '../../application/ports/rate-limiter.js';
import type { Instant } from '../../domain/kernel/instant.js';
import { checkedSecret } from '../crypto/keyed-hash.js';
import { hashOfRateKey, type RateWindow, takeFrom } from '../crypto/rate-window.js';
import { assertChecksum, CHECKSUM, rowChecksum } from './row-checksum.js';
import { attempt } from './sqlite-attempt.js';
import { assertColumn } from './sqlite-database.js';

const TABLE = 'rate_windows';
const WINDOWS_MAX = 1_000_000;
const FORGOTTEN_PER_TAKE = 16;
const FORGOTTEN_PER_SWEEP = 200;
/** Counting reads every window of a limit, so a store that is full is not counted for every key that it refuses. */
const COUNTED_ANEW_AFTER_MS = 1_000;

interface Counted {
  readonly windows: number;
  readonly at: Instant;
}

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS ${TABLE} (
    key_hash BLOB PRIMARY KEY,
    limit_name TEXT NOT NULL,
    ends_at INTEGER NOT NULL,
    taken INTEGER NOT NULL,
    ${CHECKSUM} INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS ${TABLE}_by_end ON ${TABLE} (limit_name, ends_at);
`;

export class SqliteRateLimiter implements RateLimiter {
  private readonly secret: Buffer;
  private readonly windowsMax: number;
  /** How many windows of a limit there are, as far as this process knows. */
  private readonly counts = new Map<string, Counted>();
  private readonly window: Statement<[Buffer], RateWindow & { readonly name: string; readonly checksum: number }>;
  private readonly put: Statement<[Buffer, string, Instant, number, number]>;
  private readonly forget: Statement<[string, Instant, number]>;
  private readonly count: Statement<[string], number>;

  constructor(
    private readonly database: Database,
    secret: Buffer,
    { windowsMax = WINDOWS_MAX }: { readonly windowsMax?: number } = {},
  ) {
    this.secret = checkedSecret(secret);
    this.windowsMax = windowsMax;
    database.exec(SCHEMA);
    assertColumn(database, TABLE, CHECKSUM);
    this.window = database.prepare(
      `SELECT limit_name AS name, ends_at AS endsAt, taken, checksum FROM ${TABLE} WHERE key_hash = ?`,
    );
    this.put = database.prepare(`
      INSERT INTO ${TABLE} (key_hash, limit_name, ends_at, taken, checksum) VALUES (?, ?, ?, ?, ?)
      ON CONFLICT (key_hash) DO UPDATE SET ends_at = excluded.ends_at, taken = excluded.taken, checksum = excluded.checksum`);
    this.forget = database.prepare(`
      DELETE FROM ${TABLE} WHERE rowid IN
        (SELECT rowid FROM ${TABLE} WHERE limit_name = ? AND ends_at <= ? ORDER BY ends_at LIMIT ?)`);
    this.count = database.prepare<[string], number>(`SELECT count(*) FROM ${TABLE} WHERE limit_name = ?`).pluck();
  }

  async take(limit: Limit, key: string, at: Instant): Promise<Grant> {
    const hash = hashOfRateKey(this.secret, limit, key);
    const take = this.database.transaction(() => {
      const kept = this.window.get(hash);
      if (kept !== undefined) assertChecksum(TABLE, kept.checksum, [hash, kept.name, kept.endsAt, kept.taken]);
      const { grant, next } = takeFrom(kept, limit, at);
      if (!next) return grant;
      if (!kept) this.makeRoom(limit, at);
      const values = [hash, limit.name, next.endsAt, next.taken] as const;
      this.put.run(...values, rowChecksum(values));
      return grant;
    });
    return attempt(`Taking from limit ${limit.name}`, () => take.immediate());
  }

  /** Windows that have ended and that no taking has met since: at most so many of every limit. Answers how many. */
  async sweep(at: Instant): Promise<number> {
    return attempt('Forgetting windows that have ended', () => {
      const names = this.database.prepare<[], string>(`SELECT DISTINCT limit_name FROM ${TABLE}`).pluck().all();
      let forgotten = 0;
      for (const name of names) {
        const { changes } = this.forget.run(name, at, FORGOTTEN_PER_SWEEP);
        const known = this.counts.get(name);
        if (known !== undefined) this.counts.set(name, { ...known, windows: known.windows - changes });
        forgotten += changes;
      }
      return forgotten;
    });
  }

  private makeRoom({ name }: Limit, at: Instant): void {
    const forgotten = this.forget.run(name, at, FORGOTTEN_PER_TAKE).changes;
    const known = this.counts.get(name);
    const counted = known ? { ...known, windows: known.windows - forgotten } : this.counted(name, at);
    const mayBeStale = Math.abs(at - counted.at) >= COUNTED_ANEW_AFTER_MS;
    const { windows, at: countedAt } = counted.windows >= this.windowsMax && mayBeStale ? this.counted(name, at) : counted;
    const hasRoom = windows < this.windowsMax;
    this.counts.set(name, { windows: hasRoom ? windows + 1 : windows, at: countedAt });
    if (!hasRoom) throw new Unavailable(`Taking from limit ${name}: no room for another of ${this.windowsMax} windows.`);
  }

  private counted(name: string, at: Instant): Counted {
    return { windows: this.count.get(name)!, at };
  }
}
