/**
 * A thread of its own that copies write-ahead logs into their files, a little at a time: a commit that has to do all of
 * it at once makes every sender wait for more than a tenth of a second (ADR 0035). It changes no data, and may end at any line.
 */
import { workerData } from 'node:worker_threads';
import Database from 'better-sqlite3';
import { copyWhole } from './checkpoint-passes.js';

export interface CheckpointOrders {
  readonly files: readonly string[];
  readonly everyMs: number;
  /** One number, 0 until the thread is to end; whoever changes it wakes the thread. */
  readonly over: Int32Array;
}

const { files, everyMs, over } = workerData as CheckpointOrders;

function open(file: string): Database.Database {
  const connection = new Database(file, { fileMustExist: true });
  // What is copied must be on the disk before the log may be written over.
  connection.pragma('synchronous = FULL');
  return connection;
}

function copy(connection: Database.Database): void {
  try {
    copyWhole(() => {
      const [{ log }] = connection.pragma('wal_checkpoint(PASSIVE)') as [{ log: number }];
      return log;
    });
  } catch (error) {
    // Someone else is at it, or the disk is full: whoever commits meets that, too.
    if (!(error instanceof Database.SqliteError)) throw error;
  }
}

const connections = files.map(open);
while (Atomics.load(over, 0) === 0) {
  for (const connection of connections) copy(connection);
  Atomics.wait(over, 0, 0, everyMs);
}
for (const connection of connections) connection.close();
