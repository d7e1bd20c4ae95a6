import type { DeviceRejection } from '../../domain/device/device.js';
import { device } from '../../domain/device/device.js';
import { ok } from '../../domain/kernel/decider.js';
import type { DeviceId } from '../../domain/kernel/ids.js';
import { aggregates } from '../aggregates.js';
import type { HandleDeps } from '../handle.js';
import { handle } from '../handle.js';
import type { AccountErased, Contended, UseCase, Written } from '../use-case.js';

export interface RenameDevice {
  readonly deviceId: DeviceId;
  readonly name: string;
}

export function renameDevice(
  deps: HandleDeps,
): UseCase<RenameDevice, Partial<Written>, DeviceRejection | AccountErased | Contended> {
  return async ({ deviceId, name }, context) => {
    const { accountId } = context.principal;
    const handled = await handle(
      deps,
      device,
      { stream: aggregates.device.stream(deviceId), known: { state: device.initial, revision: -1 } },
      { type: 'RenameDevice', deviceId, accountId, name, at: deps.clock.now() },
      context,
    );
    if (!handled.ok) return handled;
    return ok(handled.value.position === undefined ? {} : { position: handled.value.position });
  };
}
