/**
 * How far one member has got in one conversation, in stream `receipts-<memberId>`. Folded by maximum, so order and
 * repetition do not matter. No device stands here: a device would join the conversations of its owner.
 * These names and shapes are stored: never rename, never reuse; a new shape is a new version (ADR 0004).
 */
import type { ConversationId, MemberId } from '../kernel/ids.js';
import type { Instant } from '../kernel/instant.js';

export type ReceiptsEvent =
  | {
      readonly type: 'DeliveredUpTo';
      readonly data: {
        readonly conversationId: ConversationId;
        readonly memberId: MemberId;
        readonly seq: number;
        readonly deliveredAt: Instant;
      };
    }
  | {
      readonly type: 'ReadUpTo';
      readonly data: {
        readonly conversationId: ConversationId;
        readonly memberId: MemberId;
        readonly seq: number;
        readonly readAt: Instant;
      };
    };
