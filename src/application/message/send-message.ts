import type { ConversationRejection } from '../../domain/conversation/conversation.js';
import type { Result } from '../../domain/kernel/decider.js';
import { rejected } from '../../domain/kernel/decider.js';
import type { ConversationId, MemberId, MessageId } from '../../domain/kernel/ids.js';
import type { Instant } from '../../domain/kernel/instant.js';
import { isErased } from '../../domain/kernel/personal.js';
import type { Body } from '../../domain/message/events.js';
import type { MessageRejection } from '../../domain/message/message.js';
import type { AccountErased, Contended, Deps, SignedContext, UseCase, Written } from '../use-case.js';
import { canonicalBody } from './canonical-body.js';
import type { Send } from './send-attempt.js';
import { SendLanes } from './send-lanes.js';

export interface SendMessage {
  readonly conversationId: ConversationId;
  readonly messageId: MessageId;
  readonly body: Body;
  readonly composedAt?: Instant;
}

/** Leaves only after the disk has it. */
export interface SendAck extends Written {
  readonly messageId: MessageId;
  readonly seq: number;
  readonly postedAt: Instant;
  readonly revision: number;
  /** False for a repetition, which is answered as the first one was. */
  readonly isNew: boolean;
}

export type SendRejection =
  | ConversationRejection
  | MessageRejection
  /** The content was removed, or the draft collected: this message id is never posted again. */
  | { readonly type: 'MessageGone' }
  | AccountErased
  | Contended;

export type SendDeps = Pick<Deps, 'eventStore' | 'codec' | 'conversations' | 'keys' | 'clock' | 'ids' | 'postedIndex'>;

/** One post per message id, for ever, and the original ack for every repetition: see ADR 0017. */
export function sendMessage(deps: SendDeps): UseCase<SendMessage, SendAck, SendRejection> {
  const lanes = new SendLanes(deps);
  return async (input, context): Promise<Result<SendAck, SendRejection>> => {
    const send = await lanes.inTurn(context.principal.accountId, named(deps, input, context));
    return send === 'erased' ? rejected({ type: 'AccountErased' }) : lanes.send(send);
  };
}

/** The send under the names that its conversation knows it by. */
async function named(deps: SendDeps, input: SendMessage, context: SignedContext): Promise<Send | 'erased'> {
  const { conversationId, messageId, body, composedAt } = input;
  const { accountId, deviceId } = context.principal;
  const data = canonicalBody(conversationId, body);
  const [[memberId], [bodyMac]] = await Promise.all([
    deps.keys.name([{ subject: accountId, purpose: 'member', context: conversationId }]),
    deps.keys.mac([{ subject: accountId, context: conversationId, data }]),
  ]);
  if (memberId === undefined || bodyMac === undefined || isErased(memberId) || isErased(bodyMac)) return 'erased';
  return {
    conversationId,
    messageId,
    memberId: memberId as MemberId,
    accountId,
    bodyMac,
    body: { ...body, deviceId, ...(composedAt === undefined ? {} : { composedAt }) },
    // A character of JSON is at most three bytes of UTF-8, and three sealed bytes are four of base64.
    bodyBytesMax: 4 * data.length,
    correlationId: context.correlationId,
  };
}
