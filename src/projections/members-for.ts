/**
 * Who is in a conversation now, answered to its present members only.
 * The one place where a member id is mapped to an account; it opens only while that person's keys live.
 */
import type { MemberRole } from '../domain/conversation/events.js';
import type { AccountId, ConversationId, Handle, MemberId } from '../domain/kernel/ids.js';
import type { Instant } from '../domain/kernel/instant.js';
import type { Personal } from '../domain/kernel/personal.js';
import { conversationList } from './conversation-list.js';
import { conversationMembers, intervalsOf, isStillIn, type MemberDocument, membershipOf } from './conversation-members.js';
import { one } from './kernel/reading.js';
import type { Views } from './kernel/views.js';

export interface MemberView {
  readonly memberId: MemberId;
  readonly role: MemberRole;
  readonly joinedAt: Instant;
  readonly account?: Personal<AccountId>;
}

export interface MembersPage {
  readonly items: readonly MemberView[];
  readonly membersVersion: number;
  /** `after` of the next page; absent on the last one. */
  readonly next?: MemberId;
}

/** Present members in the order of their member ids, which says nothing. */
export async function membersFor(
  views: Views,
  handle: Handle,
  conversationId: ConversationId,
  page: { readonly limit: number; readonly after?: MemberId },
): Promise<MembersPage | 'hidden' | 'ended'> {
  const asker = await membershipOf(views, handle, conversationId);
  if (asker === undefined) return 'hidden';
  if (asker.state !== 'active') return 'ended';
  // The version is read first: a list that is newer than its version is read again, an older one would not be.
  const listed = await one(views, conversationList.collection, { conversationId });
  const found = await presentMembers(views, conversationId, { ...page, limit: page.limit + 1 });
  if (!(await isStillIn(views, asker))) return 'ended';
  const items = found.slice(0, page.limit).map(memberView);
  const last = items.at(-1);
  const answer = { items, membersVersion: listed?.membersVersion ?? 0 };
  return last !== undefined && found.length > page.limit ? { ...answer, next: last.memberId } : answer;
}

export const presentMembers = (
  views: Views,
  conversationId: ConversationId,
  { limit, after }: { readonly limit: number; readonly after?: MemberId },
): Promise<readonly MemberDocument[]> =>
  views.page(conversationMembers.collection, {
    index: 'byState',
    equal: { conversationId, state: 'active' },
    ...(after !== undefined && { above: after }),
    limit,
  });

export function memberView(member: MemberDocument): MemberView {
  const { memberId, role, account, joinings } = member;
  const joinedAt = intervalsOf(member).at(-1)?.joining.at ?? joinings[0]!.at;
  return { memberId, role, joinedAt, ...(account && { account }) };
}
