/**
 * What is remembered of one message's content, in stream `message-<messageId>`: sealed bytes of one person only, so
 * that the stream can be removed without moving anything. It is shown only when the conversation has posted it.
 * These names and shapes are stored: never rename, never reuse; a new shape is a new version (ADR 0004).
 */
import type { ComposeId, ConversationId, DeviceId, MemberId, MessageId } from '../kernel/ids.js';
import type { Instant } from '../kernel/instant.js';
import type { Personal } from '../kernel/personal.js';

export type Content =
  | { readonly type: 'text'; readonly text: string }
  | {
      readonly type: 'encrypted';
      readonly scheme: string;
      readonly epoch?: number;
      readonly header?: string;
      /** base64url; never parsed. */
      readonly ciphertext: string;
    };

export interface Relations {
  readonly replyTo?: MessageId;
  readonly threadId?: MessageId;
  /** How often this was forwarded; never from where. */
  readonly forwardOf?: number;
}

export interface Hints {
  readonly mentions?: readonly MemberId[];
  readonly silent?: boolean;
  readonly urgent?: boolean;
}

/** What the sender wrote, in the order that `bodyMac` is computed over. */
export interface Body {
  readonly content: Content;
  readonly relations?: Relations;
  readonly hints?: Hints;
  readonly mediaIds?: readonly string[];
  /** With encrypted content: HMAC-SHA-256 of the plaintext under a key kept inside it, so that a report can be proved. */
  readonly commitment?: string;
}

/** What is sealed: the body, and what else only members may see. */
export interface SealedBody extends Body {
  readonly deviceId: DeviceId;
  /** The sender's claim; decides nothing. */
  readonly composedAt?: Instant;
}

export type MessageEvent = {
  readonly type: 'MessageComposed';
  readonly data: {
    readonly messageId: MessageId;
    readonly conversationId: ConversationId;
    readonly memberId: MemberId;
    readonly composeId: ComposeId;
    /** The conversation's revision that the attempt was decided on; -1 before its first event. Posts of this message lie above the lowest. */
    readonly baseRevision: number;
    /** HMAC-SHA-256 of the body and the conversation id under the author's key, base64url. */
    readonly bodyMac: string;
    readonly body: Personal<SealedBody>;
  };
};
