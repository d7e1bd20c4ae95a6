/**
 * The conversations of a person, most recently active first. Who has left sees a conversation as it was at their end.
 * The list document is one per conversation; membership, marks and unread posts are joined on read.
 */
import type { ConversationKind, MemberRole } from '../domain/conversation/events.js';
import type { ConversationId, Handle, MemberId } from '../domain/kernel/ids.js';
import type { Instant } from '../domain/kernel/instant.js';
import type { Personal } from '../domain/kernel/personal.js';
import {
  conversationMembers,
  type Interval,
  intervalsOf,
  type MemberDocument,
  type MemberState,
  membershipOf,
} from './conversation-members.js';
import { conversationTimeline } from './conversation-timeline.js';
import { collectionOf } from './kernel/collection.js';
import { defineProjection } from './kernel/projection.js';
import { everything, one } from './kernel/reading.js';
import type { Views } from './kernel/views.js';
import { marksOf, receipts } from './receipts.js';

export interface ConversationDocument {
  readonly conversationId: ConversationId;
  readonly kind: ConversationKind;
  readonly title?: Personal<string>;
  readonly createdAt: Instant;
  readonly lastSeq: number;
  readonly count: number;
  readonly lastRevision: number;
  readonly lastPosition: number;
  /** The last post or notice: what is shown as its activity. */
  readonly activeAt: Instant;
  readonly activePosition: number;
  /** The revision of the last change of its members or their roles. */
  readonly membersVersion: number;
}

const collection = collectionOf<ConversationDocument>()({
  name: 'conversation-list.v1',
  fields: { conversationId: 'text' },
  key: ['conversationId'],
  indexes: {},
  personal: ['title'],
});

const noticed = (
  { conversationId, seq: lastSeq, count }: { conversationId: ConversationId; seq: number; count: number },
  activeAt: Instant,
  { revision, position }: { revision: number; position: number },
) => {
  const active = { lastSeq, count, activeAt, activePosition: position, membersVersion: revision };
  return [
    { verb: 'patch', key: { conversationId }, set: { ...active, lastRevision: revision, lastPosition: position } },
  ] as const;
};

export const conversationList = defineProjection(collection)({
  name: 'conversation-list',
  version: 1,
  on: {
    ConversationCreated: ({ data: { conversationId, kind, title, createdAt } }, { revision, position }) => {
      const empty = { lastSeq: 0, count: 0, activeAt: createdAt, activePosition: position, membersVersion: revision };
      const doc = { kind, createdAt, ...empty, lastRevision: revision, lastPosition: position, ...(title && { title }) };
      return [{ verb: 'upsert', key: { conversationId }, doc }];
    },
    MemberAdded: ({ data }, meta) => noticed(data, data.addedAt, meta),
    MemberRemoved: ({ data }, meta) => noticed(data, data.removedAt, meta),
    MemberLeft: ({ data }, meta) => noticed(data, data.leftAt, meta),
    OwnerChanged: ({ data: { conversationId } }, { revision, position }) => [
      {
        verb: 'patch',
        key: { conversationId },
        set: { membersVersion: revision, lastRevision: revision, lastPosition: position },
      },
    ],
    MessagePosted: ({ data: { conversationId, seq, count, postedAt, class: shown } }, { revision, position }) => {
      const active = shown === 'post' ? { activeAt: postedAt, activePosition: position } : {};
      const last = { lastSeq: seq, count, lastRevision: revision, lastPosition: position };
      return [{ verb: 'patch', key: { conversationId }, set: { ...active, ...last } }];
    },
    MessageRemoved: ({ data: { conversationId } }, { revision, position }) => [
      { verb: 'patch', key: { conversationId }, set: { lastRevision: revision, lastPosition: position } },
    ],
  },
});

/** A conversation as far as one member may see it. */
export interface Seen extends Omit<ConversationDocument, 'count'> {
  readonly count: number;
  readonly membership: MemberDocument;
  /** The latest one: what the member sees of the conversation now. */
  readonly interval: Interval;
}

export interface ConversationView {
  readonly conversationId: ConversationId;
  readonly kind: ConversationKind;
  readonly title?: Personal<string>;
  readonly createdAt: Instant;
  readonly activeAt: Instant;
  readonly lastSeq: number;
  readonly revision: number;
  readonly membersVersion: number;
  /** Present members; absent for somebody who is none any more. */
  readonly membersCount?: number;
  readonly unread: number;
  readonly membership: {
    readonly memberId: MemberId;
    readonly role: MemberRole;
    readonly state: MemberState;
    readonly joinedAt: Instant;
    readonly fromSeq: number;
    readonly deliveredSeq: number;
    readonly readSeq: number;
  };
}

/** Nothing that came after a member's end shows through. */
export function seenBy(membership: MemberDocument, listed: ConversationDocument): Seen {
  const interval = intervalsOf(membership).at(-1);
  if (interval === undefined) throw new Error('A membership without a joining.');
  const { ending } = interval;
  if (ending === undefined) return { ...listed, membership, interval };
  const { seq: lastSeq, count, revision, position, at: activeAt } = ending;
  const last = { lastSeq, count, lastRevision: revision, lastPosition: position, membersVersion: revision };
  return { ...listed, ...last, activeAt, activePosition: position, membership, interval };
}

/** Everything that a person is or was in, in no order. */
export async function seenConversations(views: Views, handle: Handle): Promise<readonly Seen[]> {
  const members = conversationMembers.collection;
  const knownUpTo = await views.position(members);
  const known = await everything(views, members, { index: 'byHandle', equal: { handle } }, 'conversationId');
  const listed = await views.get(collection, known);
  // Views move on while they are read: a conversation may be further than its membership, which may have ended before that.
  const isFurther = listed.some((conversation) => conversation !== undefined && conversation.lastPosition > knownUpTo);
  const memberships = isFurther ? await views.get(members, known) : known;
  return known.flatMap((before, index) => {
    const membership = memberships[index] ?? before;
    const conversation = listed[index];
    return conversation === undefined ? [] : [seenBy(membership, conversation)];
  });
}

/** One's conversations, most recently active first; `before` is the `next` of the page before. */
export async function conversationsOf(
  views: Views,
  handle: Handle,
  page: { readonly limit: number; readonly before?: number },
): Promise<{ readonly items: readonly ConversationView[]; readonly next?: number }> {
  const { limit, before = Number.POSITIVE_INFINITY } = page;
  const seen = (await seenConversations(views, handle))
    .filter(({ activePosition }) => activePosition < before)
    .sort((one, other) => other.activePosition - one.activePosition);
  const items = await Promise.all(seen.slice(0, limit).map((conversation) => viewOf(views, conversation)));
  const last = seen[limit - 1];
  return last !== undefined && seen.length > limit ? { items, next: last.activePosition } : { items };
}

export async function conversationFor(
  views: Views,
  handle: Handle,
  conversationId: ConversationId,
): Promise<ConversationView | 'hidden'> {
  // In this order: see `seenConversations`.
  const listed = await one(views, collection, { conversationId });
  const membership = listed && (await membershipOf(views, handle, conversationId));
  return membership && listed ? viewOf(views, seenBy(membership, listed)) : 'hidden';
}

export async function viewOf(views: Views, seen: Seen): Promise<ConversationView> {
  const { conversationId, kind, title, createdAt, activeAt, lastSeq, lastRevision, membersVersion, membership, interval } = seen;
  const { memberId, role, state } = membership;
  const marked = await one(views, receipts.collection, { conversationId, memberId });
  const { deliveredSeq, readSeq } = marksOf(marked ?? { conversationId, memberId, member: true });
  const membersCount = state === 'active' ? await presentCount(views, conversationId) : undefined;
  return {
    ...{ conversationId, kind, createdAt, activeAt, lastSeq, revision: lastRevision, membersVersion },
    ...(title && { title }),
    ...(membersCount !== undefined && { membersCount }),
    unread: await unreadOf(views, seen, readSeq),
    membership: { memberId, role, state, joinedAt: interval.joining.at, fromSeq: interval.fromSeq, deliveredSeq, readSeq },
  };
}

const presentCount = (views: Views, conversationId: ConversationId): Promise<number> =>
  views.count(conversationMembers.collection, { index: 'byState', equal: { conversationId, state: 'active' } });

/** Posts after what was read, or after the joining if that came later. */
async function unreadOf(views: Views, { conversationId, lastSeq, count, interval }: Seen, readSeq: number): Promise<number> {
  if (readSeq >= lastSeq) return 0;
  const { joining } = interval;
  if (readSeq <= joining.seq) return count - joining.count;
  const [read] = await views.page(conversationTimeline.collection, {
    index: 'bySeq',
    equal: { conversationId, seq: readSeq },
    limit: 1,
  });
  return count - (read?.count ?? joining.count);
}
