/**
 * What all root keys promise. Goal: what was wrapped opens with its own key alone, and with nothing once that is destroyed.
 * Method: `again` opens the same keys once more, as another process or after a restart would.
 */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { RootKeys } from '../../src/application/ports/root-keys.js';

export interface RootKeysUnderTest {
  readonly keys: RootKeys;
  again(): Promise<RootKeys>;
  close(): Promise<void>;
}

const PLAIN = Buffer.from('thirty-two bytes of key material');
const bytesOf = (answer: Uint8Array | 'absent'): Buffer => {
  if (answer === 'absent') throw new Error('The key is absent.');
  return Buffer.from(answer);
};

export function rootKeysContract(name: string, open: () => Promise<RootKeysUnderTest>): void {
  describe(`RootKeys: ${name}`, () => {
    let under: RootKeysUnderTest;
    let keys: RootKeys;

    beforeEach(async () => {
      under = await open();
      keys = under.keys;
    });
    afterEach(() => under.close());

    const wrapped = async (keyName = 'one', context = 'here'): Promise<Buffer> =>
      bytesOf(await keys.wrap(keyName, context, PLAIN));

    describe('as a whole', () => {
      it('The keys that wrap keys, of one deployment alone: those of another open nothing here and give other codes.', async () => {
        const other = await open();
        try {
          await keys.create('one');
          await other.keys.create('one');
          const bytes = await wrapped();
          await expect(other.keys.unwrap('one', 'here', bytes)).rejects.toThrow();
          expect(Buffer.from(await other.keys.mac('purpose', 'data'))).not.toEqual(
            Buffer.from(await keys.mac('purpose', 'data')),
          );
        } finally {
          await other.close();
        }
      });

      it('What was wrapped before a restart opens after it.', async () => {
        await keys.create('one');
        const bytes = await wrapped();
        expect(bytesOf(await (await under.again()).unwrap('one', 'here', bytes))).toEqual(PLAIN);
      });

      it('Kept apart from the data and the key store (ADR 0012).', async () => {
        await keys.create('one');
        const bytes = await wrapped();
        expect(bytes.length).toBeGreaterThanOrEqual(PLAIN.length + 28);
        expect(bytes.includes(PLAIN)).toBe(false);
        expect(bytes.includes(PLAIN.subarray(0, 8))).toBe(false);
      });
    });

    describe('create', () => {
      it('Creates a key-encryption key under a name that was never used before; it is durable when this answers.', async () => {
        expect(await keys.create('one')).toBe('created');
        const again = await under.again();
        expect(bytesOf(await again.unwrap('one', 'here', await wrapped()))).toEqual(PLAIN);
        expect(await again.create('two')).toBe('created');
        expect(await keys.create('two')).toBe('exists');
      });

      it('Creating it a second time changes nothing.', async () => {
        await keys.create('one');
        const bytes = await wrapped();
        expect(await keys.create('one')).toBe('exists');
        expect(await (await under.again()).create('one')).toBe('exists');
        expect(bytesOf(await keys.unwrap('one', 'here', bytes))).toEqual(PLAIN);
      });

      it('A destroyed name is never created again: `destroyed`.', async () => {
        await keys.create('one');
        await keys.destroy('one');
        expect(await keys.create('one')).toBe('destroyed');
        expect(await (await under.again()).create('one')).toBe('destroyed');
        expect(await keys.wrap('one', 'here', PLAIN)).toBe('absent');
      });

      it('Of N that create one name at once exactly one is answered `created`.', async () => {
        const again = await under.again();
        const answers = await Promise.all(Array.from({ length: 8 }, (_, index) => (index % 2 ? keys : again).create('one')));
        expect(answers.toSorted()).toEqual(['created', ...Array.from({ length: 7 }, () => 'exists')]);
        expect(bytesOf(await again.unwrap('one', 'here', await wrapped()))).toEqual(PLAIN);
      });
    });

    describe('wrap', () => {
      it('Wraps bytes under a named key and binds them to the name and the context.', async () => {
        await keys.create('one');
        await keys.create('two');
        const bytes = await wrapped('one', 'here');
        expect(bytesOf(await keys.unwrap('one', 'here', bytes))).toEqual(PLAIN);
        await expect(keys.unwrap('two', 'here', bytes)).rejects.toThrow();
        await expect(keys.unwrap('one', 'there', bytes)).rejects.toThrow();
      });

      it('The same bytes never wrap to the same twice.', async () => {
        await keys.create('one');
        const all = await Promise.all(Array.from({ length: 100 }, () => wrapped()));
        expect(new Set(all.map((bytes) => bytes.toString('hex'))).size).toBe(100);
        expect(new Set(all.map((bytes) => bytes.subarray(1, 13).toString('hex'))).size).toBe(100);
      });

      it('Nothing is wrapped without a key: `absent`.', async () => {
        expect(await keys.wrap('one', 'here', PLAIN)).toBe('absent');
        await keys.create('one');
        await keys.destroy('one');
        expect(await keys.wrap('one', 'here', PLAIN)).toBe('absent');
      });
    });

    describe('unwrap', () => {
      it('Opens what `wrap` gave for the same name and context.', async () => {
        await keys.create('one');
        for (const plain of [Buffer.alloc(0), Buffer.alloc(1), PLAIN, Buffer.alloc(5_000, 7)]) {
          const bytes = bytesOf(await keys.wrap('one', 'here', plain));
          expect(bytesOf(await keys.unwrap('one', 'here', bytes))).toEqual(plain);
        }
      });

      it('`absent` when the key was destroyed or never was.', async () => {
        await keys.create('one');
        const bytes = await wrapped();
        expect(await keys.unwrap('never-was', 'here', bytes)).toBe('absent');
        await keys.destroy('one');
        expect(await keys.unwrap('one', 'here', bytes)).toBe('absent');
      });

      it('Throws when the bytes were altered or belong to another name or context.', async () => {
        await keys.create('one');
        await keys.create('two');
        const bytes = await wrapped();
        for (let bit = 0; bit < bytes.length * 8; bit += 1) {
          const altered = Buffer.from(bytes);
          altered[bit >> 3] = altered[bit >> 3]! ^ (1 << (bit & 7));
          await expect(keys.unwrap('one', 'here', altered)).rejects.toThrow();
        }
        for (const length of [0, 1, 28, bytes.length - 1]) {
          await expect(keys.unwrap('one', 'here', bytes.subarray(0, length))).rejects.toThrow();
        }
        await expect(keys.unwrap('two', 'here', bytes)).rejects.toThrow();
        await expect(keys.unwrap('one', 'her', bytes)).rejects.toThrow();
      });
    });

    describe('destroy', () => {
      it('Destroys a named key for ever: nothing that it wrapped opens again.', async () => {
        await keys.create('one');
        await keys.create('two');
        const [gone, kept] = [await wrapped('one'), await wrapped('two')];
        const again = await under.again();
        expect(bytesOf(await again.unwrap('one', 'here', gone))).toEqual(PLAIN);
        await keys.destroy('one');
        for (const each of [keys, again, await under.again()]) {
          expect(await each.unwrap('one', 'here', gone)).toBe('absent');
          expect(bytesOf(await each.unwrap('two', 'here', kept))).toEqual(PLAIN);
        }
      });

      it('A second time changes nothing.', async () => {
        await keys.create('one');
        await keys.destroy('one');
        await keys.destroy('one');
        await Promise.all([keys.destroy('one'), (await under.again()).destroy('one')]);
        expect(await keys.create('one')).toBe('destroyed');
      });

      it('A name that never was is destroyed, too: it is not created afterwards.', async () => {
        await keys.destroy('one');
        expect(await keys.create('one')).toBe('destroyed');
        expect(await (await under.again()).create('one')).toBe('destroyed');
      });
    });

    describe('mac', () => {
      it('HMAC-SHA-256 of data under a key for that purpose alone, the same after every restart; 32 bytes.', async () => {
        const again = await under.again();
        const codes = new Set<string>();
        for (const purpose of ['one', 'two', 'onet']) {
          for (const data of ['', 'wo', 'o', 'a longer text, with ä']) {
            const code = Buffer.from(await keys.mac(purpose, data));
            expect(code).toHaveLength(32);
            expect(Buffer.from(await again.mac(purpose, data))).toEqual(code);
            codes.add(code.toString('hex'));
          }
        }
        expect(codes.size).toBe(12);
      });
    });
  });
}
