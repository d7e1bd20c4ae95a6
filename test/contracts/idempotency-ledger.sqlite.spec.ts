import { SqliteIdempotencyLedger } from '../../src/adapters/sqlite/sqlite-idempotency-ledger.js';
import { AccountsFile } from '../support/accounts-file.js';
import { CountingIdSource } from '../support/counting-id-source.js';
import { idempotencyLedgerContract } from './idempotency-ledger.contract.js';

const SECRET = Buffer.alloc(32, 7);

idempotencyLedgerContract('sqlite', async () => {
  const file = await AccountsFile.make();
  const ids = new CountingIdSource('idempotency-ledger');
  const again = async () => new SqliteIdempotencyLedger(file.connect(), SECRET, ids);
  return { ledger: await again(), again, dump: async () => file.dump(), close: () => file.close() };
});
