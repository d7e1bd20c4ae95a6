/**
 * A key store as somebody sees it who must not change anything: nothing is created, no destruction is finished, and what
 * a server beside it destroys is gone here as it is everywhere else. Beside the keys it tells whose keys there are.
 */
import type { Clock } from '../../application/ports/clock.js';
import type { RootKeys } from '../../application/ports/root-keys.js';
import type { Subject, SubjectKeys } from '../../application/ports/subject-keys.js';
import type { SubjectFates } from '../../application/seal-check.js';
import { erasedDigest } from './key-names.js';
import type { KeyRows } from './key-rows.js';
import { presentStore } from './key-store-start.js';
import { RingSubjectKeys } from './ring-subject-keys.js';

export interface KeyStoreReading {
  readonly keys: Pick<SubjectKeys, 'open' | 'name'>;
  readonly fates: SubjectFates;
}

/** Throws `StartRefused` when there is no store, or when it and the root keys do not belong together. */
export async function readKeyStore(rows: KeyRows, rootKeys: RootKeys, clock: Clock): Promise<KeyStoreReading> {
  const settings = await presentStore(rows, rootKeys);
  const fateOf: SubjectFates['fateOf'] = async (subject) => {
    // In this order: a destruction takes the ring and leaves the digest in one step.
    if ((await rows.ringsOf([subject])).length > 0) return 'living';
    return (await rows.isErased(await erasedDigest(rootKeys, subject))) ? 'erased' : 'unknown';
  };
  async function* living(): AsyncGenerator<readonly Subject[]> {
    for (let bucket = 0; bucket < settings.buckets; bucket += 1) {
      yield (await rows.ringsIn(bucket)).map(({ subject }) => subject);
    }
  }
  return { keys: new RingSubjectKeys({ rows, rootKeys, clock, settings, options: {} }), fates: { fateOf, living } };
}
