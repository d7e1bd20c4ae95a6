/**
 * Where truncated streams begin. A cut moves in the transaction that deletes the events below it, so that an event which
 * is missing above its stream's cut was lost by the disk. By the hash of the stream index, which is all that a row of it tells.
 */
import { type Checked, checked, unchecked } from './row-checksum.js';
import type { Connection } from './sqlite-database.js';

const TABLE = 'truncations';

interface Cut {
  readonly hash: number;
  readonly stream: string;
  /** The first revision that is left. */
  readonly before: number;
}

export class StreamCuts {
  private readonly select;
  private readonly selectOfHash;
  private readonly upsert;
  private readonly delete;

  constructor(connection: Connection) {
    this.select = connection.prepare<[number, string], Checked<Cut>>(
      'SELECT hash, stream, before, checksum FROM truncations WHERE hash = ? AND stream = ?',
    );
    this.selectOfHash = connection.prepare<[number], Checked<Cut>>(
      'SELECT hash, stream, before, checksum FROM truncations WHERE hash = ?',
    );
    this.upsert = connection.prepare<[Checked<Cut>]>(
      `INSERT INTO truncations (hash, stream, before, checksum) VALUES (@hash, @stream, @before, @checksum)
        ON CONFLICT (hash, stream) DO UPDATE SET before = excluded.before, checksum = excluded.checksum`,
    );
    this.delete = connection.prepare<[number, string]>('DELETE FROM truncations WHERE hash = ? AND stream = ?');
  }

  /** The first revision of a stream that is left; 0 when it was never truncated. */
  first(hash: number, stream: string): number {
    const row = this.select.get(hash, stream);
    return row === undefined ? 0 : unchecked<Cut>(TABLE, row).before;
  }

  /** Whether some stream of the hash was truncated above the revision. */
  isAbove(hash: number, revision: number): boolean {
    return this.selectOfHash.all(hash).some((row) => unchecked<Cut>(TABLE, row).before > revision);
  }

  move(hash: number, stream: string, before: number): void {
    this.upsert.run(checked({ hash, stream, before }));
  }

  forget(hash: number, stream: string): void {
    this.delete.run(hash, stream);
  }
}
