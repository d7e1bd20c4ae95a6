/**
 * TABLE reactions: a durable name, and what happens on an event. At-least-once, from a checkpoint of their own; each
 * bears being run twice. The names are stored: never rename.
 */
import type { Envelope } from '../domain/kernel/envelope.js';
import { closeEmptyConversations } from './conversation/close-empty-conversations.js';
import { endRevokedSessions } from './device/end-revoked-sessions.js';
import type { StoredDomainEvent } from './event-catalogue.js';
import { purgeRemovedMessages } from './message/purge-removed-messages.js';
import { STREAM_REMOVED } from './ports/event-store.js';
import type { Deps } from './use-case.js';

export type Reaction = (event: Envelope<StoredDomainEvent>) => Promise<void>;

export const reactions: Readonly<Record<string, (deps: Deps) => Reaction>> = {
  'purge-removed-messages': purgeRemovedMessages,
  'close-empty-conversations': closeEmptyConversations,
  'end-revoked-sessions': endRevokedSessions,
};

const BATCH_EVENTS_MAX = 500;

/** Runs one reaction until the signal is aborted. The checkpoint moves when a whole batch has been done. */
export async function runReaction(deps: Deps, name: string, signal: AbortSignal): Promise<void> {
  const react = reactions[name]?.(deps);
  if (react === undefined) throw new Error(`There is no reaction named ${name}`);
  for await (const batch of deps.eventFeed.follow(name, { from: 'checkpoint', batchMax: BATCH_EVENTS_MAX, signal })) {
    for (const stored of batch.events) {
      if (stored.type !== STREAM_REMOVED) await react(deps.codec.decode(stored));
    }
    await deps.eventFeed.commit(name, batch.upTo);
  }
}
