/** Goal: every rule of a device as an example, and what must hold for every history. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { DeviceCommand } from '../../../src/domain/device/device.js';
import { device } from '../../../src/domain/device/device.js';
import type { DeviceEvent } from '../../../src/domain/device/events.js';
import type { AccountId, DeviceId } from '../../../src/domain/kernel/ids.js';
import { instant } from '../../../src/domain/kernel/instant.js';
import { exampleId } from '../../support/example-ids.js';
import { historyOf } from '../../support/history-of.js';
import { specOf } from '../../support/spec-of-decider.js';

const deviceId = exampleId<DeviceId>(1);
const accountId = exampleId<AccountId>(2);
const stranger = exampleId<AccountId>(3);
const at = instant(1_000);
const { given } = specOf(device);

const key = { keyAlgorithm: 'EdDSA', publicKey: 'MCowBQ', name: 'Kitchen' } as const;
const linked: DeviceEvent = { type: 'DeviceLinked', data: { deviceId, accountId, ...key, linkedAt: at } };
const renamed: DeviceEvent = { type: 'DeviceRenamed', data: { deviceId, accountId, name: 'Hall', renamedAt: at } };
const revoked: DeviceEvent = { type: 'DeviceRevoked', data: { deviceId, accountId, revokedAt: at } };
const link: DeviceCommand = { type: 'LinkDevice', deviceId, accountId, ...key, at };
const rename: DeviceCommand = { type: 'RenameDevice', deviceId, accountId, name: 'Hall', at };
const revoke: DeviceCommand = { type: 'RevokeDevice', deviceId, accountId, at };

describe('a device', () => {
  it('is linked once, with its key and name', () => {
    given().when(link).then(linked);
  });

  it('that is linked again stays as it is, so that a sign-in can be repeated', () => {
    given(linked).when(link).thenNothing();
    given(linked, renamed).when(link).thenNothing();
  });

  it('is renamed by its account', () => {
    given(linked).when(rename).then(renamed);
  });

  it('is revoked by its account, and a second time changes nothing', () => {
    given(linked).when(revoke).then(revoked);
    given(linked, revoked).when(revoke).thenNothing();
  });

  it('that is revoked is neither linked nor renamed again', () => {
    given(linked, revoked).when(link).thenRejected({ type: 'DeviceRevokedAlready' });
    given(linked, revoked).when(rename).thenRejected({ type: 'DeviceRevokedAlready' });
  });

  it('that was never linked does not exist', () => {
    given().when(rename).thenRejected({ type: 'DeviceNotFound' });
    given().when(revoke).thenRejected({ type: 'DeviceNotFound' });
  });

  it.each([link, rename, revoke])('of somebody else does not exist: %j', (command) => {
    given(linked)
      .when({ ...command, accountId: stranger })
      .thenRejected({ type: 'DeviceNotFound' });
  });

  it.each([rename, revoke])('of somebody else does not exist when it is revoked either: %j', (command) => {
    given(linked, revoked)
      .when({ ...command, accountId: stranger })
      .thenRejected({ type: 'DeviceNotFound' });
  });

  it.each([rename, revoke])('is changed on condition from the version that is named only: %j', (command) => {
    const stale = { type: 'VersionMismatch', currentVersion: 2 } as const;
    for (const ifVersion of [0, 1, 3])
      given(linked, renamed)
        .when({ ...command, ifVersion })
        .thenRejected(stale);
    const change = command.type === 'RenameDevice' ? renamed : revoked;
    given(linked, renamed)
      .when({ ...command, ifVersion: 2 })
      .then(change);
  });

  it('folds to whose it is and whether it is revoked', () => {
    given(linked, renamed).thenState({ status: 'linked', accountId, version: 2 });
    given(linked, renamed, revoked).thenState({ status: 'revoked', accountId, version: 3 });
  });
});

describe('every history of a device', () => {
  const commands = fc.array(
    fc.tuple(fc.constantFrom(link, rename, revoke), fc.constantFrom(accountId, stranger)).map(([command, who]) => ({
      ...command,
      accountId: who,
    })),
    { maxLength: 30 },
  );

  it('folds, in whatever order its events come', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(linked, renamed, revoked)), (history) => {
        expect(() => historyOf(device, []).stateAfter(history)).not.toThrow();
      }),
    );
  });

  it('belongs to one account, ends with its revocation, and is what its events fold to', () => {
    fc.assert(
      fc.property(commands, (asked) => {
        const { events, state, stateAfter } = historyOf(device, asked);
        expect(state).toEqual(stateAfter(events));
        expect(new Set(events.map(({ data }) => data.accountId)).size).toBeLessThanOrEqual(1);
        const end = events.findIndex(({ type }) => type === 'DeviceRevoked');
        if (end !== -1) expect(end).toBe(events.length - 1);
      }),
    );
  });
});
