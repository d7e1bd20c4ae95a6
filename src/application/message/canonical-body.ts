import type { ConversationId } from '../../domain/kernel/ids.js';
import type { Body, Content, Hints, Relations } from '../../domain/message/events.js';

/**
 * What `bodyMac` is computed over: the server's own serialisation, in declared field order, so that the order of the
 * client's fields decides nothing. Stored: a change here makes repeated sends of old messages look like other messages.
 */
export function canonicalBody(conversationId: ConversationId, body: Body): string {
  return JSON.stringify([
    conversationId,
    content(body.content),
    relations(body.relations ?? {}),
    hints(body.hints ?? {}),
    body.mediaIds ?? [],
    body.commitment ?? null,
  ]);
}

function content(value: Content): readonly unknown[] {
  if (value.type === 'text') return [value.type, value.text];
  return [value.type, value.scheme, value.epoch ?? null, value.header ?? null, value.ciphertext];
}

const relations = (value: Relations): readonly unknown[] => [
  value.replyTo ?? null,
  value.threadId ?? null,
  value.forwardOf ?? null,
];

const hints = (value: Hints): readonly unknown[] => [value.mentions ?? [], value.silent ?? false, value.urgent ?? false];
