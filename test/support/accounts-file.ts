/** A file `accounts.db` in a temporary folder, for the adapters that keep their tables in it. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Connection, openSqliteDatabase } from '../../src/adapters/sqlite/sqlite-database.js';
import { dumpOf } from './dump.js';

export class AccountsFile {
  private readonly connections: Connection[] = [];

  private constructor(private readonly folder: string) {}

  static async make(): Promise<AccountsFile> {
    return new AccountsFile(await mkdtemp(join(tmpdir(), 'sottovoce-test-accounts-')));
  }

  /** Each time another connection, which sees what is committed and nothing else. */
  connect(): Connection {
    const connection = openSqliteDatabase(join(this.folder, 'accounts.db'), []);
    this.connections.push(connection);
    return connection;
  }

  dump(): string {
    const connection = this.connect();
    const tables = connection.prepare<[], string>(`SELECT name FROM sqlite_schema WHERE type = 'table'`).pluck().all();
    return dumpOf(tables.map((table) => [table, connection.prepare(`SELECT * FROM ${table}`).all()]));
  }

  /** The bytes of the file and its companions as they lie on the disk. */
  async bytes(): Promise<Buffer> {
    const names = await readdir(this.folder);
    return Buffer.concat(await Promise.all(names.map((name) => readFile(join(this.folder, name)))));
  }

  async close(): Promise<void> {
    for (const connection of this.connections) connection.close();
    await rm(this.folder, { recursive: true, force: true });
  }
}
