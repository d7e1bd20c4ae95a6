/**
 * The devices of an account, revoked ones included. A device is known to its own account only.
 */
import type { DeviceKeyAlgorithm } from '../domain/device/events.js';
import type { AccountId, DeviceId } from '../domain/kernel/ids.js';
import type { Instant } from '../domain/kernel/instant.js';
import type { Personal } from '../domain/kernel/personal.js';
import { collectionOf } from './kernel/collection.js';
import { defineProjection } from './kernel/projection.js';
import { everything } from './kernel/reading.js';
import type { Views } from './kernel/views.js';

export interface DeviceDocument {
  readonly accountId: AccountId;
  readonly deviceId: DeviceId;
  readonly name?: Personal<string>;
  readonly keyAlgorithm: DeviceKeyAlgorithm;
  readonly publicKey?: Personal<string>;
  readonly linkedAt: Instant;
  readonly revokedAt?: Instant;
  readonly changedAt: Instant;
  readonly version: number;
  /** Where the device changed last. */
  readonly position: number;
}

const collection = collectionOf<DeviceDocument>()({
  name: 'devices.v1',
  fields: { accountId: 'text', deviceId: 'text' },
  key: ['accountId', 'deviceId'],
  indexes: {},
  personal: ['name', 'publicKey'],
});

const STREAM = 'device-';

export const devices = defineProjection(collection)({
  name: 'devices',
  version: 1,
  on: {
    DeviceLinked: ({ data: { accountId, deviceId, linkedAt, ...rest } }, { revision, position }) => [
      {
        verb: 'upsert',
        key: { accountId, deviceId },
        doc: { ...rest, linkedAt, changedAt: linkedAt, version: revision + 1, position },
      },
    ],
    DeviceRenamed: ({ data: { accountId, deviceId, name, renamedAt } }, { revision, position }) => [
      { verb: 'patch', key: { accountId, deviceId }, set: { name, changedAt: renamedAt, version: revision + 1, position } },
    ],
    DeviceRevoked: ({ data: { accountId, deviceId, revokedAt } }, { revision, position }) => [
      {
        verb: 'patch',
        key: { accountId, deviceId },
        set: { revokedAt, changedAt: revokedAt, version: revision + 1, position },
      },
    ],
    // The feed key of a device's stream is its account.
    '$stream-removed': ({ data: { stream } }, { feedKey }) =>
      stream.startsWith(STREAM)
        ? [
            {
              verb: 'remove',
              key: { accountId: feedKey as AccountId, deviceId: stream.slice(STREAM.length) as DeviceId },
            },
          ]
        : [],
  },
});

/** One's own devices, in no order that says anything. */
export const devicesOf = (views: Views, asker: AccountId): Promise<readonly DeviceDocument[]> =>
  everything(views, collection, { equal: { accountId: asker } }, 'deviceId');
