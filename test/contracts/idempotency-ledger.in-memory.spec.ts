import { InMemoryIdempotencyLedger, type LedgerRows } from '../../src/adapters/in-memory/in-memory-idempotency-ledger.js';
import { CountingIdSource } from '../support/counting-id-source.js';
import { dumpOf } from '../support/dump.js';
import { idempotencyLedgerContract } from './idempotency-ledger.contract.js';

const SECRET = Buffer.alloc(32, 7);

idempotencyLedgerContract('in-memory', async () => {
  const rows: LedgerRows = new Map();
  const ids = new CountingIdSource('idempotency-ledger');
  const again = async () => new InMemoryIdempotencyLedger(SECRET, ids, rows);
  return { ledger: await again(), again, dump: async () => dumpOf(rows), close: async () => {} };
});
