import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { fold } from '../../../src/domain/kernel/decider.js';
import type { ConversationId, MemberId } from '../../../src/domain/kernel/ids.js';
import { instant } from '../../../src/domain/kernel/instant.js';
import type { ReceiptsEvent } from '../../../src/domain/receipts/events.js';
import { receipts } from '../../../src/domain/receipts/receipts.js';
import { supersededMarks } from '../../../src/domain/receipts/superseded.js';

const about = { conversationId: 'c' as ConversationId, memberId: 'm' as MemberId };
const read = (seq: number): ReceiptsEvent => ({ type: 'ReadUpTo', data: { ...about, seq, readAt: instant(1) } });
const delivered = (seq: number): ReceiptsEvent => ({ type: 'DeliveredUpTo', data: { ...about, seq, deliveredAt: instant(1) } });

describe('marks that later ones supersede', () => {
  it('are those below a later mark of the same kind, and a delivery below a later reading', () => {
    expect(supersededMarks([delivered(3), delivered(5), read(5), read(9)], 1)).toBe(3);
    expect(supersededMarks([delivered(3), delivered(5)], 1)).toBe(1);
    expect(supersededMarks([], 1)).toBe(0);
  });

  it('end with the first that says more than all behind it', () => {
    expect(supersededMarks([read(2), delivered(9), read(4), delivered(8), read(8)], 1)).toBe(1);
    expect(supersededMarks([read(2), delivered(3), delivered(4), delivered(5)], 1)).toBe(0);
  });

  it('are superseded only by a mark of the present membership, and by none where there is none', () => {
    expect(supersededMarks([read(2), read(3), read(7)], 7)).toBe(2);
    expect(supersededMarks([read(2), read(3), read(6)], 7)).toBe(0);
    expect(supersededMarks([read(2), read(3)], undefined)).toBe(0);
  });

  it('may go without a change of the fold, however they were raced into the stream', () => {
    const mark = fc.tuple(fc.boolean(), fc.nat(12)).map(([isRead, seq]) => (isRead ? read(seq) : delivered(seq)));
    fc.assert(
      fc.property(fc.array(mark, { maxLength: 12 }), fc.nat(12), (marks, joinedSeq) => {
        const left = marks.slice(supersededMarks(marks, joinedSeq));
        expect(fold(receipts, receipts.initial, left)).toEqual(fold(receipts, receipts.initial, marks));
      }),
    );
  });
});
