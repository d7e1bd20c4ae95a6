/** What stands in the store, known at once and for ever: also what was removed from it since. */
import type { EventStore, StoredEvent } from '../../src/application/ports/event-store.js';
import { STREAM_REMOVED } from '../../src/application/ports/event-store.js';
import type { ConversationEvent } from '../../src/domain/conversation/events.js';
import type { ConversationId, MemberId, MessageId } from '../../src/domain/kernel/ids.js';
import type { MessageEvent } from '../../src/domain/message/events.js';

export type Mirrored = ConversationEvent & { readonly revision: number; readonly position: number; readonly stored: StoredEvent };
export type Post = Extract<Mirrored, { type: 'MessagePosted' }>;
export type Compose = MessageEvent['data'];

const READ_MAX = 1_000;

export class StoreMirror {
  private readonly conversations = new Map<string, Mirrored[]>();
  private readonly posts = new Map<MessageId, Post[]>();
  private readonly composes = new Map<string, Compose[]>();
  private readonly removed = new Set<string>();
  private position = 0;

  constructor(private readonly store: Pick<EventStore, 'readAll'>) {}

  async catchUp(): Promise<void> {
    for (;;) {
      const found = await this.store.readAll(this.position, READ_MAX);
      for (const stored of found) this.take(stored);
      if (found.length < READ_MAX) return;
    }
  }

  conversation(id: ConversationId): readonly Mirrored[] {
    return this.conversations.get(`conversation-${id}`) ?? [];
  }

  postsOf(id: MessageId): readonly Post[] {
    return this.posts.get(id) ?? [];
  }

  /** In the order of their attempts, be the stream removed or not. */
  composesOf(id: MessageId): readonly Compose[] {
    return this.composes.get(`message-${id}`) ?? [];
  }

  isRemoved(id: MessageId): boolean {
    return this.removed.has(`message-${id}`);
  }

  /** Whether somebody was no member at some moment since the conversation had this many events. */
  wasNoMember(id: ConversationId, memberId: MemberId, since: number): boolean {
    let isMember = false;
    let was = false;
    for (const [index, event] of this.conversation(id).entries()) {
      if (index >= since && !isMember) was = true;
      if (event.type === 'MemberAdded' && event.data.memberId === memberId) isMember = true;
      if (event.type === 'MemberRemoved' && event.data.memberId === memberId) isMember = false;
    }
    return was || !isMember;
  }

  private take(stored: StoredEvent): void {
    this.position = stored.position;
    const data = JSON.parse(stored.data);
    if (stored.type === STREAM_REMOVED) this.removed.add(data.stream);
    else if (stored.type === 'MessageComposed') push(this.composes, stored.stream, data);
    else {
      const event = { type: stored.type, data, revision: stored.revision, position: stored.position, stored } as Mirrored;
      push(this.conversations, stored.stream, event);
      if (event.type === 'MessagePosted') push(this.posts, event.data.messageId, event);
    }
  }
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
