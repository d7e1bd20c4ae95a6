/** What a conversation is, put together from what anybody was told of it: everybody must have been told the same. */
import type { Json } from '../history.js';
import { holds } from './verdict.js';

export interface Place {
  readonly type: string;
  readonly revision: number;
  readonly seq?: number;
  readonly messageId?: string;
  readonly memberId?: string;
  readonly senderId?: string;
  readonly removedSeq?: number;
  readonly identity: string;
}

/** What a membership entitles to, both ends included. */
export interface Interval {
  readonly fromSeq: number;
  readonly fromRevision: number;
  toSeq: number;
  toRevision: number;
}

const END = Number.POSITIVE_INFINITY;
const ENDINGS = new Set(['member-left', 'member-removed']);

export class ConversationTruth {
  readonly places = new Map<number, Place>();
  readonly bySeq = new Map<number, Place>();
  readonly accountOf = new Map<string, string>();
  /** How many were there at the creation. */
  firstMembers = 2;
  lastRevision = -1;
  lastSeq = 0;
  /** Somebody was told that places were left out: then not all of its facts need to have been told to anybody. */
  isCut = false;

  constructor(readonly id: string) {}

  add(place: Place): void {
    const known = this.places.get(place.revision);
    if (known !== undefined) {
      holds(
        known.identity === place.identity,
        'I3',
        () => `revision ${place.revision} was told in two ways: ${known.identity} and ${place.identity}`,
        [this.id],
      );
      return;
    }
    this.places.set(place.revision, place);
    this.lastRevision = Math.max(this.lastRevision, place.revision);
    if (place.seq === undefined) return;
    const there = this.bySeq.get(place.seq);
    holds(
      there === undefined,
      'I3',
      () => `place ${place.seq} was given twice, at revisions ${there?.revision} and ${place.revision}`,
      [this.id],
    );
    this.bySeq.set(place.seq, place);
    this.lastSeq = Math.max(this.lastSeq, place.seq);
  }

  /** Whether what was told is enough to say who was in it and when. */
  get isKnown(): boolean {
    return !this.isCut || this.places.size === this.lastRevision + 1;
  }

  /** Whether nobody was told whose membership one of them is: so it is when keys are destroyed before it is told. */
  get hasUnnamedMembers(): boolean {
    return [...this.places.values()].some(({ type, memberId }) => type === 'member-added' && !this.accountOf.has(memberId!));
  }

  /** Once everything is known: no place is missing, and places come in the order of revisions. */
  checkDense(): void {
    let seq = 0;
    for (let revision = 0; revision <= this.lastRevision; revision += 1) {
      const place = this.places.get(revision);
      holds(place !== undefined, 'I3', () => `nobody was ever told revision ${revision} of ${this.lastRevision}`, [this.id]);
      if (place.seq === undefined) continue;
      seq += 1;
      holds(place.seq === seq, 'I3', () => `revision ${revision} has place ${place.seq} where ${seq} is next`, [this.id]);
    }
  }

  intervalsOf(account: string): readonly Interval[] {
    const intervals: Interval[] = [];
    for (const place of [...this.places.values()].sort((one, other) => one.revision - other.revision)) {
      if (place.memberId === undefined || this.accountOf.get(place.memberId) !== account) continue;
      const { revision, seq = 0 } = place;
      if (place.type === 'member-added') {
        const isFirst = revision <= this.firstMembers;
        intervals.push({ fromSeq: isFirst ? 1 : seq, fromRevision: isFirst ? 0 : revision, toSeq: END, toRevision: END });
      } else if (ENDINGS.has(place.type)) Object.assign(intervals.at(-1) ?? {}, { toSeq: seq, toRevision: revision });
    }
    return intervals;
  }

  isActive(account: string): boolean {
    return this.intervalsOf(account).at(-1)?.toRevision === END;
  }
}

export class Truth {
  readonly conversations = new Map<string, ConversationTruth>();
  /** Message to its place. */
  readonly posts = new Map<string, Place & { readonly conversationId: string }>();

  conversation(id: string): ConversationTruth {
    const known = this.conversations.get(id) ?? new ConversationTruth(id);
    this.conversations.set(id, known);
    return known;
  }

  /** A fact of a conversation, from whomever it was heard. */
  add(conversationId: string, place: Place): void {
    this.conversation(conversationId).add(place);
    if (place.type !== 'message-posted' || place.messageId === undefined) return;
    const known = this.posts.get(place.messageId);
    const isOne = known === undefined || (known.conversationId === conversationId && known.revision === place.revision);
    holds(isOne, 'I2', () => `message ${place.messageId} stands at two places: ${known?.seq} and ${place.seq}`, [
      conversationId,
      place.messageId!,
    ]);
    this.posts.set(place.messageId, { ...place, conversationId });
  }
}

/** A fact of a conversation without what may be taken out of it later. */
export function placeOf({
  type,
  revision,
  data,
}: {
  readonly type: string;
  readonly revision?: number;
  readonly data: Json;
}): Place | undefined {
  if (revision === undefined || type === 'conversation-snapshot') return undefined;
  const { conversationId: _, state: _state, content: _content, accountId: _account, title: _title, ...rest } = data;
  const { messageId, senderId, postedAt, removedBy, reason, memberId, seq, role, ...others } = rest as Record<string, never>;
  const at = postedAt ?? others.addedAt ?? others.removedAt ?? others.leftAt ?? others.changedAt ?? others.createdAt;
  const identity = JSON.stringify([type, seq, messageId, senderId, memberId, removedBy, reason, role, at]);
  const isRemoval = type === 'message-removed';
  const named = { messageId, memberId, senderId, ...(isRemoval ? { removedSeq: seq } : { seq }) };
  return {
    type,
    revision,
    identity,
    ...(Object.fromEntries(Object.entries(named).filter(([, value]) => value !== undefined)) as object),
  };
}
