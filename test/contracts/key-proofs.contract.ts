/** What every reader of device keys promises. Keys and signatures come from elsewhere: no adapter checks its own work. */
import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { DeviceKey, KeyProofs } from '../../src/application/ports/key-proofs.js';

const pairOf = {
  ES256: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  EdDSA: () => generateKeyPairSync('ed25519'),
};
const algorithms = ['ES256', 'EdDSA'] as const;
type Algorithm = (typeof algorithms)[number];

const spkiOf = (key: KeyObject): Buffer => key.export({ format: 'der', type: 'spki' });
const textOf = (key: KeyObject): string => spkiOf(key).toString('base64url');
const signed = (algorithm: Algorithm, key: KeyObject, message: string): Buffer =>
  sign(algorithm === 'ES256' ? 'sha256' : null, Buffer.from(message, 'utf8'), { key, dsaEncoding: 'ieee-p1363' });

/** The same P-256 key with its point spelled as one coordinate and a sign. */
function compressed(key: KeyObject): string {
  const point = spkiOf(key).subarray(-64);
  const prefix = Buffer.from('3039301306072a8648ce3d020106082a8648ce3d030107032200', 'hex');
  return Buffer.concat([prefix, Buffer.from([2 + (point[63]! & 1)]), point.subarray(0, 32)]).toString('base64url');
}

const others: [string, () => string][] = [
  ['nothing', () => ''],
  ['no base64url', () => `${textOf(pairOf.EdDSA().publicKey)}=`],
  ['plain base64', () => spkiOf(pairOf.ES256().publicKey).toString('base64').replace(/^./, '+')],
  ['bytes that are no key', () => Buffer.from('no key').toString('base64url')],
  ['a key cut short', () => spkiOf(pairOf.ES256().publicKey).subarray(0, 60).toString('base64url')],
  ['a point off the curve', () => spkiOf(pairOf.ES256().publicKey).fill(1, 27).toString('base64url')],
  ['a private key', () => pairOf.EdDSA().privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64url')],
  ['P-384', () => textOf(generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey)],
  ['secp256k1', () => textOf(generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey)],
  ['X25519', () => textOf(generateKeyPairSync('x25519').publicKey)],
  ['Ed448', () => textOf(generateKeyPairSync('ed448').publicKey)],
  ['RSA', () => textOf(generateKeyPairSync('rsa', { modulusLength: 1_024 }).publicKey)],
];

export function keyProofsContract(name: string, open: () => Promise<{ keyProofs: KeyProofs; close(): Promise<void> }>): void {
  describe(`${name} reads and verifies`, () => {
    let opened: Awaited<ReturnType<typeof open>>;
    const read = (publicKey: string): DeviceKey => {
      const key = opened.keyProofs.read(publicKey);
      if (key === 'unsupported') throw new Error('The key is unsupported.');
      return key;
    };

    beforeEach(async () => {
      opened = await open();
    });
    afterEach(() => opened.close());

    it('Reads a public key given as SubjectPublicKeyInfo in base64url: P-256 or Ed25519, nothing else.', () => {
      for (const algorithm of algorithms) {
        const publicKey = textOf(pairOf[algorithm]().publicKey);
        expect(read(publicKey)).toMatchObject({ algorithm, publicKey });
      }
      for (const [what, make] of others) expect([what, opened.keyProofs.read(make())]).toEqual([what, 'unsupported']);
    });

    it('SubjectPublicKeyInfo, base64url, in its one canonical form.', () => {
      const { publicKey } = pairOf.ES256();
      expect(compressed(publicKey)).not.toBe(textOf(publicKey));
      expect(read(compressed(publicKey))).toEqual(read(textOf(publicKey)));
      expect(read(read(compressed(publicKey)).publicKey).publicKey).toBe(textOf(publicKey));
    });

    it('SHA-256 of the key, base64url: the same key has the same thumbprint.', () => {
      for (const algorithm of algorithms) {
        const { publicKey } = pairOf[algorithm]();
        const thumbprint = createHash('sha256').update(spkiOf(publicKey)).digest('base64url');
        expect(read(textOf(publicKey)).thumbprint).toBe(thumbprint);
        expect(read(textOf(pairOf[algorithm]().publicKey)).thumbprint).not.toBe(thumbprint);
      }
    });

    it("Whether the signature (base64url; for P-256 as r and s of 32 bytes each) is the key's over the UTF-8 bytes of the message.", () => {
      const message = 'Schlüssel 🔑\n';
      for (const algorithm of algorithms) {
        const pair = pairOf[algorithm]();
        const key = read(textOf(pair.publicKey));
        const right = signed(algorithm, pair.privateKey, message);
        const verify = (text: string, signature: Buffer) => opened.keyProofs.verify(key, text, signature.toString('base64url'));
        expect(right).toHaveLength(64);
        expect(verify(message, right)).toBe(true);
        expect(verify(`${message} `, right)).toBe(false);
        expect(verify(message.normalize('NFD'), right)).toBe(false);
        for (const at of [0, 31, 32, 63]) {
          const altered = Buffer.from(right);
          altered[at]! ^= 1;
          expect(verify(message, altered)).toBe(false);
        }
        expect(verify(message, signed(algorithm, pairOf[algorithm]().privateKey, message))).toBe(false);
        for (const wrong of [Buffer.alloc(64), Buffer.alloc(64, 255), right.subarray(1), Buffer.concat([right, right])]) {
          expect(verify(message, wrong)).toBe(false);
        }
        for (const text of ['', `${right.toString('base64url')}=`, 'é'.repeat(86)]) {
          expect(opened.keyProofs.verify(key, message, text)).toBe(false);
        }
      }
    });

    it('refuses a P-256 signature in the form of certificates', () => {
      const pair = pairOf.ES256();
      const signature = sign('sha256', Buffer.from('m'), pair.privateKey).toString('base64url');
      expect(opened.keyProofs.verify(read(textOf(pair.publicKey)), 'm', signature)).toBe(false);
    });

    it('refuses a signature under the name of the other algorithm, and under what is no key', () => {
      for (const [index, algorithm] of algorithms.entries()) {
        const pair = pairOf[algorithm]();
        const signature = signed(algorithm, pair.privateKey, 'm').toString('base64url');
        const publicKey = textOf(pair.publicKey);
        expect(opened.keyProofs.verify({ algorithm, publicKey }, 'm', signature)).toBe(true);
        expect(opened.keyProofs.verify({ algorithm: algorithms[1 - index]!, publicKey }, 'm', signature)).toBe(false);
        expect(opened.keyProofs.verify({ algorithm, publicKey: 'AAAA' }, 'm', signature)).toBe(false);
      }
    });

    it('A pure function of its inputs, so one adapter is enough (ADR 0009).', () => {
      const pair = pairOf.EdDSA();
      const publicKey = textOf(pair.publicKey);
      const signature = signed('EdDSA', pair.privateKey, 'm').toString('base64url');
      const answers = () => [read(publicKey), opened.keyProofs.verify({ algorithm: 'EdDSA', publicKey }, 'm', signature)];
      const first = answers();
      opened.keyProofs.read('AAAA');
      opened.keyProofs.verify({ algorithm: 'ES256', publicKey }, 'm', signature);
      expect(answers()).toEqual(first);
    });
  });
}
