/**
 * From the feed to the sockets of this process: each fact is opened and encoded once and goes to all who may see it.
 * It holds no checkpoint: what a socket missed is what its device syncs. `upTo` is the low watermark of every mark.
 */
import type { EventCodec } from '../../application/event-codec.js';
import type { Clock } from '../../application/ports/clock.js';
import type { EventFeed } from '../../application/ports/event-feed.js';
import type { StoredEvent } from '../../application/ports/event-store.js';
import type { ConversationId } from '../../domain/kernel/ids.js';
import { conversationMembers, intervalsOf } from '../../projections/conversation-members.js';
import type { FeedEnvelope, ProjectedEnvelope } from '../../projections/kernel/feed-events.js';
import { known } from '../../projections/kernel/feed-events.js';
import { everything } from '../../projections/kernel/reading.js';
import type { Views } from '../../projections/kernel/views.js';
import { liveFacts } from '../../projections/live-facts.js';
import { ProblemError } from '../nest/problems.js';
import type { Reads } from '../nest/reads.js';
import { closeCodes } from './frames.js';
import type { LiveFact } from './live-fact.js';
import type { SocketSession } from './session.js';
import type { Membership, SessionHub } from './session-hub.js';
import { textFrame } from './text-frame.js';

const BATCH_EVENTS_MAX = 500;
const CONSUMER = 'fan-out';
const FORMER_MEMBERS_MAX = 10_000;

export interface FanOutDeps {
  readonly eventFeed: EventFeed;
  readonly codec: EventCodec;
  readonly views: Views;
  readonly reads: Reads;
  readonly clock: Clock;
  readonly hub: SessionHub;
  readonly headPosition: () => Promise<number>;
  /** Joins composed content to its post, and a handle to each joining. */
  readonly join: (events: readonly FeedEnvelope[]) => Promise<readonly ProjectedEnvelope[]>;
  /** Resolves true once the views hold everything up to the position. */
  readonly viewsReach: (position: number, withinMs: number) => Promise<boolean>;
}

export class FanOut {
  /** Everything up to here has been handed to the sockets. */
  upTo = 0;
  /** How often a fact was made into bytes, however many sockets it went to. */
  encodings = 0;
  /**
   * Everything after this goes to whoever is here by now; what is being handed out may have passed them by. The furthest,
   * not the lowest: between keys the feed may hand out later events before earlier ones.
   */
  private begunUpTo = 0;
  /** What was handed out of what lies after `upTo`. */
  private readonly ahead = new Set<number>();
  /** What was told so far of a conversation whose creation the last batch may have ended in. */
  private begun: { readonly conversationId: ConversationId; readonly facts: LiveFact[] } | undefined;
  /** Whose membership ended last. A mark comes after it only by a race, so not all of them have to be known. */
  private readonly former = new Set<string>();

  constructor(private readonly deps: FanOutDeps) {}

  async run(signal: AbortSignal): Promise<void> {
    this.upTo = await this.deps.headPosition();
    this.begunUpTo = this.upTo;
    const options = { from: { after: this.upTo }, batchMax: BATCH_EVENTS_MAX, signal } as const;
    for await (const batch of this.deps.eventFeed.follow(CONSUMER, options)) {
      this.begunUpTo = Math.max(this.begunUpTo, batch.upTo, ...batch.events.map(({ position }) => position));
      const news = this.firstTime(batch.events);
      if (news.length > 0) await this.deliver(news, batch.upTo);
      this.upTo = Math.max(this.upTo, batch.upTo);
      for (const position of this.ahead) if (position <= this.upTo) this.ahead.delete(position);
    }
  }

  /** What the feed hands over again went out when it was new. Who has joined since may not even be allowed to see it. */
  private firstTime(events: readonly StoredEvent[]): readonly StoredEvent[] {
    const news = events.filter(({ position }) => position > this.upTo && !this.ahead.has(position));
    for (const { position } of news) this.ahead.add(position);
    return news;
  }

  async waitUntil(position: number, withinMs: number): Promise<void> {
    if (!(await this.deps.viewsReach(position, withinMs))) throw new ProblemError('view-behind', { retryAfterMs: withinMs });
  }

  /**
   * Takes a socket in: from the answered position on it gets every live fact that it may see. Memberships are read from
   * views that may lag: they are read again once the views have reached that point, and if anybody has left meanwhile
   * it begins anew, so that nobody is taken into a conversation after leaving it.
   */
  async admit(session: SocketSession, withinMs: number): Promise<number> {
    const { hub } = this.deps;
    for (;;) {
      hub.forget(session);
      session.dropWaiting();
      const handle = await this.deps.reads.handleOf(session.principal);
      hub.identify(session, handle);
      const asked = await this.reach(withinMs);
      for (const member of await this.membershipsOf(handle)) {
        hub.join(session, { ...member, fromRevision: intervalsOf(member).at(-1)?.fromRevision ?? 0 });
      }
      // Nothing was handed out since: what the views said then holds now.
      if (this.begunUpTo === asked) return asked;
      const liveFrom = await this.reach(withinMs);
      const present = new Set((await this.membershipsOf(handle)).map(({ conversationId }) => conversationId));
      if ([...hub.membershipsOf(session).keys()].every((id) => present.has(id))) return liveFrom;
    }
  }

  /** Waits until the views hold everything that may have passed by a socket which is here now; answers up to where that is. */
  async reach(withinMs: number): Promise<number> {
    const liveFrom = this.begunUpTo;
    await this.waitUntil(liveFrom, withinMs);
    return liveFrom;
  }

  private async membershipsOf(handle: Parameters<SessionHub['identify']>[1]) {
    const query = { index: 'byHandle', equal: { handle } } as const;
    const found = await everything(this.deps.views, conversationMembers.collection, query, 'conversationId');
    return found.filter(({ state }) => state === 'active');
  }

  private async deliver(stored: readonly StoredEvent[], handedUpTo: number): Promise<void> {
    const envelopes = stored.map((event) => known(this.deps.codec.decodeFeed(event)));
    const joined = await this.deps.join(envelopes);
    this.joinFirstMembers(joined);
    const joining = this.conversationsJoinedIn(joined);
    const last = joined.at(-1);
    const begun = last !== undefined && isOfCreation(last) ? last.data.conversationId : undefined;
    const isKept = (event: ProjectedEnvelope): event is CreationEvent =>
      isOfCreation(event) && event.data.conversationId === begun;
    const isWanted = (event: ProjectedEnvelope): boolean => this.hasReaders(event, joining) || isKept(event);
    const opened = await this.deps.reads.open(joined.map((event) => (isWanted(event) ? event : undefined)));
    const newest = newestOfCreations(joined);
    const now = this.deps.clock.now();
    if (this.begun?.conversationId !== begun) this.begun = undefined;
    for (const [index, event] of joined.entries()) {
      this.begin(event, () => (isInOrder(joined, index, handedUpTo) ? event.meta.position - 1 : this.upTo));
      const readable = this.isOfFormerMember(event) ? undefined : opened[index];
      for (const fact of readable === undefined ? [] : liveFacts(readable, event.meta, now)) {
        this.encodings += 1;
        const frame = textFrame(JSON.stringify(fact));
        const asNewAs = isOfCreation(event) ? newest.get(event.data.conversationId) : undefined;
        const live = { position: event.meta.position, frame, ...markOf(event), ...(asNewAs !== undefined && { asNewAs }) };
        this.send(event, live);
        if (isKept(event)) this.keep(event, live);
      }
      this.end(event);
    }
  }

  /**
   * What begins with this event, before its own fact. Who comes into a conversation that was there before is told what it is,
   * which only the views know; what those are read for holds up nobody else.
   */
  private begin(event: ProjectedEnvelope, after: () => number): void {
    if (event.type !== 'MemberAdded') return;
    this.former.delete(memberKey(event.data));
    if (event.handle === undefined) return;
    this.deps.hub.joinHandle(event.handle, event.data);
    if (event.data.fromSeq === 1) return;
    for (const session of this.deps.hub.ofHandle(event.handle)) session.join(event.meta.position, after());
  }

  /** From the first fact on, or not at all. */
  private keep({ type, data: { conversationId } }: CreationEvent, fact: LiveFact): void {
    if (type === 'ConversationCreated') this.begun = { conversationId, facts: [] };
    if (this.begun?.conversationId === conversationId) this.begun.facts.push(fact);
  }

  /**
   * Who is there at the creation sees all of it, from its first fact on. A batch may end within a creation: whoever comes
   * in the next one is told what they missed, or, if that is not in hand any more, comes again and syncs it.
   */
  private joinFirstMembers(events: readonly ProjectedEnvelope[]): void {
    const { hub } = this.deps;
    const created = new Set(
      events.map((event) => (event.type === 'ConversationCreated' ? event.data.conversationId : undefined)),
    );
    for (const event of events) {
      if (event.type !== 'MemberAdded' || event.data.fromSeq !== 1 || event.handle === undefined) continue;
      const { conversationId } = event.data;
      for (const session of hub.ofHandle(event.handle)) {
        const hasAll = created.has(conversationId) || hub.membershipsOf(session).has(conversationId);
        if (hasAll) continue;
        if (this.begun?.conversationId !== conversationId) session.close(closeCodes.failure, 'try again');
        // Its sync may have passed these places when they were none of its business: they are as new as the joining.
        else for (const { frame } of this.begun.facts) session.deliver({ frame, position: event.meta.position });
      }
      hub.joinHandle(event.handle, event.data);
    }
  }

  /** Conversations that get a reader by these very events: what follows in them is read, too. */
  private conversationsJoinedIn(events: readonly ProjectedEnvelope[]): ReadonlySet<ConversationId> {
    const joined = new Set<ConversationId>();
    for (const event of events) {
      if (event.type !== 'MemberAdded' || event.handle === undefined) continue;
      if (this.deps.hub.isOnline(event.handle)) joined.add(event.data.conversationId);
    }
    return joined;
  }

  private hasReaders(event: ProjectedEnvelope, joining: ReadonlySet<ConversationId>): boolean {
    const { hub } = this.deps;
    if (event.type === '$stream-removed') return false;
    if ('conversationId' in event.data) {
      return hub.hasReaders(event.data.conversationId) || joining.has(event.data.conversationId);
    }
    return hub.hasDevicesOf(event.data.accountId);
  }

  /** A mark that the feed puts after its member's end counts for nothing, as in the views. */
  private isOfFormerMember(event: ProjectedEnvelope): boolean {
    return isMark(event) && this.former.has(memberKey(event.data));
  }

  private send(event: ProjectedEnvelope, fact: LiveFact): void {
    if (event.type === '$stream-removed') return;
    if (isMark(event)) this.deps.hub.toConversation(event.data.conversationId, fact);
    else if ('conversationId' in event.data) this.deps.hub.toConversation(event.data.conversationId, fact, event.meta.revision);
    else this.deps.hub.toAccount(event.data.accountId, fact);
  }

  private remember(key: string): void {
    this.former.add(key);
    const [oldest] = this.former;
    if (this.former.size > FORMER_MEMBERS_MAX && oldest !== undefined) this.former.delete(oldest);
  }

  /** What ends with this event: a membership, after its last fact; a revoked device's socket. */
  private end(event: ProjectedEnvelope): void {
    if (event.type === 'MemberLeft' || event.type === 'MemberRemoved') {
      this.deps.hub.leave(event.data);
      this.remember(memberKey(event.data));
    }
    if (event.type === 'DeviceRevoked') {
      this.deps.hub.ofDevice(event.data.deviceId)?.close(closeCodes.deviceRevoked, 'the device was revoked');
    }
  }
}

type Mark = Extract<ProjectedEnvelope, { type: 'DeliveredUpTo' | 'ReadUpTo' }>;

const isMark = (event: ProjectedEnvelope): event is Mark => event.type === 'DeliveredUpTo' || event.type === 'ReadUpTo';

/** Of a member's marks the furthest counts, and no phone should wake for it: see `LiveFact`. */
const markOf = (event: ProjectedEnvelope): Pick<LiveFact, 'mark'> =>
  isMark(event) ? { mark: { of: `${event.type} ${memberKey(event.data)}`, seq: event.data.seq } } : {};

const memberKey = ({ conversationId, memberId }: Membership): string => `${conversationId} ${memberId}`;

type CreationEvent = Extract<ProjectedEnvelope, { type: 'ConversationCreated' | 'MemberAdded' }>;

/** Whether all that is before this event in the log has been handed out before it. */
const isInOrder = (events: readonly ProjectedEnvelope[], index: number, handedUpTo: number): boolean => {
  const { position } = events[index]!.meta;
  return position <= handedUpTo && events.slice(index + 1).every(({ meta }) => meta.position > position);
};

/** Of each conversation whose creation is among these events: where that ends, as far as they go. */
function newestOfCreations(events: readonly ProjectedEnvelope[]): ReadonlyMap<ConversationId, number> {
  const newest = new Map<ConversationId, number>();
  for (const event of events) if (isOfCreation(event)) newest.set(event.data.conversationId, event.meta.position);
  return newest;
}

/** One of the events of the write that creates a conversation. */
const isOfCreation = (event: ProjectedEnvelope): event is CreationEvent =>
  event.type === 'ConversationCreated' || (event.type === 'MemberAdded' && event.data.fromSeq === 1);
