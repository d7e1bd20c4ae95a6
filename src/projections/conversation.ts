/**
 * A conversation and its members as a person who is in it sees them: the one mapping from views to public resources.
 */
import type { ConversationKind, MemberRole } from '../domain/conversation/events.js';
import type { AccountId, ConversationId, MemberId } from '../domain/kernel/ids.js';
import { isErased } from '../domain/kernel/personal.js';
import type { ConversationView } from './conversation-list.js';
import type { MemberState } from './conversation-members.js';
import type { Opened } from './kernel/opening.js';
import type { MemberView } from './members-for.js';
import { rfc3339 } from './message.js';

export interface Membership {
  readonly memberId: MemberId;
  readonly role: MemberRole;
  readonly state: MemberState;
  readonly joinedAt: string;
  /** The first place in the history that this person may see. */
  readonly fromSeq: number;
  readonly deliveredSeq: number;
  readonly readSeq: number;
}

export interface Conversation {
  readonly conversationId: ConversationId;
  readonly kind: ConversationKind;
  readonly title?: string;
  readonly createdAt: string;
  readonly activeAt: string;
  readonly lastSeq: number;
  readonly revision: number;
  readonly membersVersion: number;
  readonly membersCount?: number;
  readonly unread: number;
  readonly membership: Membership;
}

export function conversationOf(view: Opened<ConversationView>): Conversation {
  const { title, membersCount, membership, createdAt, activeAt, ...rest } = view;
  return {
    ...rest,
    ...(title !== undefined && !isErased(title) && { title }),
    createdAt: rfc3339(createdAt),
    activeAt: rfc3339(activeAt),
    ...(membersCount !== undefined && { membersCount }),
    membership: { ...membership, joinedAt: rfc3339(membership.joinedAt) },
  };
}

export interface ConversationMember {
  readonly memberId: MemberId;
  /** Absent when that person's keys were destroyed. */
  readonly accountId?: AccountId;
  readonly role: MemberRole;
  readonly joinedAt: string;
}

export function memberOf({ memberId, account, role, joinedAt }: Opened<MemberView>): ConversationMember {
  return {
    memberId,
    ...(account !== undefined && !isErased(account) && { accountId: account }),
    role,
    joinedAt: rfc3339(joinedAt),
  };
}
