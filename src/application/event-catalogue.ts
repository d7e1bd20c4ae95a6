/**
 * TABLE event -> version, feed key, and for every field what it is. A field of text that nobody declared does not
 * compile: personal fields name whose they are and which of that person's keys seals them (ADR 0004, ADR 0012).
 */
import type { AccountEvent } from '../domain/account/events.js';
import type { ConversationEvent } from '../domain/conversation/events.js';
import type { DeviceEvent } from '../domain/device/events.js';
import type { Sealed } from '../domain/kernel/personal.js';
import type { MessageEvent } from '../domain/message/events.js';
import type { ReceiptsEvent } from '../domain/receipts/events.js';
import type { Scope } from './ports/subject-keys.js';

export type StoredDomainEvent = AccountEvent | DeviceEvent | ConversationEvent | MessageEvent | ReceiptsEvent;

/** `id`: a random UUID. `word`: one of a few literals. `mac`: a keyed hash. `number`: revisions, seqs, counts. */
export type PlainField = 'id' | 'word' | 'instant' | 'number' | 'mac';

export interface PersonalField<Field extends string = string> {
  readonly personal: Scope;
  /** The field that holds the subject whose key seals the value, or the acting account. */
  readonly whose: Field | 'actor';
  /** The context of the key: the conversation, or the stream that holds the value. */
  readonly context: 'conversation' | 'stream';
  /** Padded to a bucket: names and short texts. */
  readonly padded: boolean;
}

interface Entry<Event extends StoredDomainEvent> {
  readonly version: number;
  readonly feedKey: keyof Event['data'] & string;
  readonly fields: {
    readonly [Field in keyof Required<Event['data']>]: Sealed extends Event['data'][Field]
      ? PersonalField<keyof Event['data'] & string>
      : PlainField;
  };
}

type Catalogue = { readonly [Type in StoredDomainEvent['type']]: Entry<Extract<StoredDomainEvent, { type: Type }>> };

const conversationId = 'id' as const;
const messageId = 'id' as const;
const memberId = 'id' as const;
const seq = 'number' as const;
const count = 'number' as const;

export const eventCatalogue = {
  AccountRegistered: {
    version: 1,
    feedKey: 'accountId',
    fields: {
      accountId: 'id',
      identifierKind: 'word',
      identifier: { personal: 'profile', whose: 'accountId', context: 'stream', padded: true },
      registeredAt: 'instant',
    },
  },
  ProfileChanged: {
    version: 1,
    feedKey: 'accountId',
    fields: {
      accountId: 'id',
      displayName: { personal: 'profile', whose: 'accountId', context: 'stream', padded: true },
      changedAt: 'instant',
    },
  },
  DeviceLinked: {
    version: 1,
    feedKey: 'accountId',
    fields: {
      deviceId: 'id',
      accountId: 'id',
      keyAlgorithm: 'word',
      publicKey: { personal: 'profile', whose: 'accountId', context: 'stream', padded: false },
      name: { personal: 'profile', whose: 'accountId', context: 'stream', padded: true },
      linkedAt: 'instant',
    },
  },
  DeviceRenamed: {
    version: 1,
    feedKey: 'accountId',
    fields: {
      deviceId: 'id',
      accountId: 'id',
      name: { personal: 'profile', whose: 'accountId', context: 'stream', padded: true },
      renamedAt: 'instant',
    },
  },
  DeviceRevoked: { version: 1, feedKey: 'accountId', fields: { deviceId: 'id', accountId: 'id', revokedAt: 'instant' } },
  ConversationCreated: {
    version: 1,
    feedKey: 'conversationId',
    fields: {
      conversationId,
      kind: 'word',
      title: { personal: 'profile', whose: 'conversationId', context: 'conversation', padded: true },
      bodyMac: 'mac',
      createdAt: 'instant',
    },
  },
  MemberAdded: {
    version: 1,
    feedKey: 'conversationId',
    fields: {
      conversationId,
      memberId,
      account: { personal: 'profile', whose: 'account', context: 'conversation', padded: false },
      role: 'word',
      addedBy: 'id',
      fromSeq: 'number',
      seq,
      count,
      addedAt: 'instant',
    },
  },
  MemberRemoved: {
    version: 1,
    feedKey: 'conversationId',
    fields: { conversationId, memberId, removedBy: 'id', seq, count, removedAt: 'instant' },
  },
  MemberLeft: { version: 1, feedKey: 'conversationId', fields: { conversationId, memberId, seq, count, leftAt: 'instant' } },
  OwnerChanged: { version: 1, feedKey: 'conversationId', fields: { conversationId, memberId, changedAt: 'instant' } },
  MessagePosted: {
    version: 1,
    feedKey: 'conversationId',
    fields: {
      conversationId,
      messageId,
      memberId,
      seq,
      count,
      class: 'word',
      composeId: 'id',
      postedAt: 'instant',
      expiresAt: 'instant',
    },
  },
  MessageRemoved: {
    version: 1,
    feedKey: 'conversationId',
    fields: { conversationId, messageId, seq, removedBy: 'id', reason: 'word', removedAt: 'instant' },
  },
  MessageComposed: {
    version: 1,
    feedKey: 'conversationId',
    fields: {
      messageId,
      conversationId,
      memberId,
      composeId: 'id',
      baseRevision: 'number',
      bodyMac: 'mac',
      body: { personal: 'author', whose: 'actor', context: 'conversation', padded: false },
    },
  },
  DeliveredUpTo: { version: 1, feedKey: 'conversationId', fields: { conversationId, memberId, seq, deliveredAt: 'instant' } },
  ReadUpTo: { version: 1, feedKey: 'conversationId', fields: { conversationId, memberId, seq, readAt: 'instant' } },
} as const satisfies Catalogue;
