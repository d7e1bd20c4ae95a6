/**
 * Sync: everything that one person's devices have not seen since a position. Re-delivery is allowed, loss is not: the
 * answer names the position that it vouches for, which was read before anything else and may be lower than the question.
 */
import type { AccountId, ConversationId, Handle } from '../domain/kernel/ids.js';
import { type AccountDocument, accounts } from './accounts.js';
import { type ConversationView, conversationList, type Seen, seenConversations, viewOf } from './conversation-list.js';
import { conversationMembers, isStillIn } from './conversation-members.js';
import { conversationTimeline, type TimelineEntry } from './conversation-timeline.js';
import { type DeviceDocument, devices, devicesOf } from './devices.js';
import { one } from './kernel/reading.js';
import type { Views } from './kernel/views.js';
import { gapsOf, type LeftOut, leftOutOf, unseenOf } from './left-out.js';
import { type MemberView, memberView, presentMembers } from './members-for.js';
import { type MemberMarks, marksOf, marksPosition, marksSince, receipts } from './receipts.js';
import { entriesBetween } from './timeline-search.js';

export interface Asker {
  readonly accountId: AccountId;
  readonly handle: Handle;
}

export interface SyncCursor {
  /** Everything up to here was answered; 0 for a device that has nothing yet. */
  readonly after: number;
  /**
   * Between the pages of one answer: what it will vouch for, how far down the list of conversations it has got, and how far
   * the views were that it has seen. The next page must not be read from views that are behind them: what had moved up
   * the list would move down again, past the place that the answer has got to.
   */
  readonly page?: { readonly upTo: number; readonly below: number; readonly seen: number };
}

export interface SyncLimits {
  readonly conversationsMax: number;
  /** Facts of one conversation, the newest; what is left out is named. */
  readonly factsMax: number;
  /** A snapshot lists members and their marks when they are no more than this; of a larger conversation both are asked for. */
  readonly membersMax: number;
  /** Of one answer, by the size of what is stored, which is more than what is answered. Each answer tells something, whatever its size. */
  readonly bytesMax: number;
}

export type SyncItem =
  | { readonly kind: 'entry'; readonly entry: TimelineEntry }
  /** The conversation as it is now. The facts that follow it begin after `revision`, and holes are counted from there. */
  | {
      readonly kind: 'snapshot';
      readonly revision: number;
      readonly conversation: ConversationView;
      readonly members?: readonly MemberView[];
    }
  | { readonly kind: 'marks'; readonly conversationId: ConversationId; readonly marks: MemberMarks }
  | { readonly kind: 'account'; readonly account: AccountDocument }
  | { readonly kind: 'device'; readonly device: DeviceDocument };

export interface SyncAnswer {
  readonly items: readonly SyncItem[];
  readonly limited: readonly LeftOut[];
  readonly cursor: SyncCursor;
  readonly caughtUp: boolean;
}

type Part = Pick<SyncAnswer, 'items' | 'limited'> & { readonly bytes: number };

interface Changed {
  readonly seen: Seen;
  readonly at: number;
}

const READ_HERE = [
  conversationList.collection,
  conversationMembers.collection,
  conversationTimeline.collection,
  receipts.collection,
  accounts.collection,
  devices.collection,
] as const;

/** Up to where all the views are built that sync reads. */
export const syncPosition = (views: Views): Promise<number> => views.position(...READ_HERE);

export async function factsSince(views: Views, asker: Asker, cursor: SyncCursor, limits: SyncLimits): Promise<SyncAnswer> {
  const { after, page } = cursor;
  const built = await syncPosition(views);
  const upTo = page?.upTo ?? built;
  const own = page === undefined ? await ownItems(views, asker.accountId, after) : [];
  const changed = await changedSince(views, asker.handle, after);
  const waiting = changed.filter(({ at }) => at < (page?.below ?? Number.POSITIVE_INFINITY));
  const taken = await fittingParts(views, waiting.slice(0, limits.conversationsMax), after, {
    ...limits,
    bytesMax: limits.bytesMax - bytesOf(own),
  });
  const lowest = waiting[taken.length - 1]?.at;
  const hasMore = lowest !== undefined && waiting.length > taken.length;
  // What moved up the list since the first page may have been passed over: the last page answers all of it again.
  const passedOver = page !== undefined && !hasMore ? changed.filter(({ at }) => at >= page.below && at > upTo) : [];
  const parts = [
    ...taken,
    ...(await movedParts(views, passedOver, after, { ...limits, bytesMax: limits.bytesMax - sum(taken) })),
  ];
  return {
    items: [...own, ...parts.flatMap(({ items }) => items)],
    limited: parts.flatMap(({ limited }) => limited),
    cursor: hasMore ? { after, page: { upTo, below: lowest, seen: Math.max(built, changed[0]?.at ?? 0) } } : { after: upTo },
    caughtUp: !hasMore,
  };
}

async function ownItems(views: Views, accountId: AccountId, after: number): Promise<readonly SyncItem[]> {
  const account = await one(views, accounts.collection, { accountId });
  const owned = await devicesOf(views, accountId);
  return [
    ...(account !== undefined && account.position > after ? [{ kind: 'account', account } as const] : []),
    ...owned.filter(({ position }) => position > after).map((device) => ({ kind: 'device', device }) as const),
  ];
}

/** The conversations of a person that changed after a position, the last changed first. */
async function changedSince(views: Views, handle: Handle, after: number): Promise<readonly Changed[]> {
  const all = await seenConversations(views, handle);
  const dated = await Promise.all(
    all.map(async (seen) => {
      const marked = seen.membership.state === 'active' ? await marksPosition(views, seen.conversationId) : 0;
      return { seen, at: Math.max(seen.lastPosition, marked) };
    }),
  );
  return dated.filter(({ at }) => at > after).sort((one, other) => other.at - one.at);
}

const sum = (parts: readonly Part[]): number => parts.reduce((total, { bytes }) => total + bytes, 0);

/** As many as fit, from the first on; the first one is cut to what fits. */
async function fittingParts(
  views: Views,
  changed: readonly Changed[],
  after: number,
  limits: SyncLimits,
): Promise<readonly Part[]> {
  const parts: Part[] = [];
  for (const { seen } of changed) {
    const part = await conversationPart(views, seen, after, limits);
    if (parts.length > 0 && sum(parts) + part.bytes > limits.bytesMax) break;
    parts.push(part);
  }
  return parts;
}

/** All of them, cut to what is left of the answer. */
async function movedParts(
  views: Views,
  changed: readonly Changed[],
  after: number,
  limits: SyncLimits,
): Promise<readonly Part[]> {
  const parts: Part[] = [];
  for (const { seen } of changed) {
    parts.push(await conversationPart(views, seen, after, { ...limits, bytesMax: limits.bytesMax - sum(parts) }));
  }
  return parts;
}

/** What an item takes beside what is stored of it: names of fields, and the scope of its fact. */
const ITEM_BYTES = 256;

const bytesOf = (items: readonly SyncItem[]): number =>
  items.reduce((total, item) => total + ITEM_BYTES + JSON.stringify(item).length, 0);

const asItem = (entry: TimelineEntry) => ({ kind: 'entry', entry }) as const;

/** The last ones that fit, and the very last in any case. */
function lastWithin<Item extends SyncItem>(items: readonly Item[], bytesMax: number): readonly Item[] {
  let bytes = 0;
  for (let first = items.length - 1; first >= 0; first -= 1) {
    bytes += bytesOf([items[first]!]);
    if (bytes > bytesMax && first < items.length - 1) return items.slice(first + 1);
  }
  return items;
}

/**
 * The facts of the latest generation. Of an earlier one that ended since, the snapshot says all that still counts, and
 * the places are named.
 */
async function conversationPart(views: Views, seen: Seen, after: number, limits: SyncLimits): Promise<Part> {
  const { conversationId, membership, interval } = seen;
  const isNew = interval.joining.position > after;
  const unseen = await unseenOf(views, conversationId, interval, seen.lastRevision, after);
  const low = Math.max(unseen.low, unseen.high - limits.factsMax + 1);
  const newest = (await entriesBetween(views, conversationId, { low, high: unseen.high })).map(asItem);
  const marks = membership.state === 'active' ? await marksItems(views, seen, after, limits) : [];
  const [newestBytes, marksBytes] = [bytesOf(newest), bytesOf(marks)];
  const room = limits.bytesMax - marksBytes;
  const isTooMuch = low > unseen.low || newestBytes > room;
  const summary = isNew || isTooMuch ? await summaryOf(views, seen, limits) : undefined;
  const entries = summary === undefined ? newest : lastWithin(newest, room - bytesOf([{ ...summary, revision: 0 }]));
  const start = entries[0]?.entry.revision ?? low;
  const isCut = start > unseen.low;
  const gaps = await gapsOf(views, seen, after, isCut ? { low: unseen.low, high: start - 1 } : undefined);
  const left = await leftOutOf(views, seen, gaps, limits.factsMax);
  const snapshot = summary === undefined ? [] : [{ ...summary, revision: start - 1 }];
  const before = [...left.removals.map(asItem), ...snapshot];
  const bytes = bytesOf(before) + (entries === newest ? newestBytes : bytesOf(entries)) + marksBytes;
  return { items: [...before, ...entries, ...marks], limited: left.places, bytes };
}

type Snapshot = Extract<SyncItem, { readonly kind: 'snapshot' }>;

async function summaryOf(views: Views, seen: Seen, { membersMax }: SyncLimits): Promise<Omit<Snapshot, 'revision'>> {
  const conversation = await viewOf(views, seen);
  const summary = { kind: 'snapshot', conversation } as const;
  if (conversation.membersCount === undefined || conversation.membersCount > membersMax) return summary;
  const members = await presentMembers(views, seen.conversationId, { limit: membersMax });
  if (!(await isStillIn(views, seen.membership))) return summary;
  return { ...summary, members: members.map(memberView) };
}

async function marksItems(views: Views, seen: Seen, after: number, { membersMax }: SyncLimits): Promise<readonly SyncItem[]> {
  const { conversationId, interval, lastSeq } = seen;
  const isNew = interval.joining.position > after;
  const isSmall = isNew && (await presentMembers(views, conversationId, { limit: membersMax + 1 })).length <= membersMax;
  const changed = await marksSince(views, conversationId, isSmall ? 0 : after);
  // Further than the conversation was when it was read: a later sync tells it, to whoever is still there.
  const told = changed.filter(({ deliveredSeq = 0, readSeq = 0 }) => Math.max(deliveredSeq, readSeq) <= lastSeq);
  return told.map((document) => ({ kind: 'marks', conversationId, marks: marksOf(document) }));
}
