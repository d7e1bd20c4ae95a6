/**
 * What sync answers, as the facts that it stands for: a timeline entry is the fact that went out when it happened.
 * Where the latest wins, the fact says how things are now, whatever happened in between.
 */
import type { Instant } from '../domain/kernel/instant.js';
import { conversationOf, memberOf } from './conversation.js';
import { accountFact, conversationFact, deviceFact, type Fact, factNames, receiptFact, SNAPSHOT } from './facts.js';
import type { SyncItem } from './facts-since.js';
import type { Opened } from './kernel/opening.js';

type Marks = Extract<SyncItem, { readonly kind: 'marks' }>;

export function factsOfItem(item: Opened<SyncItem>, now: Instant): readonly Fact[] {
  switch (item.kind) {
    case 'entry':
      return [conversationFact(item.entry, now)];
    case 'marks':
      return marksFacts(item);
    case 'account':
      return [accountFact(item.account)];
    case 'device':
      return [deviceFact(item.device)];
    case 'snapshot': {
      const conversation = conversationOf(item.conversation);
      const data = { conversation, ...(item.members && { members: item.members.map(memberOf) }) };
      return [{ type: SNAPSHOT, scope: conversation.conversationId, revision: item.revision, data }];
    }
  }
}

/** What was read was delivered, so a read mark says both where they are equal. */
function marksFacts({ conversationId, marks: { memberId, deliveredSeq, readSeq } }: Opened<Marks>): readonly Fact[] {
  const delivered = receiptFact(factNames.DeliveredUpTo, { conversationId, memberId, seq: deliveredSeq });
  const read = receiptFact(factNames.ReadUpTo, { conversationId, memberId, seq: readSeq });
  return [...(deliveredSeq > readSeq ? [delivered] : []), ...(readSeq > 0 ? [read] : [])];
}
