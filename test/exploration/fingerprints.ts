/**
 * Which states have been seen: 64 bits of each, since millions of them must fit into memory. Among a hundred million states
 * the odds that two share their bits, so that one is missed, are below one in three thousand.
 */
const START_SLOTS = 1 << 16;
const FULL = 0.6;

export class Fingerprints {
  private slots = new Uint32Array(2 * START_SLOTS);
  size = 0;
  private high = 0;
  private low = 0;

  has(numbers: readonly number[]): boolean {
    this.fingerprint(numbers);
    return this.find() === undefined;
  }

  /** False when it was there. */
  add(numbers: readonly number[]): boolean {
    this.fingerprint(numbers);
    const free = this.find();
    if (free === undefined) return false;
    this.slots[free] = this.high;
    this.slots[free + 1] = this.low;
    this.size += 1;
    if (this.size > (this.slots.length / 2) * FULL) this.grow();
    return true;
  }

  /** Two lanes of the mixing of MurmurHash3, from different beginnings. */
  private fingerprint(numbers: readonly number[]): void {
    let high = 0x9747b28c ^ numbers.length;
    let low = 0x3c6ef372 ^ numbers.length;
    for (const number of numbers) {
      high = mixed(high, number, 0xcc9e2d51, 0x1b873593);
      low = mixed(low, number, 0x239b961b, 0xab0e9789);
    }
    this.high = finished(high);
    // Both zero marks a free slot.
    this.low = finished(low ^ high) || 1;
  }

  /** Where it would go, or undefined when it is there. */
  private find(): number | undefined {
    const { slots, high, low } = this;
    const mask = slots.length / 2 - 1;
    for (let at = (high ^ low) & mask; ; at = (at + 1) & mask) {
      const slot = 2 * at;
      if (slots[slot + 1] === 0) return slot;
      if (slots[slot] === high && slots[slot + 1] === low) return undefined;
    }
  }

  private grow(): void {
    const old = this.slots;
    this.slots = new Uint32Array(2 * old.length);
    for (let slot = 0; slot < old.length; slot += 2) {
      if (old[slot + 1] === 0) continue;
      this.high = old[slot]!;
      this.low = old[slot + 1]!;
      const free = this.find()!;
      this.slots[free] = this.high;
      this.slots[free + 1] = this.low;
    }
  }
}

function mixed(hash: number, number: number, one: number, other: number): number {
  let part = Math.imul(number, one);
  part = Math.imul((part << 15) | (part >>> 17), other);
  const next = hash ^ part;
  return (Math.imul((next << 13) | (next >>> 19), 5) + 0xe6546b64) | 0;
}

function finished(hash: number): number {
  let last = hash ^ (hash >>> 16);
  last = Math.imul(last, 0x85ebca6b);
  last = Math.imul(last ^ (last >>> 13), 0xc2b2ae35);
  return (last ^ (last >>> 16)) >>> 0;
}
