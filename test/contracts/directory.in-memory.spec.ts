import { type DirectoryRows, InMemoryDirectory } from '../../src/adapters/in-memory/in-memory-directory.js';
import { dumpOf } from '../support/dump.js';
import { directoryContract } from './directory.contract.js';

const SECRET = Buffer.alloc(32, 7);

directoryContract('in-memory', async () => {
  const rows: DirectoryRows = new Map();
  const again = async () => new InMemoryDirectory(SECRET, rows);
  return { directory: await again(), again, dump: async () => dumpOf(rows), close: async () => {} };
});
