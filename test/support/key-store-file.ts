/** A key store in a SQLite file with its keys folder beside it, in a temporary folder. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FileRootKeys } from '../../src/adapters/files/file-root-keys.js';
import { KEYS_FILE, KEYS_SCHEMA } from '../../src/adapters/sqlite/keys-schema.js';
import { type Connection, openSqliteDatabase } from '../../src/adapters/sqlite/sqlite-database.js';
import { dumpOf } from './dump.js';

export class KeyStoreFile {
  /** Statements that ran on connections made with `connectCounted`. */
  statements = 0;
  private readonly connections: Connection[] = [];
  private copies = 0;

  private constructor(private readonly folder: string) {}

  static async make(): Promise<KeyStoreFile> {
    return new KeyStoreFile(await mkdtemp(join(tmpdir(), 'sottovoce-test-keys-')));
  }

  get keyFolder(): string {
    return join(this.folder, 'keys');
  }

  rootKeys(mayCreate = true): Promise<FileRootKeys> {
    return FileRootKeys.open({ folder: this.keyFolder, mayCreate });
  }

  /** Each time another connection, as another process would have. */
  connect(file = KEYS_FILE): Connection {
    const connection = openSqliteDatabase(join(this.folder, file), KEYS_SCHEMA);
    this.connections.push(connection);
    return connection;
  }

  connectCounted(): Connection {
    const connection = this.connect();
    const prepare = connection.prepare.bind(connection);
    connection.prepare = ((source: string) => {
      const statement = prepare(source);
      for (const method of ['run', 'get', 'all'] as const) {
        const act = statement[method].bind(statement) as (...given: unknown[]) => unknown;
        Object.defineProperty(statement, method, {
          value: (...given: unknown[]) => {
            this.statements += 1;
            return act(...given);
          },
        });
      }
      return statement;
    }) as Connection['prepare'];
    return connection;
  }

  /** Copies the file as a backup does and answers the copy's name. */
  async copy(): Promise<string> {
    this.copies += 1;
    const name = `copy-${this.copies}.sqlite`;
    await this.connect().backup(join(this.folder, name));
    return name;
  }

  dump(): string {
    const connection = this.connect();
    const tables = connection.prepare<[], string>(`SELECT name FROM sqlite_schema WHERE type = 'table'`).pluck().all();
    return dumpOf(tables.map((table) => [table, connection.prepare(`SELECT * FROM ${table}`).all()]));
  }

  tombstones(): { subjectRef: string; day: number }[] {
    const query = 'SELECT lower(hex(subject_ref)) AS subjectRef, day FROM tombstones';
    return this.connect().prepare<[], { subjectRef: string; day: number }>(query).all();
  }

  /** The bytes of the file, its log and its index, read by a process of its own: to close them here would free SQLite's locks. */
  bytes(): Buffer {
    const files = ['', '-wal', '-shm'].map((suffix) => join(this.folder, KEYS_FILE + suffix)).filter((file) => existsSync(file));
    return execFileSync('cat', files, { maxBuffer: 1 << 28 });
  }

  async keyFiles(): Promise<string[]> {
    return (await readdir(this.keyFolder)).toSorted();
  }

  async close(): Promise<void> {
    for (const connection of this.connections) connection.close();
    await rm(this.folder, { recursive: true, force: true });
  }
}
