import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { openSnapshots, SNAPSHOTS_FILE, SqliteSnapshots } from '../../src/adapters/sqlite/sqlite-snapshots.js';
import { snapshotsContract } from './snapshots.contract.js';

snapshotsContract('sqlite', async () => {
  const connection = openSnapshots(':memory:');
  return {
    snapshots: new SqliteSnapshots(connection),
    damage: (stream) => {
      connection.prepare("UPDATE snapshots SET state = replace(state, 'seq', 'ses') WHERE stream = ?").run(stream);
    },
    close: async () => void connection.close(),
  };
});

describe('a file of snapshots', () => {
  it('is begun anew when it is damaged', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sottovoce-snapshots-'));
    const file = join(folder, SNAPSHOTS_FILE);
    await writeFile(file, 'no database, and never was');
    const connection = openSnapshots(file);
    expect(await new SqliteSnapshots(connection).read('conversation-a', 'v1')).toBeUndefined();
    connection.close();
    await rm(folder, { recursive: true });
  });
});
