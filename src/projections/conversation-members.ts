/**
 * Who is and was in a conversation, and which part of it each may see. A person is found by a handle, which dies with
 * their keys; the account behind a member stays sealed under that person's own key.
 */
import type { MemberRole } from '../domain/conversation/events.js';
import type { AccountId, ConversationId, Handle, MemberId } from '../domain/kernel/ids.js';
import type { Instant } from '../domain/kernel/instant.js';
import type { Personal } from '../domain/kernel/personal.js';
import { collectionOf } from './kernel/collection.js';
import type { Meta } from './kernel/feed-events.js';
import { defineProjection } from './kernel/projection.js';
import { everything, one } from './kernel/reading.js';
import type { Views } from './kernel/views.js';

/** A place in a conversation: `seq` and `count` of the history there, revision and position of the fact. */
export interface Mark {
  readonly seq: number;
  readonly count: number;
  readonly revision: number;
  readonly position: number;
  readonly at: Instant;
}

export interface Joining extends Mark {
  /** The first place in the history that may be seen. */
  readonly fromSeq: number;
}

export type MemberState = 'active' | 'left' | 'removed';

export interface MemberDocument {
  readonly conversationId: ConversationId;
  readonly memberId: MemberId;
  readonly role: MemberRole;
  readonly state: MemberState;
  readonly account?: Personal<AccountId>;
  readonly handle?: Handle;
  /** One for each time of joining and of leaving, in no order. */
  readonly joinings: readonly Joining[];
  readonly endings?: readonly Mark[];
}

const collection = collectionOf<MemberDocument>()({
  name: 'conversation-members.v1',
  fields: { conversationId: 'text', memberId: 'text', role: 'text', state: 'text', handle: 'text' },
  key: ['conversationId', 'memberId'],
  indexes: {
    byHandle: ['handle', 'conversationId'],
    byState: ['conversationId', 'state', 'memberId'],
    byRole: ['conversationId', 'role', 'memberId'],
  },
  personal: ['account', 'handle'],
});

const ended = (
  state: MemberState,
  { conversationId, memberId, seq, count }: Pick<MemberDocument, 'conversationId' | 'memberId'> & Pick<Mark, 'seq' | 'count'>,
  at: Instant,
  { revision, position }: Meta,
) =>
  [
    { verb: 'patch', key: { conversationId, memberId }, set: { state, role: 'member' } },
    { verb: 'add', key: { conversationId, memberId }, field: 'endings', values: [{ seq, count, revision, position, at }] },
  ] as const;

export const conversationMembers = defineProjection(collection)({
  name: 'conversation-members',
  version: 1,
  on: {
    MemberAdded: ({ data, handle }, { revision, position }) => {
      const { conversationId, memberId, account, role, fromSeq, seq, count, addedAt } = data;
      const key = { conversationId, memberId };
      const joining = { fromSeq, seq, count, revision, position, at: addedAt };
      return [
        {
          verb: 'patch',
          key,
          set: { role, state: 'active', account, ...(handle && { handle }) },
          unset: handle ? [] : ['handle'],
        },
        { verb: 'add', key, field: 'joinings', values: [joining] },
      ];
    },
    MemberRemoved: ({ data }, meta) => ended('removed', data, data.removedAt, meta),
    MemberLeft: ({ data }, meta) => ended('left', data, data.leftAt, meta),
    OwnerChanged: ({ data: { conversationId, memberId } }) => [
      { verb: 'patch', index: 'byRole', equal: { conversationId, role: 'owner' }, set: { role: 'member' } },
      { verb: 'patch', key: { conversationId, memberId }, set: { role: 'owner' } },
    ],
  },
});

/** What one membership entitles to, both ends included; open while it lasts. */
export interface Interval {
  readonly fromSeq: number;
  readonly toSeq?: number;
  readonly fromRevision: number;
  readonly toRevision?: number;
  readonly joining: Joining;
  readonly ending?: Mark;
}

/** One interval for each generation of joining, the earliest first. Who was there at the creation may see all of it. */
export function intervalsOf({ joinings, endings = [] }: Pick<MemberDocument, 'joinings' | 'endings'>): readonly Interval[] {
  const byRevision = (one: Mark, other: Mark): number => one.revision - other.revision;
  const ends = [...endings].sort(byRevision);
  return [...joinings].sort(byRevision).map((joining) => {
    const ending = ends.find((mark) => mark.revision > joining.revision);
    const from = { fromSeq: joining.fromSeq, fromRevision: joining.fromSeq === 1 ? 0 : joining.revision, joining };
    return ending === undefined ? from : { ...from, toSeq: ending.seq, toRevision: ending.revision, ending };
  });
}

/** The asker's own membership; `undefined` for somebody who never was in it. */
export async function membershipOf(
  views: Views,
  handle: Handle,
  conversationId: ConversationId,
): Promise<MemberDocument | undefined> {
  const [found] = await views.page(collection, { index: 'byHandle', equal: { handle, conversationId }, limit: 1 });
  return found;
}

/** Asked again after something was read for a present member: views move on meanwhile, and it may be of after their end. */
export async function isStillIn(views: Views, { conversationId, memberId }: MemberDocument): Promise<boolean> {
  return (await one(views, collection, { conversationId, memberId }))?.state === 'active';
}

/** By what a member is found; absent when that person's keys are destroyed. */
export async function handleOfMember(
  views: Views,
  conversationId: ConversationId,
  memberId: MemberId,
): Promise<Handle | undefined> {
  return (await one(views, collection, { conversationId, memberId }))?.handle;
}

/** What a person is in now, in no order. */
export async function presentConversations(views: Views, handle: Handle): Promise<readonly ConversationId[]> {
  const found = await everything(views, collection, { index: 'byHandle', equal: { handle } }, 'conversationId');
  return found.filter(({ state }) => state === 'active').map(({ conversationId }) => conversationId);
}
