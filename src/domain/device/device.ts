import type { Decider, Result } from '../kernel/decider.js';
import { ok, rejected, unreachable } from '../kernel/decider.js';
import type { AccountId, DeviceId } from '../kernel/ids.js';
import type { Instant } from '../kernel/instant.js';
import type { Conditional, VersionMismatch } from '../kernel/version.js';
import { versionMismatch } from '../kernel/version.js';
import type { DeviceEvent, DeviceKeyAlgorithm } from './events.js';

export type Device =
  | { readonly status: 'absent' }
  | { readonly status: 'linked' | 'revoked'; readonly accountId: AccountId; readonly version: number };

export type DeviceCommand =
  | {
      readonly type: 'LinkDevice';
      readonly deviceId: DeviceId;
      readonly accountId: AccountId;
      readonly keyAlgorithm: DeviceKeyAlgorithm;
      readonly publicKey: string;
      readonly name: string;
      readonly at: Instant;
    }
  | ({
      readonly type: 'RenameDevice';
      readonly deviceId: DeviceId;
      readonly accountId: AccountId;
      readonly name: string;
      readonly at: Instant;
    } & Conditional)
  | ({
      readonly type: 'RevokeDevice';
      readonly deviceId: DeviceId;
      readonly accountId: AccountId;
      readonly at: Instant;
    } & Conditional);

export type DeviceRejection = { readonly type: 'DeviceNotFound' } | { readonly type: 'DeviceRevokedAlready' } | VersionMismatch;

const versionOf = (state: Device): number => (state.status === 'absent' ? 0 : state.version);

function evolve(state: Device, event: DeviceEvent): Device {
  switch (event.type) {
    case 'DeviceLinked':
      return { status: 'linked', accountId: event.data.accountId, version: 1 };
    case 'DeviceRenamed':
      return state.status === 'absent' ? state : { ...state, version: state.version + 1 };
    case 'DeviceRevoked':
      return { status: 'revoked', accountId: event.data.accountId, version: versionOf(state) + 1 };
    default:
      return unreachable(event);
  }
}

function decide(command: DeviceCommand, state: Device): Result<readonly DeviceEvent[], DeviceRejection> {
  // A device is known to its own account only: to everyone else it does not exist.
  if (command.type !== 'LinkDevice' && (state.status === 'absent' || state.accountId !== command.accountId)) {
    return rejected({ type: 'DeviceNotFound' });
  }
  switch (command.type) {
    case 'LinkDevice': {
      if (state.status === 'revoked') return rejected({ type: 'DeviceRevokedAlready' });
      if (state.status === 'linked') return state.accountId === command.accountId ? ok([]) : rejected({ type: 'DeviceNotFound' });
      const { type: _, at, ...device } = command;
      return ok([{ type: 'DeviceLinked', data: { ...device, linkedAt: at } }]);
    }
    case 'RenameDevice': {
      if (state.status === 'revoked') return rejected({ type: 'DeviceRevokedAlready' });
      const stale = versionMismatch(command, versionOf(state));
      if (stale) return stale;
      const { deviceId, accountId, name, at } = command;
      return ok([{ type: 'DeviceRenamed', data: { deviceId, accountId, name, renamedAt: at } }]);
    }
    case 'RevokeDevice': {
      if (state.status === 'revoked') return ok([]);
      const stale = versionMismatch(command, versionOf(state));
      if (stale) return stale;
      const { deviceId, accountId, at } = command;
      return ok([{ type: 'DeviceRevoked', data: { deviceId, accountId, revokedAt: at } }]);
    }
    default:
      return unreachable(command);
  }
}

export const device: Decider<DeviceCommand, DeviceEvent, Device, DeviceRejection> = {
  initial: { status: 'absent' },
  evolve,
  decide,
};
