/**
 * TABLE of the projections: name, version, and the questions that each answers. Names are stored; a change of what a
 * projection keeps is a new version, built beside the old one, to which the readers then switch.
 */
import { accountOf, accounts } from './accounts.js';
import { conversationFor, conversationList, conversationsOf } from './conversation-list.js';
import { conversationMembers } from './conversation-members.js';
import { conversationTimeline } from './conversation-timeline.js';
import { deliveredThrough } from './delivered-through.js';
import { devices, devicesOf } from './devices.js';
import { factsSince } from './facts-since.js';
import type { Shape } from './kernel/collection.js';
import type { Projection } from './kernel/projection.js';
import { membersFor } from './members-for.js';
import { messageFor, messagesFor } from './messages-for.js';
import { receipts, receiptsFor } from './receipts.js';

interface Row {
  readonly version: number;
  readonly projection: Projection;
  readonly queries: object;
}

export const projections = {
  accounts: { version: 1, projection: accounts, queries: { accountOf } },
  devices: { version: 1, projection: devices, queries: { devicesOf } },
  'conversation-list': { version: 1, projection: conversationList, queries: { conversationsOf, conversationFor } },
  'conversation-members': { version: 1, projection: conversationMembers, queries: { membersFor } },
  'conversation-timeline': {
    version: 1,
    projection: conversationTimeline,
    queries: { messagesFor, messageFor, factsSince, deliveredThrough },
  },
  receipts: { version: 1, projection: receipts, queries: { receiptsFor } },
} as const satisfies Record<string, Row>;

export const allProjections: readonly Projection[] = Object.values(projections).map(({ projection }) => projection);

/** What a writer of these projections must have room for. */
export const allCollections: readonly Shape[] = allProjections.map(({ collection }) => collection);
