/** Goal: every rule of a message's content as an example, and what must hold for every history. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { ComposeId, ConversationId, DeviceId, MemberId, MessageId } from '../../../src/domain/kernel/ids.js';
import type { MessageEvent, SealedBody } from '../../../src/domain/message/events.js';
import type { Message, MessageCommand } from '../../../src/domain/message/message.js';
import { baseRevisionMin, message, sameMessage } from '../../../src/domain/message/message.js';
import { exampleId } from '../../support/example-ids.js';
import { historyOf } from '../../support/history-of.js';
import { specOf } from '../../support/spec-of-decider.js';

const of = {
  messageId: exampleId<MessageId>(1),
  conversationId: exampleId<ConversationId>(2),
  memberId: exampleId<MemberId>(3),
};
const body: SealedBody = { content: { type: 'text', text: 'Hello' }, deviceId: exampleId<DeviceId>(4) };
const { given } = specOf(message);

const attempt = (number: number, baseRevision: number, change: Partial<MessageCommand> = {}): MessageCommand => ({
  type: 'Compose',
  ...of,
  composeId: exampleId<ComposeId>(0x100 + number),
  baseRevision,
  bodyMac: 'mac-a',
  body,
  ...change,
});
const composed = (command: MessageCommand): MessageEvent => {
  const { type: _, ...data } = command;
  return { type: 'MessageComposed', data };
};
const first = attempt(1, 7);

describe('a message', () => {
  it('is composed', () => {
    given().when(first).then(composed(first));
  });

  it('is composed anew by every attempt, whatever its base', () => {
    for (const again of [attempt(2, 9), attempt(2, 7), attempt(2, 3)]) given(composed(first)).when(again).then(composed(again));
  });

  it.each([
    ['body', { bodyMac: 'mac-b' }],
    ['conversation', { conversationId: exampleId<ConversationId>(9) }],
    ['author', { memberId: exampleId<MemberId>(9) }],
  ])('with another %s is another message', (_, change) => {
    given(composed(first))
      .when(attempt(2, 9, change))
      .thenRejected({ type: 'MessageIdReused' });
  });

  it('says what its first attempt said, whatever stands behind it', () => {
    const other = composed(attempt(2, 9, { bodyMac: 'mac-b' }));
    given(composed(first), other)
      .when(attempt(3, 9))
      .then(composed(attempt(3, 9)));
    given(composed(first), other)
      .when(attempt(3, 9, { bodyMac: 'mac-b' }))
      .thenRejected({ type: 'MessageIdReused' });
  });

  it('is looked for from the lowest base of its attempts', () => {
    const { state } = historyOf(message, [attempt(1, 7), attempt(2, 3), attempt(3, 9)]);
    expect(state.status === 'drafted' && baseRevisionMin(state)).toBe(3);
  });

  it('is decided without a look at its body', () => {
    const otherBody: SealedBody = { ...body, content: { type: 'text', text: 'Other words under the same code' } };
    const again = attempt(2, 9, { body: otherBody });
    given(composed(first)).when(again).then(composed(again));
  });
});

describe('every history of a message', () => {
  const commands = fc.array(
    fc
      .record({
        baseRevision: fc.integer({ min: -1, max: 40 }),
        bodyMac: fc.constantFrom('mac-a', 'mac-b'),
        memberId: fc.constantFrom(of.memberId, exampleId<MemberId>(9)),
        conversationId: fc.constantFrom(of.conversationId, exampleId<ConversationId>(9)),
      })
      .map((change) => change),
    { maxLength: 20 },
  );
  const isSame = (state: Message, command: MessageCommand) => state.status === 'absent' || sameMessage(state, command);

  it('holds attempts at one message only, in their order, and is what its events fold to', () => {
    fc.assert(
      fc.property(commands, (changes) => {
        const asked = changes.map((change, index) => attempt(index, change.baseRevision, change));
        const { events, state, stateAfter } = historyOf(message, asked);
        expect(state).toEqual(stateAfter(events));
        expect(events).toEqual(asked.filter((command) => isSame(stateAfter(events.slice(0, 1)), command)).map(composed));
        if (state.status === 'absent') return;
        expect(state.composes.map(({ composeId }) => composeId)).toEqual(events.map(({ data }) => data.composeId));
        expect(baseRevisionMin(state)).toBe(Math.min(...events.map(({ data }) => data.baseRevision)));
      }),
    );
  });

  it('folds, whatever its events say', () => {
    fc.assert(
      fc.property(commands, (changes) => {
        const events = changes.map((change, index) => composed(attempt(index, change.baseRevision, change)));
        const state = historyOf(message, []).stateAfter(events);
        expect(state.status === 'drafted' ? state.composes.length : 0).toBe(events.length);
      }),
    );
  });
});
