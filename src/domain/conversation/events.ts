/**
 * What is remembered of a conversation, in stream `conversation-<conversationId>`: the sequencer of all that it shows.
 * Every revision of this stream reaches every entitled device as exactly one fact, so a client proves a hole by it.
 * These names and shapes are stored: never rename, never reuse; a new shape is a new version (ADR 0004).
 */
import type { AccountId, ComposeId, ConversationId, MemberId, MessageId } from '../kernel/ids.js';
import type { Instant } from '../kernel/instant.js';
import type { Personal } from '../kernel/personal.js';

export type ConversationKind = 'direct' | 'group';
export type MemberRole = 'owner' | 'member';
/** `post` can be unread; `control` carries group state between devices and is not shown. */
export type MessageClass = 'post' | 'control';

/**
 * `seq` is dense from 1 over everything with a place in the history; `count` is the running number of posts at that
 * place, so that unread is a subtraction.
 */
export type ConversationEvent =
  | {
      readonly type: 'ConversationCreated';
      readonly data: {
        readonly conversationId: ConversationId;
        readonly kind: ConversationKind;
        readonly title?: Personal<string>;
        /** HMAC of the creating request under the creator's author key: tells a repeated request from another one. */
        readonly bodyMac?: string;
        readonly createdAt: Instant;
      };
    }
  | {
      readonly type: 'MemberAdded';
      readonly data: {
        readonly conversationId: ConversationId;
        readonly memberId: MemberId;
        /** The only place that maps a member to an account; sealed under that person's own key. */
        readonly account: Personal<AccountId>;
        readonly role: MemberRole;
        readonly addedBy: MemberId;
        /** The first place in the history that this member may see: 1 for those who were there at the creation. */
        readonly fromSeq: number;
        readonly seq: number;
        readonly count: number;
        readonly addedAt: Instant;
      };
    }
  | {
      readonly type: 'MemberRemoved';
      readonly data: {
        readonly conversationId: ConversationId;
        readonly memberId: MemberId;
        readonly removedBy: MemberId;
        readonly seq: number;
        readonly count: number;
        readonly removedAt: Instant;
      };
    }
  | {
      readonly type: 'MemberLeft';
      readonly data: {
        readonly conversationId: ConversationId;
        readonly memberId: MemberId;
        readonly seq: number;
        readonly count: number;
        readonly leftAt: Instant;
      };
    }
  | {
      readonly type: 'OwnerChanged';
      readonly data: { readonly conversationId: ConversationId; readonly memberId: MemberId; readonly changedAt: Instant };
    }
  | {
      readonly type: 'MessagePosted';
      readonly data: {
        readonly conversationId: ConversationId;
        readonly messageId: MessageId;
        readonly memberId: MemberId;
        readonly seq: number;
        readonly count: number;
        readonly class: MessageClass;
        readonly composeId: ComposeId;
        readonly postedAt: Instant;
        readonly expiresAt?: Instant;
      };
    }
  | {
      readonly type: 'MessageRemoved';
      readonly data: {
        readonly conversationId: ConversationId;
        readonly messageId: MessageId;
        /** The place of the removed post, which stays in the history as a stub. */
        readonly seq: number;
        readonly removedBy: MemberId;
        readonly reason: 'author' | 'owner';
        readonly removedAt: Instant;
      };
    };
