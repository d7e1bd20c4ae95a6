/**
 * REACTION `close-empty-conversations`: destroys a conversation's own keys, which seal its title, when its last member
 * has left. The second run finds the keys destroyed and changes nothing.
 */
import type { Envelope } from '../../domain/kernel/envelope.js';
import type { StoredDomainEvent } from '../event-catalogue.js';
import type { Deps } from '../use-case.js';

export function closeEmptyConversations(deps: Pick<Deps, 'conversations' | 'keys'>) {
  return async (event: Envelope<StoredDomainEvent>): Promise<void> => {
    if (event.type !== 'MemberLeft' && event.type !== 'MemberRemoved') return;
    const { state } = await deps.conversations.head(event.data.conversationId);
    if (state.status !== 'open' || state.members.size > 0) return;
    await deps.keys.destroy(event.data.conversationId);
    await deps.conversations.snapshots?.forget(event.data.conversationId);
  };
}
