/** Goal: every rule of receipts as an example, and that neither order nor repetition matters to what they say. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { ConversationId, MemberId } from '../../../src/domain/kernel/ids.js';
import { instant } from '../../../src/domain/kernel/instant.js';
import type { ReceiptsEvent } from '../../../src/domain/receipts/events.js';
import type { ReceiptsCommand } from '../../../src/domain/receipts/receipts.js';
import { receipts } from '../../../src/domain/receipts/receipts.js';
import { exampleId } from '../../support/example-ids.js';
import { historyOf } from '../../support/history-of.js';
import { specOf } from '../../support/spec-of-decider.js';

const of = { conversationId: exampleId<ConversationId>(1), memberId: exampleId<MemberId>(2) };
const at = instant(1_000);
const { given } = specOf(receipts);

const delivered = (seq: number): ReceiptsEvent => ({ type: 'DeliveredUpTo', data: { ...of, seq, deliveredAt: at } });
const read = (seq: number): ReceiptsEvent => ({ type: 'ReadUpTo', data: { ...of, seq, readAt: at } });
const markDelivered = (seq: number): ReceiptsCommand => ({ type: 'MarkDelivered', ...of, seq, at });
const markRead = (seq: number): ReceiptsCommand => ({ type: 'MarkRead', ...of, seq, at });

describe('receipts', () => {
  it('go forward', () => {
    given().when(markDelivered(3)).then(delivered(3));
    given(delivered(3)).when(markDelivered(4)).then(delivered(4));
    given().when(markRead(3)).then(read(3));
    given(read(3)).when(markRead(4)).then(read(4));
  });

  it('never go back', () => {
    given(delivered(3)).when(markDelivered(2)).thenNothing();
    given(read(3)).when(markRead(2)).thenNothing();
  });

  it('that are given again change nothing', () => {
    given(delivered(3)).when(markDelivered(3)).thenNothing();
    given(read(3)).when(markRead(3)).thenNothing();
  });

  it('take what is read as delivered', () => {
    given(read(3)).when(markDelivered(3)).thenNothing();
    given(read(3)).when(markDelivered(4)).then(delivered(4));
  });

  it('do not take what is delivered as read', () => {
    given(delivered(3)).when(markRead(3)).then(read(3));
    given(delivered(3)).thenState({ deliveredSeq: 3, readSeq: 0 });
  });

  it('begin before the first place in the history', () => {
    given().when(markRead(0)).thenNothing();
    given().thenState({ deliveredSeq: 0, readSeq: 0 });
  });
});

describe('every history of receipts', () => {
  const seq = fc.integer({ min: 0, max: 50 });
  const events = fc.array(fc.oneof(seq.map(delivered), seq.map(read)), { maxLength: 40 });
  const commands = fc.array(fc.oneof(seq.map(markDelivered), seq.map(markRead)), { maxLength: 40 });
  const { stateAfter } = historyOf(receipts, []);

  it('says the same in whatever order its events come, and however often', () => {
    const shuffled = events.chain((history) =>
      fc.tuple(fc.constant(history), fc.shuffledSubarray([...history, ...history], { minLength: history.length * 2 })),
    );
    fc.assert(
      fc.property(shuffled, ([history, other]) => {
        expect(stateAfter(other)).toEqual(stateAfter(history));
      }),
    );
  });

  it('rises strictly, keeps what is read within what is delivered, and is what its events fold to', () => {
    fc.assert(
      fc.property(commands, (asked) => {
        const { events: history, state } = historyOf(receipts, asked);
        expect(state).toEqual(stateAfter(history));
        expect(state.readSeq).toBeLessThanOrEqual(state.deliveredSeq);
        for (const type of ['DeliveredUpTo', 'ReadUpTo']) {
          const seqs = history.filter((event) => event.type === type).map(({ data }) => data.seq);
          expect(seqs).toEqual([...new Set(seqs)].sort((one, other) => one - other));
        }
      }),
    );
  });
});
