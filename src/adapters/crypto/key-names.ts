/** Names of the key-encryption keys of a key store, and what they bind rings to. Stored: a change orphans every ring. */
import { createHash } from 'node:crypto';
import type { RootKeys } from '../../application/ports/root-keys.js';
import type { Subject } from '../../application/ports/subject-keys.js';
import type { RingRow } from './key-rows.js';
import { joined } from './wrapped-bytes.js';

export const kekName = (storeId: string, bucket: number, generation: number): string =>
  `rings-${storeId}-${bucket}-${generation}`;

export const ringBinding = (row: Pick<RingRow, 'bucket' | 'generation' | 'subjectRef'>): string =>
  joined('ring', row.bucket, row.generation, row.subjectRef);

export const bucketOf = (subjectRef: string, buckets: number): number =>
  createHash('sha256').update(subjectRef).digest().readUInt32BE(0) % buckets;

const DIGEST_PURPOSE = 'erased-subject';

/** What stays of an erased subject, so that it is never registered again. */
export const erasedDigest = async (rootKeys: RootKeys, subject: Subject): Promise<string> =>
  Buffer.from(await rootKeys.mac(DIGEST_PURPOSE, subject)).toString('hex');
