/**
 * TABLE reactions: a durable name, and what happens on an event. At-least-once, from a checkpoint of their own; each
 * bears being run twice. The names are stored: never rename.
 */
import type { Envelope } from '../domain/kernel/envelope.js';
import { closeEmptyConversations } from './conversation/close-empty-conversations.js';
import { endRevokedSessions } from './device/end-revoked-sessions.js';
import type { StoredDomainEvent } from './event-catalogue.js';
import { purgeRemovedMessages } from './message/purge-removed-messages.js';
import type { Deps } from './use-case.js';

export type Reaction = (event: Envelope<StoredDomainEvent>) => Promise<void>;

interface ReactionRow {
  readonly on: readonly StoredDomainEvent['type'][];
  readonly reaction: (deps: Deps) => Reaction;
}

export const reactions: Readonly<Record<string, ReactionRow>> = {
  'purge-removed-messages': { on: ['MessageRemoved'], reaction: purgeRemovedMessages },
  'close-empty-conversations': { on: ['MemberLeft', 'MemberRemoved'], reaction: closeEmptyConversations },
  'end-revoked-sessions': { on: ['DeviceRevoked'], reaction: endRevokedSessions },
};

const BATCH_EVENTS_MAX = 1_000;
/** Few events are reacted to, and none of them is waited for: a checkpoint for each commit would cost the senders one. */
const GATHER_MS = 100;

/** Runs one reaction until the signal is aborted. The checkpoint moves when a whole batch has been done. */
export async function runReaction(deps: Deps, name: string, signal: AbortSignal): Promise<void> {
  const row = reactions[name];
  if (row === undefined) throw new Error(`There is no reaction named ${name}`);
  const react = row.reaction(deps);
  const wanted = new Set<string>(row.on);
  for await (const batch of deps.eventFeed.follow(name, { from: 'checkpoint', batchMax: BATCH_EVENTS_MAX, signal })) {
    for (const stored of batch.events) if (wanted.has(stored.type)) await react(deps.codec.decode(stored));
    await deps.eventFeed.commit(name, batch.upTo);
    if (batch.events.length < BATCH_EVENTS_MAX) await deps.clock.wait(GATHER_MS, signal);
  }
}
