import type { Result } from '../../domain/kernel/decider.js';
import { ok, rejected } from '../../domain/kernel/decider.js';
import type { CorrelationId, EventId, MessageId } from '../../domain/kernel/ids.js';
import { limits } from '../../domain/kernel/limits.js';
import { baseRevisionMin } from '../../domain/message/message.js';
import { aggregates } from '../aggregates.js';
import type { Deps } from '../use-case.js';
import { findPosted, readMessage } from './posted.js';

const DAY_MS = 24 * 60 * 60 * 1_000;

export type CollectRejection = { readonly type: 'NotADraft' };

type CollectDeps = Pick<Deps, 'eventStore' | 'codec' | 'conversations' | 'clock' | 'ids' | 'postedIndex'>;

/**
 * Removes what was composed and never posted, 31 days after its last attempt: reads the stream, proves up to a head read
 * afterwards that it is not posted, and removes it at the revision that was read. An attempt in between moves the
 * revision; an attempt after finds the stream removed, and is answered `message-gone`.
 */
export function collectDraft(deps: CollectDeps) {
  return async (messageId: MessageId): Promise<Result<'collected', CollectRejection>> => {
    const stream = aggregates.message.stream(messageId);
    const loaded = await readMessage(deps, messageId);
    if (loaded === 'removed') return ok('collected');
    if (loaded.state.status === 'absent') return rejected({ type: 'NotADraft' });
    const newest = await deps.eventStore.readStream(stream, loaded.revision, 1);
    const [last] = newest.status === 'found' ? newest.events : [];
    const ageMs = last === undefined ? 0 : deps.clock.now() - last.recordedAt;
    if (last === undefined || ageMs < limits.draftLifeDays * DAY_MS) return rejected({ type: 'NotADraft' });
    const { conversationId } = loaded.state;
    const head = await deps.conversations.head(conversationId);
    const posted = await findPosted(deps, messageId, conversationId, baseRevisionMin(loaded.state), head.revision);
    if (posted !== undefined) return rejected({ type: 'NotADraft' });
    const removed = await deps.eventStore.remove(stream, loaded.revision, {
      id: deps.ids.uuid() as EventId,
      recordedAt: deps.clock.now(),
      feedKey: conversationId,
      correlationId: deps.ids.uuid() as CorrelationId,
    });
    return removed.outcome === 'removed' ? ok('collected') : rejected({ type: 'NotADraft' });
  };
}
