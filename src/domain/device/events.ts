/**
 * What is remembered of a device, in stream `device-<deviceId>`.
 * These names and shapes are stored: never rename, never reuse; a new shape is a new version (ADR 0004).
 */
import type { AccountId, DeviceId } from '../kernel/ids.js';
import type { Instant } from '../kernel/instant.js';
import type { Personal } from '../kernel/personal.js';

export type DeviceKeyAlgorithm = 'ES256' | 'EdDSA';

export type DeviceEvent =
  | {
      readonly type: 'DeviceLinked';
      readonly data: {
        readonly deviceId: DeviceId;
        readonly accountId: AccountId;
        readonly keyAlgorithm: DeviceKeyAlgorithm;
        /** The public key as SubjectPublicKeyInfo, base64url. It signs this device's refreshes. */
        readonly publicKey: Personal<string>;
        readonly name: Personal<string>;
        readonly linkedAt: Instant;
      };
    }
  | {
      readonly type: 'DeviceRenamed';
      readonly data: {
        readonly deviceId: DeviceId;
        readonly accountId: AccountId;
        readonly name: Personal<string>;
        readonly renamedAt: Instant;
      };
    }
  | {
      readonly type: 'DeviceRevoked';
      readonly data: { readonly deviceId: DeviceId; readonly accountId: AccountId; readonly revokedAt: Instant };
    };
