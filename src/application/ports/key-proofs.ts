/**
 * What a device proves with its key. A pure function of its inputs, so one adapter is enough (ADR 0009).
 */
import type { DeviceKeyAlgorithm } from '../../domain/device/events.js';

export interface DeviceKey {
  readonly algorithm: DeviceKeyAlgorithm;
  /** SubjectPublicKeyInfo, base64url, in its one canonical form. */
  readonly publicKey: string;
  /** SHA-256 of the key, base64url: the same key has the same thumbprint. */
  readonly thumbprint: string;
}

export interface KeyProofs {
  /** Reads a public key given as SubjectPublicKeyInfo in base64url: P-256 or Ed25519, nothing else. */
  read(publicKey: string): DeviceKey | 'unsupported';

  /** Whether the signature (base64url; for P-256 as r and s of 32 bytes each) is the key's over the UTF-8 bytes of the message. */
  verify(key: Pick<DeviceKey, 'algorithm' | 'publicKey'>, message: string, signature: string): boolean;
}
