/** What conversation routes take and answer. Requests are closed, answers open; a name here is public for ever. */
import { limits } from '../../domain/kernel/limits.js';
import { IdField, IdsField, InstantField, IntField, IntParam, ListField, ObjectField, TextField, WordField } from './fields.js';

const REVISION_MAX = Number.MAX_SAFE_INTEGER;
const TOKEN_CHARACTERS_MAX = 2_048;

export class Paging {
  @IntParam(1, limits.pageMax, { optional: true, description: `${limits.pageDefault} unless said otherwise.` })
  limit?: number;

  @TextField(1, TOKEN_CHARACTERS_MAX, { optional: true, description: 'From an earlier answer.' })
  pageToken?: string;
}

export class CreateDirect {
  @IdField({ description: 'The other person.' })
  accountId: string;
}

export class CreateGroup {
  @IdField({ description: 'Chosen by the client: a random UUID.' })
  conversationId: string;

  @TextField(1, limits.titleCharactersMax)
  title: string;

  @IdsField(limits.membersMax - 1, { description: 'The others; the creator is a member anyway, and owns the group.' })
  accountIds: string[];
}

export class ConversationRef {
  @IdField()
  conversationId: string;
}

export class Membership {
  @IdField()
  memberId: string;

  @WordField(['owner', 'member'])
  role: string;

  @WordField(['active', 'left', 'removed'])
  state: string;

  @InstantField()
  joinedAt: string;

  @IntField(1, REVISION_MAX, { description: 'The first place in the history that the reader may see.' })
  fromSeq: number;

  @IntField(0, REVISION_MAX)
  deliveredSeq: number;

  @IntField(0, REVISION_MAX)
  readSeq: number;
}

export class Conversation {
  @IdField()
  conversationId: string;

  @WordField(['direct', 'group'])
  kind: string;

  @TextField(1, limits.titleCharactersMax, { optional: true })
  title?: string;

  @InstantField()
  createdAt: string;

  @InstantField({ description: 'Of the last post or notice.' })
  activeAt: string;

  @IntField(0, REVISION_MAX)
  lastSeq: number;

  @IntField(0, REVISION_MAX, { description: 'Of the conversation: holes in what the socket brings are counted from here.' })
  revision: number;

  @IntField(0, REVISION_MAX)
  membersVersion: number;

  @IntField(0, limits.membersMax, { optional: true, description: 'Absent for somebody who is no member any more.' })
  membersCount?: number;

  @IntField(0, REVISION_MAX)
  unread: number;

  @ObjectField(() => Membership, { description: 'The reader’s own.' })
  membership: Membership;
}

export class Conversations {
  @ListField(() => Conversation)
  items: Conversation[];

  @TextField(1, TOKEN_CHARACTERS_MAX, { optional: true })
  nextPageToken?: string;
}

export class Member {
  @IdField()
  memberId: string;

  @IdField({ optional: true, description: 'Absent when the person is erased.' })
  accountId?: string;

  @WordField(['owner', 'member'])
  role: string;

  @InstantField()
  joinedAt: string;
}

export class Members {
  @ListField(() => Member)
  items: Member[];

  @IntField(0, REVISION_MAX)
  membersVersion: number;

  @TextField(1, TOKEN_CHARACTERS_MAX, { optional: true })
  nextPageToken?: string;
}

export class AddMember {
  @IdField()
  accountId: string;
}

export class MemberRef {
  @IdField()
  memberId: string;
}

export class MarkRead {
  @IntField(1, REVISION_MAX, { description: 'Everything up to here has been read.' })
  seq: number;
}

export class Receipt {
  @IdField()
  memberId: string;

  @IntField(0, REVISION_MAX)
  deliveredSeq: number;

  @IntField(0, REVISION_MAX)
  readSeq: number;
}

export class Receipts {
  @ListField(() => Receipt)
  items: Receipt[];
}
