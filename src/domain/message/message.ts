import type { Decider, Result } from '../kernel/decider.js';
import { ok, rejected } from '../kernel/decider.js';
import type { ComposeId, ConversationId, MemberId, MessageId } from '../kernel/ids.js';
import type { MessageEvent, SealedBody } from './events.js';

export interface Compose {
  readonly composeId: ComposeId;
  readonly baseRevision: number;
  readonly bodyMac: string;
}

export type Message =
  | { readonly status: 'absent' }
  | {
      readonly status: 'drafted';
      readonly conversationId: ConversationId;
      readonly memberId: MemberId;
      /** In the order of their attempts; the first one fixes whose message this is and what it says. */
      readonly composes: readonly [Compose, ...Compose[]];
    };

export type MessageCommand = {
  readonly type: 'Compose';
  readonly messageId: MessageId;
  readonly conversationId: ConversationId;
  readonly memberId: MemberId;
  readonly composeId: ComposeId;
  readonly baseRevision: number;
  readonly bodyMac: string;
  readonly body: SealedBody;
};

export type MessageRejection = { readonly type: 'MessageIdReused' };

function evolve(state: Message, event: MessageEvent): Message {
  const { conversationId, memberId, composeId, baseRevision, bodyMac } = event.data;
  const compose = { composeId, baseRevision, bodyMac };
  if (state.status === 'absent') return { status: 'drafted', conversationId, memberId, composes: [compose] };
  return { ...state, composes: [...state.composes, compose] };
}

/** Every attempt composes anew; another body, another conversation or another author is another message. */
function decide(command: MessageCommand, state: Message): Result<readonly MessageEvent[], MessageRejection> {
  if (state.status === 'drafted' && !sameMessage(state, command)) return rejected({ type: 'MessageIdReused' });
  const { type: _, ...data } = command;
  return ok([{ type: 'MessageComposed', data }]);
}

export function sameMessage(
  state: Extract<Message, { status: 'drafted' }>,
  claim: Pick<MessageCommand, 'conversationId' | 'memberId' | 'bodyMac'>,
): boolean {
  const { conversationId, memberId, bodyMac } = claim;
  return state.conversationId === conversationId && state.memberId === memberId && state.composes[0].bodyMac === bodyMac;
}

export const baseRevisionMin = (state: Extract<Message, { status: 'drafted' }>): number =>
  Math.min(...state.composes.map((compose) => compose.baseRevision));

export const message: Decider<MessageCommand, MessageEvent, Message, MessageRejection> = {
  initial: { status: 'absent' },
  evolve,
  decide,
};
