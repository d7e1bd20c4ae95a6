import type { Decider, Result } from '../kernel/decider.js';
import { ok, unreachable } from '../kernel/decider.js';
import type { ConversationId, MemberId } from '../kernel/ids.js';
import type { Instant } from '../kernel/instant.js';
import type { ReceiptsEvent } from './events.js';

export interface Receipts {
  readonly deliveredSeq: number;
  readonly readSeq: number;
}

/** The use case has checked that `seq` exists and that the member may see it. */
export type ReceiptsCommand = {
  readonly type: 'MarkDelivered' | 'MarkRead';
  readonly conversationId: ConversationId;
  readonly memberId: MemberId;
  readonly seq: number;
  readonly at: Instant;
};

function evolve(state: Receipts, event: ReceiptsEvent): Receipts {
  const { seq } = event.data;
  switch (event.type) {
    case 'DeliveredUpTo':
      return { ...state, deliveredSeq: Math.max(state.deliveredSeq, seq) };
    case 'ReadUpTo':
      return { deliveredSeq: Math.max(state.deliveredSeq, seq), readSeq: Math.max(state.readSeq, seq) };
    default:
      return unreachable(event);
  }
}

/** A mark never goes back: one that is not ahead changes nothing. */
function decide(command: ReceiptsCommand, state: Receipts): Result<readonly ReceiptsEvent[], never> {
  const { conversationId, memberId, seq, at } = command;
  if (command.type === 'MarkDelivered') {
    if (seq <= state.deliveredSeq) return ok([]);
    return ok([{ type: 'DeliveredUpTo', data: { conversationId, memberId, seq, deliveredAt: at } }]);
  }
  if (seq <= state.readSeq) return ok([]);
  return ok([{ type: 'ReadUpTo', data: { conversationId, memberId, seq, readAt: at } }]);
}

export const receipts: Decider<ReceiptsCommand, ReceiptsEvent, Receipts, never> = {
  initial: { deliveredSeq: 0, readSeq: 0 },
  evolve,
  decide,
};
