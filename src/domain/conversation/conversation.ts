import type { Decider, Result } from '../kernel/decider.js';
import { ok, rejected, unreachable } from '../kernel/decider.js';
import type { AccountId, ComposeId, ConversationId, MemberId, MessageId } from '../kernel/ids.js';
import type { Instant } from '../kernel/instant.js';
import { latest } from '../kernel/instant.js';
import { limits } from '../kernel/limits.js';
import type { Conditional, VersionMismatch } from '../kernel/version.js';
import { versionMismatch } from '../kernel/version.js';
import type { ConversationEvent, ConversationKind, MemberRole, MessageClass } from './events.js';
import { isMember, mayManageMembers, mayRemoveMessage } from './policies.js';

export interface Member {
  readonly role: MemberRole;
  /** The place of the joining that this membership began with. */
  readonly joinedSeq: number;
}

export interface OpenConversation {
  readonly status: 'open';
  readonly conversationId: ConversationId;
  readonly kind: ConversationKind;
  readonly bodyMac?: string;
  /** In order of joining: the longest-standing member comes first. */
  readonly members: ReadonlyMap<MemberId, Member>;
  readonly seq: number;
  readonly count: number;
  readonly lastPostedAt: Instant;
  /** Of the last event. */
  readonly revision: number;
  /** The revision of the last change of the members or their roles. */
  readonly membersVersion: number;
}

/** Holds member ids and no personal field, so that deciding opens nothing. */
export type Conversation = { readonly status: 'absent' } | OpenConversation;

export interface Person {
  readonly memberId: MemberId;
  readonly account: AccountId;
}

export type ConversationCommand =
  | {
      readonly type: 'CreateDirect';
      readonly conversationId: ConversationId;
      readonly creator: Person;
      readonly other: Person;
      readonly at: Instant;
    }
  | {
      readonly type: 'CreateGroup';
      readonly conversationId: ConversationId;
      readonly title: string;
      readonly bodyMac: string;
      readonly creator: Person;
      readonly others: readonly Person[];
      readonly at: Instant;
    }
  | ({ readonly type: 'AddMember'; readonly by: MemberId; readonly person: Person; readonly at: Instant } & Conditional)
  | ({ readonly type: 'RemoveMember'; readonly by: MemberId; readonly memberId: MemberId; readonly at: Instant } & Conditional)
  | ({ readonly type: 'Leave'; readonly memberId: MemberId; readonly at: Instant } & Conditional)
  | {
      readonly type: 'PostMessage';
      readonly messageId: MessageId;
      readonly memberId: MemberId;
      readonly composeId: ComposeId;
      readonly class: MessageClass;
      readonly at: Instant;
    }
  | {
      readonly type: 'RemoveMessage';
      readonly by: MemberId;
      /** The posted event, found by the use case. */
      readonly posted: { readonly messageId: MessageId; readonly memberId: MemberId; readonly seq: number };
      readonly at: Instant;
    };

export type ConversationRejection =
  | { readonly type: 'ConversationNotFound' }
  | { readonly type: 'NotAMember' }
  | { readonly type: 'ConversationIdReused' }
  | { readonly type: 'DirectIsFixed' }
  | { readonly type: 'OwnerOnly' }
  | { readonly type: 'MemberNotFound' }
  | { readonly type: 'GroupIsFull'; readonly membersMax: number }
  | { readonly type: 'NotYourMessage' }
  /** Of the members. */
  | VersionMismatch;

/** The copy of the members that one folding changes: made at the first change, and nobody else's until the folding is over. */
interface Own {
  members?: Map<MemberId, Member>;
}

/** Folds many events at once: the members are copied once, however many of the events change them. */
function evolveAll(state: Conversation, events: Iterable<ConversationEvent>): Conversation {
  const own: Own = {};
  let folded = state;
  for (const event of events) folded = step(folded, event, own);
  return folded;
}

const evolve = (state: Conversation, event: ConversationEvent): Conversation => step(state, event, {});

function step(state: Conversation, event: ConversationEvent, own: Own): Conversation {
  if (event.type === 'ConversationCreated') return created(event, own);
  if (state.status === 'absent') return state;
  const revision = state.revision + 1;
  switch (event.type) {
    case 'MemberAdded': {
      const { memberId, role, seq } = event.data;
      const members = ownMembers(state, own).set(memberId, { role, joinedSeq: seq });
      return { ...state, members, seq, revision, membersVersion: revision };
    }
    case 'MemberRemoved':
    case 'MemberLeft': {
      const members = ownMembers(state, own);
      members.delete(event.data.memberId);
      return { ...state, members, seq: event.data.seq, revision, membersVersion: revision };
    }
    case 'OwnerChanged': {
      const members = ownMembers(state, own);
      for (const [id, { joinedSeq }] of members)
        members.set(id, { role: id === event.data.memberId ? 'owner' : 'member', joinedSeq });
      return { ...state, members, revision, membersVersion: revision };
    }
    case 'MessagePosted':
      return { ...state, seq: event.data.seq, count: event.data.count, lastPostedAt: event.data.postedAt, revision };
    case 'MessageRemoved':
      return { ...state, revision };
    default:
      return unreachable(event);
  }
}

function created(event: Extract<ConversationEvent, { type: 'ConversationCreated' }>, own: Own): OpenConversation {
  const { conversationId, kind, bodyMac, createdAt } = event.data;
  own.members = new Map();
  const state = {
    status: 'open',
    conversationId,
    kind,
    members: own.members,
    seq: 0,
    count: 0,
    lastPostedAt: createdAt,
    revision: 0,
    membersVersion: 0,
  } as const;
  return bodyMac === undefined ? state : { ...state, bodyMac };
}

function ownMembers(state: OpenConversation, own: Own): Map<MemberId, Member> {
  own.members ??= new Map(state.members);
  return own.members;
}

type Decided = Result<readonly ConversationEvent[], ConversationRejection>;
type Of<Type extends ConversationCommand['type']> = Extract<ConversationCommand, { type: Type }>;

function create(
  command: Of<'CreateDirect'> | Of<'CreateGroup'>,
  kind: ConversationKind,
  others: readonly Person[],
  extra: { readonly title?: string; readonly bodyMac?: string },
): Decided {
  const { conversationId, creator, at } = command;
  const people = [creator, ...others.filter((other) => other.memberId !== creator.memberId)];
  if (people.length > limits.membersMax) return rejected({ type: 'GroupIsFull', membersMax: limits.membersMax });
  const created: ConversationEvent = { type: 'ConversationCreated', data: { conversationId, kind, ...extra, createdAt: at } };
  const added = people.map<ConversationEvent>((person, index) => ({
    type: 'MemberAdded',
    data: {
      conversationId,
      ...person,
      role: kind === 'group' && index === 0 ? 'owner' : 'member',
      addedBy: creator.memberId,
      fromSeq: 1,
      seq: index + 1,
      count: 0,
      addedAt: at,
    },
  }));
  return ok([created, ...added]);
}

function addMember(command: Of<'AddMember'>, state: OpenConversation): Decided {
  if (state.kind === 'direct') return rejected({ type: 'DirectIsFixed' });
  if (!mayManageMembers(state, command.by)) return rejected({ type: 'OwnerOnly' });
  const stale = versionMismatch(command, state.membersVersion);
  if (stale) return stale;
  if (isMember(state, command.person.memberId)) return ok([]);
  if (state.members.size >= limits.membersMax) return rejected({ type: 'GroupIsFull', membersMax: limits.membersMax });
  const { conversationId, count } = state;
  const seq = state.seq + 1;
  const data = { conversationId, ...command.person, role: 'member', addedBy: command.by, fromSeq: seq, seq, count } as const;
  return ok([{ type: 'MemberAdded', data: { ...data, addedAt: command.at } }]);
}

function leave(memberId: MemberId, state: OpenConversation, at: Instant, condition: Conditional): Decided {
  if (state.kind === 'direct') return rejected({ type: 'DirectIsFixed' });
  const stale = versionMismatch(condition, state.membersVersion);
  if (stale) return stale;
  const { conversationId, count } = state;
  const left: ConversationEvent = {
    type: 'MemberLeft',
    data: { conversationId, memberId, seq: state.seq + 1, count, leftAt: at },
  };
  const [heir] = [...state.members.keys()].filter((id) => id !== memberId);
  if (!mayManageMembers(state, memberId) || heir === undefined) return ok([left]);
  return ok([left, { type: 'OwnerChanged', data: { conversationId, memberId: heir, changedAt: at } }]);
}

function removeMember(command: Of<'RemoveMember'>, state: OpenConversation): Decided {
  const { by, memberId, at } = command;
  if (state.kind === 'direct') return rejected({ type: 'DirectIsFixed' });
  if (by === memberId) return leave(memberId, state, at, command);
  if (!mayManageMembers(state, by)) return rejected({ type: 'OwnerOnly' });
  const stale = versionMismatch(command, state.membersVersion);
  if (stale) return stale;
  if (!isMember(state, memberId)) return rejected({ type: 'MemberNotFound' });
  const { conversationId, count } = state;
  return ok([
    { type: 'MemberRemoved', data: { conversationId, memberId, removedBy: by, seq: state.seq + 1, count, removedAt: at } },
  ]);
}

function postMessage(command: Of<'PostMessage'>, state: OpenConversation): Decided {
  const { messageId, memberId, composeId, at } = command;
  const count = command.class === 'post' ? state.count + 1 : state.count;
  const postedAt = latest(at, state.lastPostedAt);
  const { conversationId } = state;
  return ok([
    {
      type: 'MessagePosted',
      data: { conversationId, messageId, memberId, seq: state.seq + 1, count, class: command.class, composeId, postedAt },
    },
  ]);
}

function removeMessage(command: Of<'RemoveMessage'>, state: OpenConversation): Decided {
  const { by, posted, at } = command;
  if (!mayRemoveMessage(state, by, posted.memberId)) return rejected({ type: 'NotYourMessage' });
  const { conversationId } = state;
  const reason = by === posted.memberId ? 'author' : 'owner';
  const { messageId, seq } = posted;
  return ok([{ type: 'MessageRemoved', data: { conversationId, messageId, seq, removedBy: by, reason, removedAt: at } }]);
}

function actorOf(command: Exclude<ConversationCommand, { type: 'CreateDirect' | 'CreateGroup' }>): MemberId {
  return command.type === 'Leave' || command.type === 'PostMessage' ? command.memberId : command.by;
}

function decide(command: ConversationCommand, state: Conversation): Decided {
  switch (command.type) {
    case 'CreateDirect':
      // The id is computed from both people, so whoever comes second meets the conversation that both meant.
      return state.status === 'open' ? ok([]) : create(command, 'direct', [command.other], {});
    case 'CreateGroup': {
      if (state.status === 'open') return state.bodyMac === command.bodyMac ? ok([]) : rejected({ type: 'ConversationIdReused' });
      return create(command, 'group', command.others, { title: command.title, bodyMac: command.bodyMac });
    }
  }
  if (state.status === 'absent') return rejected({ type: 'ConversationNotFound' });
  if (!isMember(state, actorOf(command))) return rejected({ type: 'NotAMember' });
  switch (command.type) {
    case 'AddMember':
      return addMember(command, state);
    case 'RemoveMember':
      return removeMember(command, state);
    case 'Leave':
      return leave(command.memberId, state, command.at, command);
    case 'PostMessage':
      return postMessage(command, state);
    case 'RemoveMessage':
      return removeMessage(command, state);
    default:
      return unreachable(command);
  }
}

export const conversation: Decider<ConversationCommand, ConversationEvent, Conversation, ConversationRejection> = {
  initial: { status: 'absent' },
  evolve,
  evolveAll,
  decide,
};
