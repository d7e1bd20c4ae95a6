import type { DeviceRejection } from '../../domain/device/device.js';
import { device } from '../../domain/device/device.js';
import { ok } from '../../domain/kernel/decider.js';
import type { DeviceId } from '../../domain/kernel/ids.js';
import type { Conditional } from '../../domain/kernel/version.js';
import { aggregates } from '../aggregates.js';
import type { HandleDeps } from '../handle.js';
import { handle } from '../handle.js';
import type { AccountErased, Contended, Deps, UseCase, Written } from '../use-case.js';

export interface RevokeDevice extends Conditional {
  readonly deviceId: DeviceId;
}

/** One's own device, this one included: revoking it is signing out. */
export function revokeDevice(
  deps: HandleDeps & Pick<Deps, 'credentials'>,
): UseCase<RevokeDevice, Partial<Written>, DeviceRejection | AccountErased | Contended> {
  return async ({ deviceId, ifVersion }, context) => {
    const { accountId } = context.principal;
    const handled = await handle(
      deps,
      device,
      { stream: aggregates.device.stream(deviceId), known: { state: device.initial, revision: -1 } },
      { type: 'RevokeDevice', deviceId, accountId, ifVersion, at: deps.clock.now() },
      context,
    );
    if (!handled.ok) return handled;
    // Should the process die here, the reaction `end-revoked-sessions` does it.
    await deps.credentials.revokeDevice(deviceId);
    return ok(handled.value.position === undefined ? {} : { position: handled.value.position });
  };
}
