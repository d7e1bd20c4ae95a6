/** A data folder under the system's temporary one, with the file of the events; opened again, it stands for a restart. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EVENTS_FILE, EVENTS_SCHEMA } from '../../src/adapters/sqlite/events-schema.js';
import { openSqliteDatabase } from '../../src/adapters/sqlite/sqlite-database.js';
import { SqliteEventStore } from '../../src/adapters/sqlite/sqlite-event-store.js';
import { SqliteWriter } from '../../src/adapters/sqlite/sqlite-writer.js';
import type { StreamIndexOptions } from '../../src/adapters/sqlite/stream-index.js';

export class EventsFolder {
  private store: SqliteEventStore | undefined;
  private lastWriter: SqliteWriter | undefined;

  private constructor(readonly path: string) {}

  static async make(): Promise<EventsFolder> {
    return new EventsFolder(await mkdtemp(join(tmpdir(), 'sottovoce-test-events-')));
  }

  get file(): string {
    return join(this.path, EVENTS_FILE);
  }

  /** The writer of the store that was opened last. */
  get writer(): SqliteWriter {
    if (this.lastWriter === undefined) throw new Error('The store was not opened yet.');
    return this.lastWriter;
  }

  /** Shuts the store that is open, if one is, and opens the next. */
  open(options: StreamIndexOptions = {}): SqliteEventStore {
    this.shut();
    this.lastWriter = new SqliteWriter(openSqliteDatabase(this.file, EVENTS_SCHEMA));
    this.store = new SqliteEventStore(this.lastWriter, options);
    return this.store;
  }

  shut(): void {
    this.store?.close();
  }

  /** All bytes that lie in the folder; only when the store is shut, for the handles of others free SQLite's locks. */
  async bytes(): Promise<Buffer> {
    const names = await readdir(this.path);
    return Buffer.concat(await Promise.all(names.map((name) => readFile(join(this.path, name)))));
  }

  async remove(): Promise<void> {
    this.shut();
    await rm(this.path, { recursive: true, force: true });
  }
}
