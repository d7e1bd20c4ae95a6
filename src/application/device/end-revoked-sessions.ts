/**
 * REACTION `end-revoked-sessions`: ends the refresh family and the tickets of a revoked device, should the use case have
 * died between its two writes. The second run changes nothing.
 */
import type { Envelope } from '../../domain/kernel/envelope.js';
import type { StoredDomainEvent } from '../event-catalogue.js';
import type { Deps } from '../use-case.js';

export function endRevokedSessions(deps: Pick<Deps, 'credentials'>) {
  return async (event: Envelope<StoredDomainEvent>): Promise<void> => {
    if (event.type === 'DeviceRevoked') await deps.credentials.revokeDevice(event.data.deviceId);
  };
}
