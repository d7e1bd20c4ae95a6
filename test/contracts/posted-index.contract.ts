/** What every index of posts promises: a place that is right, or that it does not know. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { PostedIndex } from '../../src/application/ports/posted-index.js';
import type { ConversationEvent } from '../../src/domain/conversation/events.js';
import type { ConversationId, MessageId } from '../../src/domain/kernel/ids.js';
import { instant } from '../../src/domain/kernel/instant.js';
import { exampleId } from '../support/example-ids.js';

export interface PostedIndexUnderTest {
  readonly index: PostedIndex;
  /** Puts events into the log, at the revisions given. */
  append(events: readonly { readonly revision: number; readonly event: ConversationEvent }[]): Promise<void>;
  /** The content of a message is removed from the log. */
  removeContent(messageId: MessageId): Promise<void>;
  /** Resolves when the index has taken in all that is in the log. */
  indexed(): Promise<void>;
  close(): Promise<void>;
}

const message = (number: number) => exampleId<MessageId>(number);
const conversation = (number: number) => exampleId<ConversationId>(0x1000 + number);
const at = instant(1_700_000_000_000);

const posted = (number: number, where: number, revision: number, seq: number) => ({
  revision,
  event: {
    type: 'MessagePosted',
    data: {
      conversationId: conversation(where),
      messageId: message(number),
      memberId: exampleId(0x2000),
      seq,
      count: 1,
      class: 'post',
      composeId: exampleId(0x3000 + number),
      postedAt: at,
    },
  } as ConversationEvent,
});
const removed = (number: number, where: number, revision: number, seq: number) => ({
  revision,
  event: {
    type: 'MessageRemoved',
    data: {
      conversationId: conversation(where),
      messageId: message(number),
      seq,
      removedBy: exampleId(0x2000),
      reason: 'author',
      removedAt: at,
    },
  } as ConversationEvent,
});

export function postedIndexContract(name: string, open: () => Promise<PostedIndexUnderTest>): void {
  describe(`${name} finds posts`, () => {
    let opened: PostedIndexUnderTest;

    beforeEach(async () => {
      opened = await open();
    });
    afterEach(() => opened.close());

    it('A posted message is found once its post has been indexed.', async () => {
      await opened.append([posted(1, 1, 4, 4), posted(2, 2, 9, 7)]);
      await opened.indexed();
      expect(await opened.index.find(message(1))).toEqual({ conversationId: conversation(1), revision: 4, seq: 4 });
      expect(await opened.index.find(message(2))).toEqual({ conversationId: conversation(2), revision: 9, seq: 7 });
      await opened.append([posted(3, 1, 5, 5)]);
      await opened.indexed();
      expect(await opened.index.find(message(3))).toEqual({ conversationId: conversation(1), revision: 5, seq: 5 });
    });

    it('`unknown` is never a no: the index may lag behind.', async () => {
      expect(await opened.index.find(message(1))).toBe('unknown');
      await opened.append([posted(1, 1, 4, 4)]);
      const place = { conversationId: conversation(1), revision: 4, seq: 4 };
      expect(['unknown', place]).toContainEqual(await opened.index.find(message(1)));
      await opened.indexed();
      expect(await opened.index.find(message(1))).toEqual(place);
    });

    it('A hint: whoever gets a place verifies it by reading that one event.', async () => {
      const many = Array.from({ length: 1_200 }, (_, index) => posted(index + 1, index % 3, index, index + 1));
      await opened.append(many);
      await opened.indexed();
      for (const { revision, event } of [many[1_199]!, many[999]!, many[500]!, many[0]!]) {
        const { messageId, conversationId, seq } = (event as Extract<ConversationEvent, { type: 'MessagePosted' }>).data;
        expect(await opened.index.find(messageId)).toEqual({ conversationId, revision, seq });
      }
    });

    it('knows nothing of a message that was never posted', async () => {
      await opened.append([posted(1, 1, 4, 4)]);
      await opened.indexed();
      expect(await opened.index.find(message(2))).toBe('unknown');
    });

    it('finds the post of a message that was removed, not its removals, also when its content is gone', async () => {
      await opened.append([posted(1, 1, 4, 4), removed(1, 1, 5, 4), removed(1, 1, 6, 4)]);
      await opened.removeContent(message(1));
      await opened.indexed();
      expect(await opened.index.find(message(1))).toEqual({ conversationId: conversation(1), revision: 4, seq: 4 });
    });
  });
}
