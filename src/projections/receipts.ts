/**
 * How far each member has got. Marks only grow while a membership lasts, a post advances its author's, and a mark that
 * the feed puts after its member's end counts for nothing.
 */
import type { ConversationId, Handle, MemberId } from '../domain/kernel/ids.js';
import { isStillIn, membershipOf } from './conversation-members.js';
import { collectionOf } from './kernel/collection.js';
import { defineProjection } from './kernel/projection.js';
import { everything } from './kernel/reading.js';
import type { Views } from './kernel/views.js';

export interface ReceiptsDocument {
  readonly conversationId: ConversationId;
  readonly memberId: MemberId;
  readonly member: boolean;
  readonly deliveredSeq?: number;
  readonly readSeq?: number;
  /** Where the marks changed last; absent before the first. */
  readonly position?: number;
}

const collection = collectionOf<ReceiptsDocument>()({
  name: 'receipts.v1',
  fields: { conversationId: 'text', memberId: 'text', position: 'integer' },
  key: ['conversationId', 'memberId'],
  indexes: { byPosition: ['conversationId', 'position'] },
  personal: [],
});

type Key = Pick<ReceiptsDocument, 'conversationId' | 'memberId'>;

const ended = ({ conversationId, memberId }: Key) =>
  [{ verb: 'patch', key: { conversationId, memberId }, set: { member: false } }] as const;

const marked = ({ conversationId, memberId }: Key, max: { deliveredSeq: number; readSeq?: number }, position: number) =>
  [{ verb: 'patch', key: { conversationId, memberId }, set: { position }, max, onlyIf: { member: true } }] as const;

export const receipts = defineProjection(collection)({
  name: 'receipts',
  version: 1,
  on: {
    // Who joins again has read nothing yet of what they may see now.
    MemberAdded: ({ data: { conversationId, memberId } }) => [
      {
        verb: 'patch',
        key: { conversationId, memberId },
        set: { member: true },
        unset: ['deliveredSeq', 'readSeq', 'position'],
      },
    ],
    MemberRemoved: ({ data }) => ended(data),
    MemberLeft: ({ data }) => ended(data),
    MessagePosted: ({ data }, { position }) => marked(data, { deliveredSeq: data.seq, readSeq: data.seq }, position),
    DeliveredUpTo: ({ data }, { position }) => marked(data, { deliveredSeq: data.seq }, position),
    ReadUpTo: ({ data }, { position }) => marked(data, { deliveredSeq: data.seq, readSeq: data.seq }, position),
  },
});

export interface MemberMarks {
  readonly memberId: MemberId;
  readonly deliveredSeq: number;
  readonly readSeq: number;
}

export const marksOf = ({ memberId, deliveredSeq = 0, readSeq = 0 }: ReceiptsDocument): MemberMarks => ({
  memberId,
  deliveredSeq,
  readSeq,
});

/** The marks of present members; `ended` to somebody who is none any more. */
export async function receiptsFor(
  views: Views,
  handle: Handle,
  conversationId: ConversationId,
): Promise<readonly MemberMarks[] | 'hidden' | 'ended'> {
  const asker = await membershipOf(views, handle, conversationId);
  if (asker === undefined) return 'hidden';
  if (asker.state !== 'active') return 'ended';
  const found = await everything(views, collection, { equal: { conversationId } }, 'memberId');
  if (!(await isStillIn(views, asker))) return 'ended';
  return found.filter(({ member }) => member).map(marksOf);
}

/** The marks of present members that changed after a position, in the order in which they changed. */
export async function marksSince(
  views: Views,
  conversationId: ConversationId,
  position: number,
): Promise<readonly ReceiptsDocument[]> {
  const query = { index: 'byPosition', equal: { conversationId }, above: position } as const;
  const found = await everything(views, collection, query, 'position');
  return found.filter(({ member }) => member);
}

/** Where a mark in the conversation changed last; 0 when none has. */
export async function marksPosition(views: Views, conversationId: ConversationId): Promise<number> {
  const query = { index: 'byPosition', equal: { conversationId }, order: 'descending', limit: 1 } as const;
  const [latest] = await views.page(collection, query);
  return latest?.position ?? 0;
}
