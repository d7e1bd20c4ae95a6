import type { Result } from '../../domain/kernel/decider.js';
import { ok } from '../../domain/kernel/decider.js';
import type { ConversationId, CorrelationId } from '../../domain/kernel/ids.js';
import { actingIn } from '../conversation/people.js';
import type { AccountErased, Contended, Deps, SignedContext, UseCase, Written } from '../use-case.js';
import { STATE_AGE_MS_MAX } from './mark-read.js';

/** Above this many members only read marks are kept: a delivery mark each would be more than the message. */
const DELIVERED_MEMBERS_MAX = 256;

/** One person's marks in several conversations are spread over this long: written at once, their time would join them. */
const SPREAD_MS = 1_000;

export interface ConfirmReceived {
  /** How far this device's cursor reaches in each conversation that it moved in. */
  readonly delivered: readonly Delivered[];
}

interface Delivered {
  readonly conversationId: ConversationId;
  readonly seq: number;
}

type ConfirmDeps = Pick<Deps, 'keys' | 'conversations' | 'receiptMarks' | 'clock' | 'ids'>;
type Confirmed = Result<Partial<Written>, AccountErased | Contended>;

/** "Delivered" has one source: a device says that it has stored everything up to a cursor. */
export function confirmReceived(deps: ConfirmDeps): UseCase<ConfirmReceived, Partial<Written>, AccountErased | Contended> {
  return async ({ delivered }, context) => {
    const spreadMs = delivered.length > 1 ? SPREAD_MS : 0;
    const marked = await Promise.all(delivered.map((one) => mark(deps, one, spreadMs, context)));
    let position = 0;
    for (const result of marked) {
      if (!result.ok) return result;
      position = Math.max(position, result.value.position ?? 0);
    }
    return ok(position === 0 ? {} : { position });
  };
}

/** A device says it once: what is ahead of a stale state is decided on the head before it is passed over. */
async function mark(
  deps: ConfirmDeps,
  { conversationId, seq }: Delivered,
  spreadMs: number,
  context: SignedContext,
): Promise<Confirmed> {
  const actor = await actingIn(deps, conversationId, context);
  if (!actor.ok) return actor;
  const { memberId } = actor.value;
  let { state } = await deps.conversations.within(conversationId, STATE_AGE_MS_MAX);
  if (state.status === 'absent' || !state.members.has(memberId) || seq > state.seq) {
    ({ state } = await deps.conversations.head(conversationId));
  }
  if (state.status === 'absent' || !state.members.has(memberId) || seq > state.seq) return ok({});
  if (state.members.size > DELIVERED_MEMBERS_MAX) return ok({});
  await deps.clock.wait(spreadMs * deps.ids.fraction());
  // Of its own, for the same reason: a correlation id in two conversations would say that one person is in both.
  const correlationId = deps.ids.uuid() as CorrelationId;
  return deps.receiptMarks.mark({ kind: 'MarkDelivered', conversationId, memberId, seq }, { ...context, correlationId });
}
