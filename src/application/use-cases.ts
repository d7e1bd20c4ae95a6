/**
 * TABLE use cases: everything the system can do. The name is the frame type in kebab case and the operation id in camel
 * case; renaming one breaks clients (ADR 0016).
 */
import { changeProfile } from './account/change-profile.js';
import { completeVerification } from './account/complete-verification.js';
import { findAccount } from './account/find-account.js';
import { startVerification } from './account/start-verification.js';
import { addMember } from './conversation/add-member.js';
import { createDirect } from './conversation/create-direct.js';
import { createGroup } from './conversation/create-group.js';
import { leaveConversation } from './conversation/leave-conversation.js';
import { removeMember } from './conversation/remove-member.js';
import { issueSocketTicket } from './device/issue-socket-ticket.js';
import { refreshSession } from './device/refresh-session.js';
import { renameDevice } from './device/rename-device.js';
import { revokeDevice } from './device/revoke-device.js';
import { removeMessage } from './message/remove-message.js';
import { sendMessage } from './message/send-message.js';
import { confirmReceived } from './receipts/confirm-received.js';
import { markRead } from './receipts/mark-read.js';
import type { Deps } from './use-case.js';

export const useCases = {
  startVerification,
  completeVerification,
  refreshSession,
  issueSocketTicket,
  changeProfile,
  findAccount,
  renameDevice,
  revokeDevice,
  createDirect,
  createGroup,
  addMember,
  removeMember,
  leaveConversation,
  sendMessage,
  removeMessage,
  markRead,
  confirmReceived,
} as const satisfies Readonly<Record<string, (deps: Deps) => unknown>>;

export type UseCaseName = keyof typeof useCases;

/** The function that a row of the table gives. */
export type Run<Name extends UseCaseName> = ReturnType<(typeof useCases)[Name]>;

type Outcome<Name extends UseCaseName> = Awaited<ReturnType<Run<Name>>>;

/** Every refusal that any use case can answer: the error catalogue has a row for each. */
export type Rejection = Extract<{ [Name in UseCaseName]: Outcome<Name> }[UseCaseName], { readonly ok: false }>['rejection'];
