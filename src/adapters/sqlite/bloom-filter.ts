/** Says "certainly not in this set" for about 997 of 1,000 keys that are not in it; for one that is, never. */

const BITS_PER_KEY = 12;
const PROBES = 8;

export class BloomFilter {
  private readonly bits: number;

  private constructor(readonly bytes: Uint8Array) {
    this.bits = bytes.length * 8;
  }

  static forKeys(count: number): BloomFilter {
    return new BloomFilter(new Uint8Array(Math.ceil((Math.max(count, 1) * BITS_PER_KEY) / 8)));
  }

  static fromBytes(bytes: Uint8Array): BloomFilter {
    return new BloomFilter(bytes);
  }

  /** The key is a hash already, evenly spread over 53 bits: its two halves make all the probes. */
  add(key: number): void {
    const step = stepOf(key);
    let probe = key >>> 0;
    for (let n = 0; n < PROBES; n += 1) {
      const bit = probe % this.bits;
      this.bytes[bit >>> 3]! |= 1 << (bit & 7);
      probe = (probe + step) >>> 0;
    }
  }

  mayHave(key: number): boolean {
    const step = stepOf(key);
    let probe = key >>> 0;
    for (let n = 0; n < PROBES; n += 1) {
      const bit = probe % this.bits;
      if ((this.bytes[bit >>> 3]! & (1 << (bit & 7))) === 0) return false;
      probe = (probe + step) >>> 0;
    }
    return true;
  }
}

const stepOf = (key: number): number => Math.imul(Math.floor(key / 0x1_0000_0000) | 1, 0x9e37_79b1) >>> 0;
