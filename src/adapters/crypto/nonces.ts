/** Random 96-bit nonces, cut from a pool: asking the system for twelve bytes each time costs more than the encryption. */
import { randomFillSync } from 'node:crypto';

export const NONCE_BYTES = 12;

const POOL_NONCES = 1_024;
const pool = Buffer.allocUnsafeSlow(NONCE_BYTES * POOL_NONCES);
let used = POOL_NONCES;

/** Writes a nonce that was never given out before. */
export function writeNonce(target: Buffer, offset: number): void {
  if (used === POOL_NONCES) {
    randomFillSync(pool);
    used = 0;
  }
  pool.copy(target, offset, used * NONCE_BYTES, (used + 1) * NONCE_BYTES);
  used += 1;
}
