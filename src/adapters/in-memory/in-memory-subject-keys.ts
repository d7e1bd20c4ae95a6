/**
 * Subject keys that live as long as the process: the same rings, buckets and leases as on a disk, over tables in memory.
 */
import type { Clock } from '../../application/ports/clock.js';
import type { RootKeys } from '../../application/ports/root-keys.js';
import { type KeyStoreOptions, RingSubjectKeys, startKeyStore } from '../crypto/ring-subject-keys.js';
import { InMemoryKeyRows } from './in-memory-key-rows.js';

export class InMemorySubjectKeys extends RingSubjectKeys {
  static async open(
    rootKeys: RootKeys,
    clock: Clock,
    rows = new InMemoryKeyRows(),
    options: KeyStoreOptions = {},
  ): Promise<InMemorySubjectKeys> {
    return new InMemorySubjectKeys(await startKeyStore(rows, rootKeys, clock, options));
  }
}
