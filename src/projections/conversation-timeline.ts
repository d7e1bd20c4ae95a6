/**
 * What a conversation shows: one document for each revision of its stream, and exactly one fact for each document.
 * A post that was removed, or whose content is gone, stays as a stub: history has no holes. Bodies stay sealed.
 */
import type { ConversationEvent, ConversationKind, MemberRole, MessageClass } from '../domain/conversation/events.js';
import type { AccountId, ConversationId, MemberId, MessageId } from '../domain/kernel/ids.js';
import type { Instant } from '../domain/kernel/instant.js';
import type { Personal } from '../domain/kernel/personal.js';
import type { SealedBody } from '../domain/message/events.js';
import { type ConversationFactName, factNames } from './facts.js';
import { collectionOf } from './kernel/collection.js';
import type { Meta, ProjectedEvent } from './kernel/feed-events.js';
import { defineProjection } from './kernel/projection.js';

export interface TimelineEntry {
  readonly conversationId: ConversationId;
  readonly revision: number;
  /** Where it was appended, whatever happened to it later. */
  readonly position: number;
  readonly type: ConversationFactName;
  readonly at: Instant;
  /** Who acted: author, creator, inviter, remover. */
  readonly by?: MemberId;
  /** Whom it is about: who was added, was removed, left, or became owner. */
  readonly memberId?: MemberId;
  /** Its own place in the history, and the posts up to there; a removal has none. */
  readonly seq?: number;
  readonly count?: number;
  readonly kind?: ConversationKind;
  readonly title?: Personal<string>;
  readonly account?: Personal<AccountId>;
  readonly role?: MemberRole;
  readonly messageId?: MessageId;
  readonly class?: MessageClass;
  readonly expiresAt?: Instant;
  readonly body?: Personal<SealedBody>;
  /** Of a post, once it was removed. Nothing takes it back. */
  readonly state?: 'removed';
  /** Of a removal: the place of the removed post, why, and its own revision once more, by which removals are found. */
  readonly removedSeq?: number;
  readonly reason?: 'author' | 'owner';
  readonly removalRevision?: number;
}

const collection = collectionOf<TimelineEntry>()({
  name: 'conversation-timeline.v1',
  fields: { conversationId: 'text', revision: 'integer', seq: 'integer', messageId: 'text', removalRevision: 'integer' },
  key: ['conversationId', 'revision'],
  indexes: {
    bySeq: ['conversationId', 'seq'],
    byMessage: ['messageId'],
    byRemoval: ['conversationId', 'removalRevision'],
  },
  personal: ['body', 'account', 'title'],
});

export type ConversationFact = Extract<ProjectedEvent, { readonly type: ConversationEvent['type'] }>;

type Rest = Omit<TimelineEntry, 'conversationId' | 'revision' | 'position' | 'type'>;

function rest(event: ConversationFact, revision: number): Rest {
  switch (event.type) {
    case 'ConversationCreated': {
      const { kind, title, createdAt } = event.data;
      return { at: createdAt, kind, ...(title && { title }) };
    }
    case 'MemberAdded': {
      const { memberId, account, role, addedBy, seq, count, addedAt } = event.data;
      return { at: addedAt, by: addedBy, memberId, account, role, seq, count };
    }
    case 'MemberRemoved': {
      const { memberId, removedBy, seq, count, removedAt } = event.data;
      return { at: removedAt, by: removedBy, memberId, seq, count };
    }
    case 'MemberLeft': {
      const { memberId, seq, count, leftAt } = event.data;
      return { at: leftAt, by: memberId, memberId, seq, count };
    }
    case 'OwnerChanged':
      return { at: event.data.changedAt, memberId: event.data.memberId };
    case 'MessagePosted': {
      const { messageId, memberId, seq, count, postedAt, expiresAt } = event.data;
      const content = { ...(expiresAt && { expiresAt }), ...(event.body && { body: event.body }) };
      return { at: postedAt, by: memberId, seq, count, messageId, class: event.data.class, ...content };
    }
    case 'MessageRemoved': {
      const { messageId, seq, removedBy, reason, removedAt } = event.data;
      return { at: removedAt, by: removedBy, messageId, removedSeq: seq, reason, removalRevision: revision };
    }
  }
}

/** The same for a live event as for a stored document, so that both give the same fact. */
export function entryOf(event: ConversationFact, { revision, position }: Meta): TimelineEntry {
  const { conversationId } = event.data;
  return { conversationId, revision, position, type: factNames[event.type], ...rest(event, revision) };
}

const kept = (event: ConversationFact, meta: Meta) => {
  const { revision, position } = meta;
  const doc = { position, type: factNames[event.type], ...rest(event, revision) };
  return [{ verb: 'upsert', key: { conversationId: event.data.conversationId, revision }, doc }] as const;
};

const STREAM = 'message-';

export const conversationTimeline = defineProjection(collection)({
  name: 'conversation-timeline',
  version: 1,
  on: {
    ConversationCreated: kept,
    MemberAdded: kept,
    MemberRemoved: kept,
    MemberLeft: kept,
    OwnerChanged: kept,
    MessagePosted: kept,
    MessageRemoved: (event, meta) => {
      const { conversationId, seq } = event.data;
      const stub = { set: { state: 'removed' }, unset: ['body'] } as const;
      return [...kept(event, meta), { verb: 'patch', index: 'bySeq', equal: { conversationId, seq }, ...stub }];
    },
    '$stream-removed': ({ data: { stream } }) =>
      stream.startsWith(STREAM)
        ? [{ verb: 'forget', index: 'byMessage', equal: { messageId: stream.slice(STREAM.length) as MessageId } }]
        : [],
  },
});
