/** What one device was told, folded as a careful client folds it: a jump in revisions that nothing explains is a loss. */
import type { Json } from '../history.js';
import { type Place, placeOf, type Truth } from './truth.js';
import { holds } from './verdict.js';

export interface ToldMessage {
  readonly messageId: string | undefined;
  readonly state: string;
  readonly text: string | undefined;
}

export class ToldConversation {
  revision = -1;
  /** Of the newest snapshot. */
  snapshotRevision = -1;
  maxSeq = 0;
  readonly messages = new Map<number, ToldMessage>();
  readonly limited: { readonly fromSeq: number; readonly toSeq: number }[] = [];
  readonly reads = new Map<string, number>();
  /** The revision of the device's own end, until it joins again. */
  endedAt: { readonly revision: number; readonly seq: number } | undefined;
}

/** What reached a device, to be held against its memberships once they are known. */
export interface Reached {
  readonly device: string;
  readonly account: string;
  readonly conversationId: string;
  readonly place: Place;
}

export class Told {
  conversations = new Map<string, ToldConversation>();
  /** Whatever the device has forgotten, it once had. */
  readonly maxSeqs = new Map<string, number>();

  constructor(
    readonly device: string,
    readonly account: string,
    private readonly truth: Truth,
    private readonly reached: Reached[],
  ) {}

  forget(): void {
    this.conversations = new Map();
  }

  conversation(id: string): ToldConversation {
    const known = this.conversations.get(id) ?? new ToldConversation();
    this.conversations.set(id, known);
    return known;
  }

  take(frame: Json): void {
    const { type, data } = frame as { readonly type: string; readonly data: Json };
    const id = (type === 'conversation-snapshot' ? (data.conversation as Json).conversationId : data.conversationId) as
      | string
      | undefined;
    if (id === undefined) return;
    const told = this.conversation(id);
    if (type === 'limited') {
      told.limited.push(data as never);
      this.truth.conversation(id).isCut = true;
      this.had(id, data.toSeq as number);
    } else if (type === 'conversation-snapshot') this.takeSnapshot(told, frame);
    else if (type === 'read-up-to' || type === 'delivered-up-to') this.takeMark(told, id, type, data);
    else this.takePlace(told, id, frame);
  }

  /** A page of the history. */
  takeItems(id: string, items: readonly Json[]): void {
    const told = this.conversation(id);
    for (const item of items) this.keep(told, id, item.seq as number, item);
  }

  private takeSnapshot(told: ToldConversation, frame: Json): void {
    const { conversation, members } = frame.data as { readonly conversation: Json; readonly members?: readonly Json[] };
    const id = conversation.conversationId as string;
    const known = this.truth.conversation(id);
    const { memberId, state } = conversation.membership as { readonly memberId: string; readonly state: string };
    known.accountOf.set(memberId, this.account);
    for (const { accountId, memberId: other } of members ?? [])
      if (accountId !== undefined) known.accountOf.set(other as string, accountId as string);
    told.revision = frame.revision as number;
    told.snapshotRevision = Math.max(told.snapshotRevision, told.revision);
    if (state === 'active') told.endedAt = undefined;
    this.had(id, conversation.lastSeq as number);
  }

  private takeMark(told: ToldConversation, id: string, type: string, { memberId, seq }: Json): void {
    const { endedAt } = told;
    holds(
      endedAt === undefined || (seq as number) <= endedAt.seq,
      'I5',
      () => `device ${this.device} was told of a mark at ${seq} after its own end at ${endedAt?.seq}`,
      [id],
    );
    if (type === 'read-up-to')
      told.reads.set(memberId as string, Math.max(told.reads.get(memberId as string) ?? 0, seq as number));
  }

  private takePlace(told: ToldConversation, id: string, frame: Json): void {
    const place = placeOf(frame as never);
    if (place === undefined) return;
    const data = frame.data as Json;
    const known = this.truth.conversation(id);
    if (place.type === 'member-added' && data.accountId !== undefined)
      known.accountOf.set(place.memberId!, data.accountId as string);
    this.truth.add(id, place);
    this.reached.push({ device: this.device, account: this.account, conversationId: id, place });
    const isOwn = place.memberId !== undefined && known.accountOf.get(place.memberId) === this.account;
    this.follow(told, id, place, isOwn && place.type === 'member-added');
    if (isOwn) this.comeOrGo(told, place);
    if (place.type === 'message-removed') {
      const there = told.messages.get(place.removedSeq!);
      told.messages.set(place.removedSeq!, { messageId: there?.messageId ?? place.messageId, state: 'removed', text: undefined });
    } else if (place.seq !== undefined) this.keep(told, id, place.seq, data);
  }

  private follow(told: ToldConversation, id: string, { type, revision }: Place, isJoining: boolean): void {
    if (revision <= told.revision) return;
    const isNext = revision === told.revision + 1;
    // A removal may come ahead of the snapshot that it belongs to; a joining begins a generation.
    const isExplained = isNext || isJoining || type === 'message-removed';
    holds(
      isExplained,
      'I1',
      () => `device ${this.device} was told revision ${revision} after ${told.revision}: what lies between was never told`,
      [id],
    );
    if (isNext || isJoining) told.revision = revision;
  }

  private comeOrGo(told: ToldConversation, { type, revision, seq = 0 }: Place): void {
    if (type === 'member-added' && revision > (told.endedAt?.revision ?? -1)) told.endedAt = undefined;
    if ((type === 'member-left' || type === 'member-removed') && revision >= told.revision) told.endedAt = { revision, seq };
  }

  private keep(told: ToldConversation, id: string, seq: number, item: Json): void {
    this.had(id, seq);
    if (told.messages.get(seq)?.state === 'removed') return;
    const { messageId, state = 'notice', content } = item as { messageId?: string; state?: string; content?: { text?: string } };
    told.messages.set(seq, { messageId, state, text: content?.text });
  }

  private had(id: string, seq: number): void {
    this.maxSeqs.set(id, Math.max(this.maxSeqs.get(id) ?? 0, seq));
  }
}
