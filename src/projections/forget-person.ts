/**
 * The read side's part of an erasure: what joins a person's conversations is taken out of the views. Keys alone do not
 * take it: the handle was computed while they lived. To be called once they are destroyed, with the handle from before.
 */
import type { Handle } from '../domain/kernel/ids.js';
import { conversationMembers } from './conversation-members.js';
import type { ProjectionWriter } from './kernel/views.js';

export const forgetPerson = (writer: ProjectionWriter, handle: Handle): Promise<void> =>
  writer.forget(conversationMembers.collection, 'byHandle', { handle });
