import { supersededMarks } from '../../domain/receipts/superseded.js';
import type { StoredDomainEvent } from '../event-catalogue.js';
import type { Deps } from '../use-case.js';

/**
 * How many of the oldest marks are superseded. The conversation is read after them, and at its head: a member of then has
 * been one since the joining that stands there, and so every mark that is not below it was set by a member.
 */
export async function truncateReceiptsBefore(
  { conversations }: Pick<Deps, 'conversations'>,
  oldest: readonly StoredDomainEvent[],
): Promise<number> {
  const marks = oldest.filter((event) => event.type === 'DeliveredUpTo' || event.type === 'ReadUpTo');
  const [mark] = marks;
  if (mark === undefined || marks.length < oldest.length) return 0;
  const { state } = await conversations.head(mark.data.conversationId);
  const member = state.status === 'open' ? state.members.get(mark.data.memberId) : undefined;
  return supersededMarks(marks, member?.joinedSeq);
}
