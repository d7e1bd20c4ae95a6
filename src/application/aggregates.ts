/**
 * TABLE aggregate -> decider and stream. Stream names are stored: these prefixes never change (ADR 0005).
 */
import { account } from '../domain/account/account.js';
import { conversation } from '../domain/conversation/conversation.js';
import { device } from '../domain/device/device.js';
import type { AccountId, ConversationId, DeviceId, MemberId, MessageId } from '../domain/kernel/ids.js';
import { message } from '../domain/message/message.js';
import { receipts } from '../domain/receipts/receipts.js';

export const aggregates = {
  account: { decider: account, stream: (id: AccountId) => `account-${id}` },
  device: { decider: device, stream: (id: DeviceId) => `device-${id}` },
  conversation: { decider: conversation, stream: (id: ConversationId) => `conversation-${id}` },
  message: { decider: message, stream: (id: MessageId) => `message-${id}` },
  receipts: { decider: receipts, stream: (id: MemberId) => `receipts-${id}` },
} as const;
