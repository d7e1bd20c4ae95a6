/** Chance from a seed, quick enough to be asked a million times: the same seed gives the same answers for ever. */
import type { IdSource } from '../../src/application/ports/id-source.js';

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

export class Chance implements IdSource {
  private state: [number, number, number, number];

  constructor(seed: string | number) {
    this.state = seeded(String(seed));
    for (let round = 0; round < 12; round += 1) this.next();
  }

  uuid(): string {
    const bytes = this.bytes(16);
    bytes[6] = (bytes[6]! & 0x0f) | 0x40;
    bytes[8] = (bytes[8]! & 0x3f) | 0x80;
    let text = '';
    for (const [index, byte] of bytes.entries())
      text += (index === 4 || index === 6 || index === 8 || index === 10 ? '-' : '') + HEX[byte];
    return text;
  }

  digits(count: number): string {
    let text = '';
    for (let index = 0; index < count; index += 1) text += this.below(10);
    return text;
  }

  fraction(): number {
    return this.next() / 2 ** 32;
  }

  below(end: number): number {
    return Math.floor(this.fraction() * end);
  }

  between(low: number, high: number): number {
    return low + this.below(high - low + 1);
  }

  happens(rate: number): boolean {
    return rate > 0 && this.fraction() < rate;
  }

  pick<Item>(from: readonly Item[]): Item {
    return from[this.below(from.length)]!;
  }

  /** One of the items, the more often the larger its weight. */
  weighted<Item>(from: readonly (readonly [weight: number, item: Item])[]): Item {
    let left = this.fraction() * from.reduce((sum, [weight]) => sum + weight, 0);
    for (const [weight, item] of from) {
      left -= weight;
      if (left < 0) return item;
    }
    return from.at(-1)![1];
  }

  bytes(size: number): Buffer {
    const bytes = Buffer.alloc(size);
    for (let at = 0; at < size; at += 4) {
      const word = this.next();
      for (let index = at; index < at + 4 && index < size; index += 1) bytes[index] = (word >>> (8 * (index - at))) & 0xff;
    }
    return bytes;
  }

  /** sfc32. */
  private next(): number {
    const [a, b, c, count] = this.state;
    const sum = (((a + b) | 0) + count) | 0;
    this.state = [b ^ (b >>> 9), (c + (c << 3)) | 0, (((c << 21) | (c >>> 11)) + sum) | 0, (count + 1) | 0];
    return sum >>> 0;
  }
}

function seeded(text: string): [number, number, number, number] {
  const words: number[] = [];
  for (let word = 0; word < 4; word += 1) {
    let hash = 2166136261 ^ (word * 0x9e3779b9);
    for (let index = 0; index < text.length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), 16777619);
    words.push(Math.imul(hash ^ (hash >>> 15), 2246822507) | 0);
  }
  return words as [number, number, number, number];
}
