/**
 * What a key store does before its first use: it is created, or proved to belong to these root keys.
 * A key that is missing must stop the start: served as it is, the store would answer that living people were erased.
 */
import { randomBytes } from 'node:crypto';
import { StartRefused } from '../../application/ports/failures.js';
import type { RootKeys } from '../../application/ports/root-keys.js';
import { kekName, ringBinding } from './key-names.js';
import type { KeyRows, KeyStoreSettings, RingRow } from './key-rows.js';
import { sameBytes } from './keyed-hash.js';

const CHECK_PURPOSE = 'key-store-check';

/** Creates the store, or checks that it was created with this root key. */
export async function settledStore(rows: KeyRows, rootKeys: RootKeys, buckets: number): Promise<KeyStoreSettings> {
  if (!(Number.isInteger(buckets) && buckets > 0)) throw new Error(`A key store cannot have ${buckets} buckets.`);
  const storeId = randomBytes(8).toString('hex');
  return proved(await rows.settle({ storeId, buckets, check: await checkOf(rootKeys, storeId) }), rootKeys);
}

/** The settings of a store that is there, proved in the same way; for whoever only reads. */
export async function presentStore(rows: KeyRows, rootKeys: RootKeys): Promise<KeyStoreSettings> {
  const settings = await rows.settings();
  if (settings === undefined) throw new StartRefused('The key store is empty: restore it from its own backup.');
  return proved(settings, rootKeys);
}

async function proved(settings: KeyStoreSettings, rootKeys: RootKeys): Promise<KeyStoreSettings> {
  const expected = await checkOf(rootKeys, settings.storeId);
  if (!sameBytes(Buffer.from(settings.check), Buffer.from(expected))) {
    throw new StartRefused(
      'The root key is not the one that the key store was made with: put back the keys folder that belongs to it.',
    );
  }
  return settings;
}

/** Every bucket can be written under its key, and what it holds opens. */
export async function readyBuckets(rows: KeyRows, rootKeys: RootKeys, settings: KeyStoreSettings): Promise<void> {
  for (let bucket = 0; bucket < settings.buckets; bucket += 1) {
    while (!(await isReady(rows, rootKeys, settings.storeId, bucket)));
  }
}

async function isReady(rows: KeyRows, rootKeys: RootKeys, storeId: string, bucket: number): Promise<boolean> {
  const generation = await rows.generation(bucket);
  const [ring] = await rows.ringsIn(bucket, 1);
  if (ring === undefined) {
    if ((await rootKeys.create(kekName(storeId, bucket, generation))) !== 'destroyed') return true;
    await rows.moveEmptyBucket(bucket, generation, generation + 1);
    return false;
  }
  if (await opens(rootKeys, storeId, ring)) return true;
  // Another process may have moved the bucket on between the two looks.
  if ((await rows.generation(bucket)) !== generation) return false;
  throw new StartRefused(
    'A key that wraps key rings is missing: put back the newest key store and the keys folder of the same moment; a key store from before an erasure does not open.',
  );
}

async function opens(rootKeys: RootKeys, storeId: string, ring: RingRow): Promise<boolean> {
  try {
    const plain = await rootKeys.unwrap(kekName(storeId, ring.bucket, ring.generation), ringBinding(ring), ring.wrapped);
    if (plain === 'absent') return false;
    plain.fill(0);
    return true;
  } catch (cause) {
    throw new StartRefused('The key store and the keys folder do not belong together: put back the two of the same moment.', {
      cause,
    });
  }
}

async function checkOf(rootKeys: RootKeys, storeId: string): Promise<string> {
  return Buffer.from(await rootKeys.mac(CHECK_PURPOSE, storeId)).toString('base64url');
}
