/**
 * TABLE of public fact names, and what each fact says. They serve socket, sync, webhooks and topics alike: never rename
 * one, never reuse one. A fact holds nothing about its reader, so that one encoding goes to everybody with equal rights.
 */
import type { Instant } from '../domain/kernel/instant.js';
import { type Erased, isErased } from '../domain/kernel/personal.js';
import type { AccountDocument } from './accounts.js';
import type { TimelineEntry } from './conversation-timeline.js';
import type { DeviceDocument } from './devices.js';
import type { ProjectedType } from './kernel/feed-events.js';
import type { Opened } from './kernel/opening.js';
import { messageOf, rfc3339 } from './message.js';

export const factNames = {
  ConversationCreated: 'conversation-created',
  MemberAdded: 'member-added',
  MemberRemoved: 'member-removed',
  MemberLeft: 'member-left',
  OwnerChanged: 'owner-changed',
  MessagePosted: 'message-posted',
  MessageRemoved: 'message-removed',
  DeliveredUpTo: 'delivered-up-to',
  ReadUpTo: 'read-up-to',
  AccountRegistered: 'account-registered',
  ProfileChanged: 'profile-changed',
  DeviceLinked: 'device-linked',
  DeviceRenamed: 'device-renamed',
  DeviceRevoked: 'device-revoked',
} as const satisfies Record<Exclude<ProjectedType, '$stream-removed'>, string>;

/** Not a fact but what facts are counted from: made for one reader, when facts were left out or a membership is new. */
export const SNAPSHOT = 'conversation-snapshot';

type FactNames = typeof factNames;
export type FactName = FactNames[keyof FactNames] | typeof SNAPSHOT;
export type ConversationFactName = FactNames[
  | 'ConversationCreated'
  | 'MemberAdded'
  | 'MemberRemoved'
  | 'MemberLeft'
  | 'OwnerChanged'
  | 'MessagePosted'
  | 'MessageRemoved'];
export type AccountFactName = FactNames[
  | 'AccountRegistered'
  | 'ProfileChanged'
  | 'DeviceLinked'
  | 'DeviceRenamed'
  | 'DeviceRevoked'];

export interface Fact {
  readonly type: FactName;
  /** A conversation, or `account`: the reader's own. */
  readonly scope: string;
  /** Of the conversation's stream; absent where the latest wins. */
  readonly revision?: number;
  readonly data: object;
}

/** Absent instead of erased. */
const shown = <Name extends string, Value>(name: Name, value: Value | Erased | undefined): { readonly [N in Name]?: Value } =>
  value === undefined || isErased(value) ? {} : ({ [name]: value } as { readonly [N in Name]: Value });

/** Every entry of the timeline is one fact. */
export function conversationFact(entry: Opened<TimelineEntry>, now: Instant): Fact {
  const { type, conversationId, revision } = entry;
  return { type, scope: conversationId, revision, data: { conversationId, ...conversationData(entry, now) } };
}

function conversationData(entry: Opened<TimelineEntry>, now: Instant): object {
  const { by, memberId, seq } = entry;
  const at = rfc3339(entry.at);
  switch (entry.type) {
    case 'conversation-created':
      return { kind: entry.kind, ...shown('title', entry.title), createdAt: at };
    case 'member-added':
      return { memberId, ...shown('accountId', entry.account), role: entry.role, addedBy: by, seq, addedAt: at };
    case 'member-removed':
      return { memberId, removedBy: by, seq, removedAt: at };
    case 'member-left':
      return { memberId, seq, leftAt: at };
    case 'owner-changed':
      return { memberId, changedAt: at };
    case 'message-posted':
      return messageOf(entry, now);
    case 'message-removed':
      return { messageId: entry.messageId, seq: entry.removedSeq, removedBy: by, reason: entry.reason, removedAt: at };
  }
}

/** The latest wins: a fact that names a smaller `seq` than is known already says nothing new. */
export const receiptFact = (
  type: FactNames['DeliveredUpTo' | 'ReadUpTo'],
  { conversationId, memberId, seq }: { readonly conversationId: string; readonly memberId: string; readonly seq: number },
): Fact => ({ type, scope: conversationId, data: { conversationId, memberId, seq } });

/** The scope of what concerns the reader's own account and devices. */
export const OWN = 'account';

export const accountFact = (account: Opened<AccountDocument>): Fact => ({
  type: account.version === 1 ? factNames.AccountRegistered : factNames.ProfileChanged,
  scope: OWN,
  data: {
    accountId: account.accountId,
    version: account.version,
    ...shown('displayName', account.displayName),
    changedAt: rfc3339(account.changedAt),
  },
});

/** Says how the device is now, whatever changed: after a rename it is linked under its new name. */
export const deviceFact = (device: Opened<DeviceDocument>): Fact => ({
  type: device.revokedAt === undefined ? factNames.DeviceLinked : factNames.DeviceRevoked,
  scope: OWN,
  data: {
    deviceId: device.deviceId,
    version: device.version,
    ...shown('name', device.name),
    linkedAt: rfc3339(device.linkedAt),
    ...(device.revokedAt !== undefined && { revokedAt: rfc3339(device.revokedAt) }),
  },
});
