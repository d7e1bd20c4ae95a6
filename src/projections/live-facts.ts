/**
 * The facts of an event as it happens, for those who are connected. A conversation's fact is made from the same entry
 * that sync answers later, so that both say the same.
 */
import type { Instant } from '../domain/kernel/instant.js';
import { isErased } from '../domain/kernel/personal.js';
import { type ConversationFact, entryOf, type TimelineEntry } from './conversation-timeline.js';
import { conversationFact, type Fact, factNames, OWN, receiptFact } from './facts.js';
import type { Meta, ProjectedEvent } from './kernel/feed-events.js';
import type { Opened } from './kernel/opening.js';
import { rfc3339 } from './message.js';

const own = (type: Fact['type'], data: object): readonly Fact[] => [{ type, scope: OWN, data }];

/** The event has been joined (`pairing.ts`) and opened. */
export function liveFacts(event: Opened<ProjectedEvent>, meta: Meta, now: Instant): readonly Fact[] {
  const version = meta.revision + 1;
  switch (event.type) {
    case 'DeliveredUpTo':
    case 'ReadUpTo':
      return [receiptFact(factNames[event.type], event.data)];
    case 'AccountRegistered': {
      const { accountId, registeredAt } = event.data;
      return own(factNames.AccountRegistered, { accountId, version, changedAt: rfc3339(registeredAt) });
    }
    case 'ProfileChanged': {
      const { accountId, displayName, changedAt } = event.data;
      const name = isErased(displayName) ? {} : { displayName };
      return own(factNames.ProfileChanged, { accountId, version, ...name, changedAt: rfc3339(changedAt) });
    }
    case 'DeviceLinked': {
      const { deviceId, name, linkedAt } = event.data;
      return own(factNames.DeviceLinked, { deviceId, version, ...(!isErased(name) && { name }), linkedAt: rfc3339(linkedAt) });
    }
    case 'DeviceRenamed': {
      const { deviceId, name, renamedAt } = event.data;
      return own(factNames.DeviceRenamed, { deviceId, version, ...(!isErased(name) && { name }), renamedAt: rfc3339(renamedAt) });
    }
    case 'DeviceRevoked': {
      const { deviceId, revokedAt } = event.data;
      return own(factNames.DeviceRevoked, { deviceId, version, revokedAt: rfc3339(revokedAt) });
    }
    case '$stream-removed':
      return [];
    default:
      // What was opened holds nothing sealed, and neither does the entry made from it.
      return [conversationFact(entryOf(event as ConversationFact, meta) as Opened<TimelineEntry>, now)];
  }
}
