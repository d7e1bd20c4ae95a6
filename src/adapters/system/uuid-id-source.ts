/** Chance from the operating system's generator: none of it can be foretold. */
import { randomInt, randomUUID } from 'node:crypto';
import type { IdSource } from '../../application/ports/id-source.js';

const FRACTION_STEPS = 2 ** 47;

export class UuidIdSource implements IdSource {
  uuid(): string {
    return randomUUID();
  }

  digits(count: number): string {
    let text = '';
    for (let index = 0; index < count; index += 1) text += randomInt(10);
    return text;
  }

  fraction(): number {
    return randomInt(FRACTION_STEPS) / FRACTION_STEPS;
  }
}
