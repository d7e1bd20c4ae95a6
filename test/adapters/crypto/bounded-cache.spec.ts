import { describe, expect, it } from '@jest/globals';
import { BoundedCache, BoundedPairCache } from '../../../src/adapters/crypto/bounded-cache.js';

const ENTRIES_MAX = 10;
const keys = Array.from({ length: 1_000 }, (_, at) => `key-${at}`);

describe('a bounded cache', () => {
  it('never holds more than twice its size, and always what was set last', () => {
    const cache = new BoundedCache<string>(ENTRIES_MAX);
    for (const key of keys) {
      cache.set(key, key);
      expect(cache.get(key)).toBe(key);
    }
    const held = keys.filter((key) => cache.get(key) !== undefined);
    expect(held.length).toBeLessThanOrEqual(2 * ENTRIES_MAX);
    expect(held).toContain(keys.at(-1));
  });

  it('keeps what is asked for, and lets go of what is not', () => {
    const cache = new BoundedCache<string>(ENTRIES_MAX);
    cache.set('wanted', 'value');
    cache.set('forgotten', 'value');
    for (const key of keys) {
      cache.set(key, key);
      expect(cache.get('wanted')).toBe('value');
    }
    expect(cache.get('forgotten')).toBeUndefined();
  });

  it('has nothing after it was cleared, and not what was deleted, in whichever generation it was', () => {
    const cache = new BoundedCache<string>(ENTRIES_MAX);
    for (const key of keys.slice(0, 15)) cache.set(key, key);
    const [first, last] = [keys[5]!, keys[14]!];
    cache.get(first);
    for (const key of [first, last]) cache.delete(key);
    expect([cache.get(first), cache.get(last), cache.get(keys[12]!)]).toEqual([undefined, undefined, keys[12]]);
    cache.clear();
    expect(keys.filter((key) => cache.get(key) !== undefined)).toEqual([]);
  });
});

describe('a bounded cache of pairs', () => {
  const owners = ['ada', 'bea', 'cleo'];
  const heldBy = (cache: BoundedPairCache<string>, owner: string) => keys.filter((key) => cache.get(owner, key) !== undefined);

  it('never holds more than twice its size over all owners', () => {
    const cache = new BoundedPairCache<string>(ENTRIES_MAX);
    for (const [at, key] of keys.entries()) {
      const owner = owners[at % 3]!;
      cache.set(owner, key, key + owner);
      expect(cache.get(owner, key)).toBe(key + owner);
    }
    expect(owners.flatMap((owner) => heldBy(cache, owner)).length).toBeLessThanOrEqual(2 * ENTRIES_MAX);
  });

  it('keeps what is asked for, and tells owners apart', () => {
    const cache = new BoundedPairCache<string>(ENTRIES_MAX);
    for (const owner of owners) cache.set(owner, 'wanted', owner);
    for (const key of keys) {
      cache.set('ada', key, key);
      for (const owner of owners) expect(cache.get(owner, 'wanted')).toBe(owner);
    }
  });

  it('has nothing of an owner who was deleted, in whichever generation it was, and all of the others', () => {
    const cache = new BoundedPairCache<string>(ENTRIES_MAX);
    for (const key of keys.slice(0, 7)) for (const owner of ['ada', 'bea']) cache.set(owner, key, owner);
    cache.get('ada', keys[0]!);
    const before = heldBy(cache, 'bea').length;
    cache.delete('ada');
    expect([heldBy(cache, 'ada').length, heldBy(cache, 'bea').length]).toEqual([0, before]);
    cache.clear();
    expect(heldBy(cache, 'bea')).toEqual([]);
  });
});
