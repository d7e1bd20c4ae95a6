import { InMemorySnapshots } from '../../src/adapters/in-memory/in-memory-snapshots.js';
import { snapshotsContract } from './snapshots.contract.js';

snapshotsContract('in-memory', async () => ({ snapshots: new InMemorySnapshots(), close: async () => {} }));
