/**
 * Finding out whether a message has been posted, and where. The proof behind "one post per message id": whoever
 * answers no has read every conversation event in question, up to the revision that the next append expects.
 */
import type { ConversationEvent } from '../../domain/conversation/events.js';
import type { ConversationId, MessageId } from '../../domain/kernel/ids.js';
import type { Message } from '../../domain/message/message.js';
import { message } from '../../domain/message/message.js';
import { aggregates } from '../aggregates.js';
import type { Loaded } from '../load-stream.js';
import { loadStream } from '../load-stream.js';
import type { StoredEvent } from '../ports/event-store.js';
import type { Deps } from '../use-case.js';

const SCAN_EVENTS_MAX = 500;

type PostedEvent = Extract<ConversationEvent, { type: 'MessagePosted' }>;

export interface Posted {
  readonly data: PostedEvent['data'];
  readonly revision: number;
  readonly position: number;
}

export type PostedDeps = Pick<Deps, 'eventStore' | 'codec' | 'postedIndex'>;

export const NO_MESSAGE: Loaded<Message> = { state: message.initial, revision: -1 };

export const readMessage = (deps: PostedDeps, messageId: MessageId, known = NO_MESSAGE): Promise<Loaded<Message> | 'removed'> =>
  loadStream(deps, message, aggregates.message.stream(messageId), known);

/** The post, if a conversation holds it in (after, upTo]; the index may say yes from anywhere, and is then verified. */
export async function findPosted(
  deps: PostedDeps,
  messageId: MessageId,
  conversationId: ConversationId,
  after: number,
  upTo: number,
): Promise<Posted | undefined> {
  return (await byIndex(deps, messageId)) ?? (await byScan(deps, messageId, conversationId, after, upTo));
}

/** A hint is not a proof: what the index names is read. */
export async function byIndex(deps: PostedDeps, messageId: MessageId): Promise<Posted | undefined> {
  const place = await deps.postedIndex.find(messageId);
  if (place === 'unknown') return undefined;
  const slice = await deps.eventStore.readStream(aggregates.conversation.stream(place.conversationId), place.revision, 1);
  const [stored] = slice.status === 'found' ? slice.events : [];
  return stored === undefined ? undefined : asPosted(deps, stored, messageId);
}

async function byScan(
  deps: PostedDeps,
  messageId: MessageId,
  conversationId: ConversationId,
  after: number,
  upTo: number,
): Promise<Posted | undefined> {
  const stream = aggregates.conversation.stream(conversationId);
  let from = after + 1;
  while (from <= upTo) {
    const slice = await deps.eventStore.readStream(stream, from, Math.min(SCAN_EVENTS_MAX, upTo - from + 1));
    if (slice.status !== 'found' || slice.events.length === 0) return undefined;
    for (const stored of slice.events) {
      const posted = asPosted(deps, stored, messageId);
      if (posted !== undefined) return posted;
      from = stored.revision + 1;
    }
  }
  return undefined;
}

function asPosted(deps: PostedDeps, stored: StoredEvent, messageId: MessageId): Posted | undefined {
  // Most of what a scan meets is another message's post: that is seen without parsing it.
  if (stored.type !== 'MessagePosted' || !stored.data.includes(messageId)) return undefined;
  const event = deps.codec.decode(stored);
  if (event.type !== 'MessagePosted' || event.data.messageId !== messageId) return undefined;
  return { data: event.data, revision: stored.revision, position: stored.position };
}
