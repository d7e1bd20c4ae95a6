/** What a world of sends is made of, as it is written; a test of the rules puts altered copies in its place. */

import { addMember } from '../../src/application/conversation/add-member.js';
import { createGroup } from '../../src/application/conversation/create-group.js';
import { removeMember } from '../../src/application/conversation/remove-member.js';
import { ConversationStates } from '../../src/application/conversation-states.js';
import { EventCodec } from '../../src/application/event-codec.js';
import { collectDraft } from '../../src/application/message/collect-draft.js';
import { purgeRemovedMessages } from '../../src/application/message/purge-removed-messages.js';
import { removeMessage } from '../../src/application/message/remove-message.js';
import { sendMessage } from '../../src/application/message/send-message.js';
import { OutcomeUnknown, Unavailable } from '../../src/application/ports/failures.js';

export const asWritten = {
  ConversationStates,
  EventCodec,
  OutcomeUnknown,
  Unavailable,
  addMember,
  collectDraft,
  createGroup,
  purgeRemovedMessages,
  removeMember,
  removeMessage,
  sendMessage,
};

export type SendModules = typeof asWritten;
