/**
 * Device keys by the machine's own cryptography: ECDSA over P-256 with SHA-256 (ES256), and Ed25519 (EdDSA).
 * A key is known by its canonical form alone, so a key spelled in two ways is one device. What cannot be read proves nothing.
 */
import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto';
import type { DeviceKey, KeyProofs } from '../../application/ports/key-proofs.js';
import type { DeviceKeyAlgorithm } from '../../domain/device/events.js';

const BASE64URL = /^[A-Za-z0-9_-]+$/;
/** A P-256 key takes 122; what is longer is not worth parsing. */
const KEY_CHARACTERS_MAX = 256;

export class NodeKeyProofs implements KeyProofs {
  read(publicKey: string): DeviceKey | 'unsupported' {
    const key = keyOf(publicKey);
    if (key === undefined) return 'unsupported';
    const bytes = key.object.export({ format: 'der', type: 'spki' });
    const thumbprint = createHash('sha256').update(bytes).digest('base64url');
    return { algorithm: key.algorithm, publicKey: bytes.toString('base64url'), thumbprint };
  }

  verify({ algorithm, publicKey }: Pick<DeviceKey, 'algorithm' | 'publicKey'>, message: string, signature: string): boolean {
    const key = keyOf(publicKey);
    if (key?.algorithm !== algorithm || !BASE64URL.test(signature)) return false;
    const signed = Buffer.from(signature, 'base64url');
    const digest = algorithm === 'ES256' ? 'sha256' : null;
    return verify(digest, Buffer.from(message, 'utf8'), { key: key.object, dsaEncoding: 'ieee-p1363' }, signed);
  }
}

function keyOf(publicKey: string): { readonly object: KeyObject; readonly algorithm: DeviceKeyAlgorithm } | undefined {
  if (publicKey.length > KEY_CHARACTERS_MAX || !BASE64URL.test(publicKey)) return undefined;
  try {
    const object = createPublicKey({ key: Buffer.from(publicKey, 'base64url'), format: 'der', type: 'spki' });
    const algorithm = algorithmOf(object);
    // By way of its numbers: a point may be spelled compressed or not, and would keep its spelling otherwise.
    return algorithm && { object: createPublicKey({ key: object.export({ format: 'jwk' }), format: 'jwk' }), algorithm };
  } catch {
    return undefined;
  }
}

function algorithmOf({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): DeviceKeyAlgorithm | undefined {
  if (asymmetricKeyType === 'ed25519') return 'EdDSA';
  const isP256 = asymmetricKeyType === 'ec' && asymmetricKeyDetails?.namedCurve === 'prime256v1';
  return isP256 ? 'ES256' : undefined;
}
