import type { DeviceRejection } from '../../domain/device/device.js';
import { device } from '../../domain/device/device.js';
import { ok } from '../../domain/kernel/decider.js';
import type { DeviceId } from '../../domain/kernel/ids.js';
import type { Conditional } from '../../domain/kernel/version.js';
import { aggregates } from '../aggregates.js';
import type { HandleDeps } from '../handle.js';
import { handle } from '../handle.js';
import type { AccountErased, Contended, UseCase, Versioned } from '../use-case.js';

export interface RenameDevice extends Conditional {
  readonly deviceId: DeviceId;
  readonly name: string;
}

export function renameDevice(deps: HandleDeps): UseCase<RenameDevice, Versioned, DeviceRejection | AccountErased | Contended> {
  return async ({ deviceId, name, ifVersion }, context) => {
    const { accountId } = context.principal;
    const handled = await handle(
      deps,
      device,
      { stream: aggregates.device.stream(deviceId), known: { state: device.initial, revision: -1 } },
      { type: 'RenameDevice', deviceId, accountId, name, ifVersion, at: deps.clock.now() },
      context,
    );
    if (!handled.ok) return handled;
    const { revision, position } = handled.value;
    return ok({ version: revision + 1, ...(position === undefined ? {} : { position }) });
  };
}
