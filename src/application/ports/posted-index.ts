/**
 * Where a message was posted, if that is known. A hint: whoever gets a place verifies it by reading that one event.
 */
import type { ConversationId, MessageId } from '../../domain/kernel/ids.js';

export interface PostedPlace {
  readonly conversationId: ConversationId;
  readonly revision: number;
  readonly seq: number;
}

export interface PostedIndex {
  /** A posted message is found once its post has been indexed. `unknown` is never a no: the index may lag behind. */
  find(messageId: MessageId): Promise<PostedPlace | 'unknown'>;
}
