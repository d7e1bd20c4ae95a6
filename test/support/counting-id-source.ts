/** Ids that look random and are the same in every run with the same seed. Two seeds give two unrelated sequences. */
import { createHash } from 'node:crypto';
import type { IdSource } from '../../src/application/ports/id-source.js';

export class CountingIdSource implements IdSource {
  private count = 0;

  constructor(private readonly seed: string | number = 0) {}

  uuid(): string {
    const bytes = this.next().subarray(0, 16);
    bytes[6] = (bytes[6]! & 0x0f) | 0x40;
    bytes[8] = (bytes[8]! & 0x3f) | 0x80;
    return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  }

  digits(count: number): string {
    let text = '';
    for (let index = 0; index < count; index += 1) text += Math.floor(this.fraction() * 10);
    return text;
  }

  fraction(): number {
    return this.next().readUIntBE(0, 6) / 2 ** 48;
  }

  private next(): Buffer {
    this.count += 1;
    return createHash('sha256').update(`${this.seed}:${this.count}`).digest();
  }
}
