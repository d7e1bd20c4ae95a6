/** What message routes take and answer. Requests are closed, answers open; a name here is public for ever. */
import { limits } from '../../domain/kernel/limits.js';
import { Paging } from './conversation.dto.js';
import {
  Base64Field,
  ChoiceField,
  FlagField,
  IdField,
  IdsField,
  InstantField,
  IntField,
  IntParam,
  ListField,
  ObjectField,
  PatternField,
  TextField,
  WordField,
} from './fields.js';

const SEQ_MAX = Number.MAX_SAFE_INTEGER;
const TOKEN_CHARACTERS_MAX = 2_048;
const ROOMY_CHARACTERS_MAX = limits.frameBytesMax;
const SCHEME = /^[a-z0-9][a-z0-9.-]*$/;

export class NewContent {
  @ChoiceField(['text', 'encrypted'])
  type: 'text' | 'encrypted';

  @TextField(1, ROOMY_CHARACTERS_MAX, { optional: true, description: 'Of `text`.' })
  text?: string;

  @PatternField(SCHEME, 64, { optional: true, description: 'Of `encrypted`.' })
  scheme?: string;

  @IntField(0, SEQ_MAX, { optional: true })
  epoch?: number;

  @Base64Field(1, ROOMY_CHARACTERS_MAX, { optional: true })
  header?: string;

  @Base64Field(1, ROOMY_CHARACTERS_MAX, { optional: true, description: 'Of `encrypted`; never parsed.' })
  ciphertext?: string;
}

export class Relations {
  @IdField({ optional: true })
  replyTo?: string;

  @IdField({ optional: true })
  threadId?: string;

  @IntField(1, 1_000, { optional: true, description: 'How often this was forwarded; never from where.' })
  forwardOf?: number;
}

export class Hints {
  @IdsField(limits.mentionsMax, { optional: true })
  mentions?: string[];

  @FlagField({ optional: true })
  silent?: boolean;

  @FlagField({ optional: true })
  urgent?: boolean;
}

/** As they are read, but closed: a request may hold nothing else. */
export class NewRelations extends Relations {}
export class NewHints extends Hints {}

export class SendMessage {
  @IdField({ description: 'Chosen by the client: a random UUID. One post per id, for ever.' })
  messageId: string;

  @InstantField({ optional: true, description: 'The sender’s claim; decides nothing.' })
  composedAt?: string;

  @ObjectField(() => NewContent, { description: `At most ${limits.contentBytesMax} bytes as JSON in UTF-8.` })
  content: NewContent;

  @ObjectField(() => NewRelations, { optional: true })
  relations?: NewRelations;

  @ObjectField(() => NewHints, { optional: true })
  hints?: NewHints;

  @IdsField(limits.mediaIdsMax, { optional: true })
  mediaIds?: string[];

  @Base64Field(43, 43, { optional: true, description: 'With encrypted content only.' })
  commitment?: string;
}

export class MessageAck {
  @IdField()
  messageId: string;

  @IntField(1, SEQ_MAX)
  seq: number;

  @InstantField()
  postedAt: string;

  @IntField(0, SEQ_MAX)
  revision: number;
}

/** One flat object for every kind of content: readers keep what they know and ignore the rest. */
export class Content {
  @WordField(['text', 'encrypted', 'member-added', 'member-removed', 'member-left'])
  type: string;

  @TextField(1, ROOMY_CHARACTERS_MAX, { optional: true })
  text?: string;

  @TextField(1, 64, { optional: true })
  scheme?: string;

  @IntField(0, SEQ_MAX, { optional: true })
  epoch?: number;

  @TextField(1, ROOMY_CHARACTERS_MAX, { optional: true })
  header?: string;

  @TextField(1, ROOMY_CHARACTERS_MAX, { optional: true })
  ciphertext?: string;

  @IdField({ optional: true, description: 'Of a notice: whom it is about.' })
  memberId?: string;

  @IdField({ optional: true, description: 'Of a notice: absent when the person is erased.' })
  accountId?: string;
}

export class Message {
  @IdField({ optional: true })
  messageId?: string;

  @IdField()
  conversationId: string;

  @IntField(1, SEQ_MAX)
  seq: number;

  @WordField(['post', 'notice', 'control'])
  class: string;

  @IdField({ optional: true })
  senderId?: string;

  @InstantField({ optional: true })
  postedAt?: string;

  @IntField(1, SEQ_MAX)
  version: number;

  @WordField(['visible', 'removed', 'expired', 'erased', 'withheld'])
  state: string;

  @ObjectField(() => Content, { optional: true })
  content?: Content;

  @ObjectField(() => Relations, { optional: true })
  relations?: Relations;

  @ObjectField(() => Hints, { optional: true })
  hints?: Hints;

  @IdsField(limits.mediaIdsMax, { optional: true })
  mediaIds?: string[];

  @TextField(43, 43, { optional: true })
  commitment?: string;

  @InstantField({ optional: true })
  composedAt?: string;

  @InstantField({ optional: true })
  expiresAt?: string;
}

export class Messages {
  @ListField(() => Message, { description: 'Ascending by seq, without holes.' })
  items: Message[];

  @TextField(1, TOKEN_CHARACTERS_MAX, { optional: true, description: 'Newer ones.' })
  nextPageToken?: string;

  @TextField(1, TOKEN_CHARACTERS_MAX, { optional: true, description: 'Older ones.' })
  previousPageToken?: string;
}

export class MessagePaging extends Paging {
  @IntParam(1, SEQ_MAX, { optional: true })
  fromSeq?: number;

  @IntParam(1, SEQ_MAX, { optional: true })
  toSeq?: number;

  @IntParam(1, SEQ_MAX, { optional: true })
  aroundSeq?: number;
}
