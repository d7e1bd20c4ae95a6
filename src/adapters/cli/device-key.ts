/**
 * The key pair of a device. The private half is made here and stays here; the server knows the public half only, and
 * a refresh token that was stolen without the key is worth nothing (ADR 0018).
 */
import type { KeyObject } from 'node:crypto';
import { createPrivateKey, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';

export type KeyAlgorithm = 'Ed25519' | 'P-256';

export class DevicePrivateKey {
  private constructor(private readonly key: KeyObject) {}

  static generate(algorithm: KeyAlgorithm = 'Ed25519'): DevicePrivateKey {
    const pair =
      algorithm === 'Ed25519' ? generateKeyPairSync('ed25519') : generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    return new DevicePrivateKey(pair.privateKey);
  }

  /** Reads what `toText` gave. */
  static fromText(text: string): DevicePrivateKey {
    return new DevicePrivateKey(createPrivateKey({ key: Buffer.from(text, 'base64url'), format: 'der', type: 'pkcs8' }));
  }

  toText(): string {
    return this.key.export({ format: 'der', type: 'pkcs8' }).toString('base64url');
  }

  /** SubjectPublicKeyInfo, base64url. */
  get publicKey(): string {
    return createPublicKey(this.key).export({ format: 'der', type: 'spki' }).toString('base64url');
  }

  /** Over the UTF-8 bytes of the message; for P-256 as r and s of 32 bytes each. */
  sign(message: string): string {
    const bytes = Buffer.from(message, 'utf8');
    const signature =
      this.key.asymmetricKeyType === 'ed25519'
        ? sign(null, bytes, this.key)
        : sign('sha256', bytes, { key: this.key, dsaEncoding: 'ieee-p1363' });
    return signature.toString('base64url');
  }
}
