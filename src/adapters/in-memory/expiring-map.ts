/**
 * Rows that end by themselves. Whoever writes looks at a few and forgets those that have ended, so that no write is long
 * and no row is kept for ever: rows that live on go to the back of the line.
 */
import type { Instant } from '../../domain/kernel/instant.js';

const LOOKED_AT_PER_CALL = 16;

export class ExpiringMap<Row> {
  private readonly rows = new Map<string, Row>();

  constructor(private readonly endOf: (row: Row) => Instant) {}

  get(key: string): Row | undefined {
    return this.rows.get(key);
  }

  set(key: string, row: Row): void {
    this.rows.set(key, row);
  }

  delete(key: string): void {
    this.rows.delete(key);
  }

  entries(): IterableIterator<[string, Row]> {
    return this.rows.entries();
  }

  forgetEnded(at: Instant): void {
    let left = Math.min(LOOKED_AT_PER_CALL, this.rows.size);
    for (const [key, row] of this.rows) {
      if (left === 0) return;
      left -= 1;
      this.rows.delete(key);
      if (this.endOf(row) > at) this.rows.set(key, row);
    }
  }
}
