import { CredentialRows, InMemoryCredentials } from '../../src/adapters/in-memory/in-memory-credentials.js';
import { CountingIdSource } from '../support/counting-id-source.js';
import { dumpOf } from '../support/dump.js';
import { credentialsContract } from './credentials.contract.js';

const SECRET = Buffer.alloc(32, 7);

credentialsContract('in-memory', async () => {
  const rows = new CredentialRows();
  const ids = new CountingIdSource('in-memory');
  const again = async () => new InMemoryCredentials(SECRET, ids, rows);
  return { credentials: await again(), again, dump: async () => dumpOf(rows), close: async () => {} };
});
