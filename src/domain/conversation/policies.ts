/** Who may do what in a conversation: the rules that product people name, one predicate each. */
import type { MemberId } from '../kernel/ids.js';
import type { OpenConversation } from './conversation.js';

export const isMember = (state: OpenConversation, memberId: MemberId): boolean => state.members.has(memberId);

/** The creator owns a group, and only the owner adds and removes until roles come. */
export const mayManageMembers = (state: OpenConversation, memberId: MemberId): boolean =>
  state.members.get(memberId)?.role === 'owner';

/** One's own message everywhere; somebody else's only as the owner of a group. */
export const mayRemoveMessage = (state: OpenConversation, memberId: MemberId, author: MemberId): boolean =>
  memberId === author || (state.kind === 'group' && mayManageMembers(state, memberId));
