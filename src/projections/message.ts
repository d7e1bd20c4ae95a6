/**
 * A place in the history as its readers see it: a message, a notice, or a stub of what may not be shown any more.
 * The one mapping from a timeline entry to the public message, for facts, for pages and for single reads.
 */
import type { AccountId, ConversationId, MemberId, MessageId } from '../domain/kernel/ids.js';
import type { Instant } from '../domain/kernel/instant.js';
import { isErased } from '../domain/kernel/personal.js';
import type { Content, Hints, Relations } from '../domain/message/events.js';
import type { TimelineEntry } from './conversation-timeline.js';
import type { ConversationFactName } from './facts.js';
import type { Opened } from './kernel/opening.js';

export type MessageState = 'visible' | 'removed' | 'expired' | 'erased' | 'withheld';

export interface NoticeContent {
  readonly type: ConversationFactName;
  readonly memberId: MemberId;
  /** Absent when that person's keys were destroyed. */
  readonly accountId?: AccountId;
}

export interface Message {
  /** Absent for a notice, and where the place is withheld. */
  readonly messageId?: MessageId;
  readonly conversationId: ConversationId;
  readonly seq: number;
  readonly class: 'post' | 'notice' | 'control';
  readonly senderId?: MemberId;
  /** RFC 3339, UTC, with milliseconds. */
  readonly postedAt?: string;
  readonly version: number;
  readonly state: MessageState;
  readonly content?: Content | NoticeContent;
  readonly relations?: Relations;
  readonly hints?: Hints;
  readonly mediaIds?: readonly string[];
  readonly commitment?: string;
  readonly composedAt?: string;
  readonly expiresAt?: string;
}

/** A place that exists and that this reader may not see, not even whose it is. */
export interface Withheld {
  readonly withheld: true;
  readonly conversationId: ConversationId;
  readonly seq: number;
}

export const rfc3339 = (at: Instant): string => new Date(at).toISOString();

/** Messages have one version until they can be revised. */
const VERSION = 1;

type Entry = Opened<TimelineEntry>;
type Place = Pick<Message, 'conversationId' | 'seq' | 'class' | 'version'>;

export function messageOf(item: Entry | Opened<Withheld>, now: Instant): Message {
  const { conversationId, seq = 0 } = item;
  if ('withheld' in item) return { conversationId, seq, class: 'post', version: VERSION, state: 'withheld' };
  const place = { conversationId, seq, version: VERSION } as const;
  const { messageId, class: declared, by, at } = item;
  const stamp = { ...(by && { senderId: by }), postedAt: rfc3339(at) };
  if (messageId === undefined) return notice(item, { ...place, class: 'notice' }, stamp);
  const { expiresAt } = item;
  const post = { messageId, ...place, class: declared ?? 'post', ...stamp, ...(expiresAt && { expiresAt: rfc3339(expiresAt) }) };
  if (item.state === 'removed') return { ...post, state: 'removed' };
  if (expiresAt !== undefined && expiresAt <= now) return { ...post, state: 'expired' };
  if (item.body === undefined || isErased(item.body)) return { ...post, state: 'erased' };
  const { deviceId: _, composedAt, ...body } = item.body;
  return { ...post, state: 'visible', ...body, ...(composedAt !== undefined && { composedAt: rfc3339(composedAt) }) };
}

function notice(item: Entry, place: Place, stamp: Pick<Message, 'senderId' | 'postedAt'>): Message {
  const { type, memberId, account } = item;
  const about = memberId === undefined ? {} : { memberId, ...(account && !isErased(account) && { accountId: account }) };
  return { ...place, ...stamp, state: 'visible', content: { type, ...about } as NoticeContent };
}
