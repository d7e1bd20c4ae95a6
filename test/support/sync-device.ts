/**
 * A device that keeps what sync tells it, fact by fact, and asks for what was left out. It trusts nothing: a jump in
 * revisions that no snapshot explains is a hole, and a hole is a failure.
 */
import type { AccountId, ConversationId } from '../../src/domain/kernel/ids.js';
import { instant } from '../../src/domain/kernel/instant.js';
import { memberOf as publicMember } from '../../src/projections/conversation.js';
import type { Fact } from '../../src/projections/facts.js';
import { factsSince, type SyncCursor, type SyncLimits } from '../../src/projections/facts-since.js';
import { opened } from '../../src/projections/kernel/opening.js';
import type { Views } from '../../src/projections/kernel/views.js';
import type { LeftOut } from '../../src/projections/left-out.js';
import { membersFor } from '../../src/projections/members-for.js';
import { type Message, messageOf } from '../../src/projections/message.js';
import { messagesFor } from '../../src/projections/messages-for.js';
import { receiptsFor } from '../../src/projections/receipts.js';
import { factsOfItem } from '../../src/projections/sync-facts.js';
import { fakeKeys, memberOf } from './fake-keys.js';
import { asker, type Person } from './story.js';

interface Kept {
  revision: number;
  kind: unknown;
  title: unknown;
  isActive: boolean;
  readonly members: Map<string, { accountId: unknown; role: unknown }>;
  readonly messages: Map<number, unknown>;
  readonly marks: Map<string, { delivered: number; read: number }>;
}

type Data = Readonly<Record<string, unknown>> & { readonly seq: number; readonly memberId: string; readonly messageId: string };

const NOW = instant(0);
const { open } = fakeKeys();

export class SyncDevice {
  cursor: SyncCursor = { after: 0 };
  private readonly conversations = new Map<string, Kept>();
  private readonly own = new Map<string, unknown>();

  constructor(
    private readonly person: Person,
    private readonly limits: SyncLimits,
  ) {}

  /** One page; whether it was the last one. */
  async sync(views: Views): Promise<boolean> {
    const answer = await factsSince(views, asker(this.person), this.cursor, this.limits);
    for (const item of await opened(answer.items, open)) for (const fact of factsOfItem(item, NOW)) await this.take(fact, views);
    for (const left of answer.limited) await this.page(left, views);
    this.cursor = answer.cursor;
    return answer.caughtUp;
  }

  /** What is shown: nothing of how it came here. Who has left is told of nothing that is removed afterwards. */
  state(): unknown {
    const shown = [...this.conversations].map(([id, { members, messages, marks, isActive, ...rest }]) => {
      const present = (key: string) => isActive && members.has(key);
      const active = {
        messages: sorted(messages),
        members: sorted(members),
        marks: sorted(marks).filter(([key]) => present(key)),
      };
      return [id, { ...rest, isActive, places: sorted(messages).map(([seq]) => seq), ...(isActive ? active : {}) }] as const;
    });
    return { conversations: sorted(new Map(shown)), own: sorted(this.own) };
  }

  private async take(fact: Fact, views: Views): Promise<void> {
    const data = fact.data as Data;
    if (fact.scope === 'account') this.own.set((data.deviceId ?? data.accountId) as string, data);
    else if (fact.type === 'conversation-snapshot') await this.takeSnapshot(fact, views);
    else {
      const kept = this.conversations.get(fact.scope) ?? fresh();
      this.conversations.set(fact.scope, kept);
      if (fact.revision !== undefined) this.follow(kept, fact);
      this.change(kept, fact, data);
    }
  }

  /** Removals from before a snapshot may come ahead of it, as may facts that were told before. */
  private follow(kept: Kept, { type, scope, revision = 0 }: Fact): void {
    if (revision > kept.revision + 1 && type !== 'message-removed') {
      throw new Error(`A hole in ${scope}: ${revision} came after ${kept.revision}.`);
    }
    if (revision === kept.revision + 1) kept.revision = revision;
  }

  private change(kept: Kept, { type, scope }: Fact, data: Data): void {
    const marks = kept.marks.get(data.memberId) ?? { delivered: 0, read: 0 };
    switch (type) {
      case 'conversation-created':
        kept.kind = data.kind;
        kept.title = data.title;
        break;
      case 'member-added':
        if (data.memberId === this.memberIn(scope)) kept.isActive = true;
        kept.members.set(data.memberId, { accountId: data.accountId, role: data.role });
        kept.messages.set(data.seq, 'notice');
        kept.marks.delete(data.memberId);
        break;
      case 'member-left':
      case 'member-removed':
        if (data.memberId === this.memberIn(scope)) kept.isActive = false;
        kept.members.delete(data.memberId);
        kept.messages.set(data.seq, 'notice');
        break;
      case 'owner-changed':
        for (const [id, member] of kept.members) member.role = id === data.memberId ? 'owner' : 'member';
        break;
      case 'message-posted':
        kept.messages.set(data.seq, shownMessage(data as unknown as Message));
        kept.marks.set(data.memberId ?? (data.senderId as string), { delivered: data.seq, read: data.seq });
        break;
      case 'message-removed':
        if (kept.messages.has(data.seq)) kept.messages.set(data.seq, `removed ${data.messageId}`);
        break;
      case 'delivered-up-to':
        kept.marks.set(data.memberId, { ...marks, delivered: Math.max(marks.delivered, data.seq) });
        break;
      case 'read-up-to':
        kept.marks.set(data.memberId, { delivered: Math.max(marks.delivered, data.seq), read: Math.max(marks.read, data.seq) });
        break;
    }
  }

  private async takeSnapshot({ scope, revision = 0, data }: Fact, views: Views): Promise<void> {
    const { conversation, members } = data as { conversation: Readonly<Record<string, unknown>>; members?: readonly unknown[] };
    const kept = this.conversations.get(scope) ?? fresh();
    this.conversations.set(scope, kept);
    kept.kind = conversation.kind;
    kept.title = conversation.title;
    kept.revision = revision;
    kept.isActive = (conversation.membership as { state: string }).state === 'active';
    kept.members.clear();
    if (!kept.isActive) return;
    if (members === undefined) await this.askMarks(kept, scope as ConversationId, views);
    const listed = members ?? (await this.allMembers(scope as ConversationId, views));
    for (const member of listed as readonly ReturnType<typeof publicMember>[]) {
      kept.members.set(member.memberId, { accountId: member.accountId, role: member.role });
    }
  }

  private async allMembers(id: ConversationId, views: Views): Promise<readonly unknown[]> {
    const page = await membersFor(views, asker(this.person).handle, id, { limit: 200 });
    if (page === 'hidden' || page === 'ended') return [];
    return (await opened(page.items, open)).map(publicMember);
  }

  private async askMarks(kept: Kept, id: ConversationId, views: Views): Promise<void> {
    const marks = await receiptsFor(views, asker(this.person).handle, id);
    if (typeof marks === 'string') return;
    for (const { memberId, deliveredSeq, readSeq } of marks) {
      if (deliveredSeq > 0) kept.marks.set(memberId, { delivered: deliveredSeq, read: readSeq });
    }
  }

  private async page({ conversationId, fromSeq, toSeq }: LeftOut, views: Views): Promise<void> {
    const kept = this.conversations.get(conversationId) ?? fresh();
    let newerThan = fromSeq - 1;
    for (;;) {
      const page = await messagesFor(views, asker(this.person).handle, conversationId, { fromSeq, toSeq, newerThan, limit: 3 });
      if (page === 'hidden') return;
      for (const item of await opened(page.items, open)) kept.messages.set(item.seq ?? 0, shownMessage(messageOf(item, NOW)));
      if (page.newer === undefined) return;
      newerThan = page.newer;
    }
  }

  private memberIn(conversationId: string): string {
    return memberOf(this.person as string as AccountId, conversationId as ConversationId);
  }
}

const fresh = (): Kept => ({
  ...{ revision: -1, kind: undefined, title: undefined, isActive: false },
  ...{ members: new Map(), messages: new Map(), marks: new Map() },
});

const sorted = <Key extends string | number, Value>(map: ReadonlyMap<Key, Value>): readonly (readonly [Key, Value])[] =>
  [...map].sort(([one], [other]) => (one < other ? -1 : 1));

function shownMessage({ class: shown, state, messageId, content }: Message): unknown {
  if (shown === 'notice') return 'notice';
  return state === 'removed' ? `removed ${messageId}` : { messageId, class: shown, state, content };
}
