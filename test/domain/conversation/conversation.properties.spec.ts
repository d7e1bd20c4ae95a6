/**
 * Goal: what must hold for every history of a conversation. Method: commands of a small crowd, right and wrong ones, each
 * decided on what the earlier ones left; then events in an order that no decision would give.
 */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Conversation, ConversationCommand, Person } from '../../../src/domain/conversation/conversation.js';
import { conversation } from '../../../src/domain/conversation/conversation.js';
import type { ConversationEvent } from '../../../src/domain/conversation/events.js';
import { fold } from '../../../src/domain/kernel/decider.js';
import type { AccountId, ComposeId, ConversationId, MemberId, MessageId } from '../../../src/domain/kernel/ids.js';
import { instant } from '../../../src/domain/kernel/instant.js';
import { limits } from '../../../src/domain/kernel/limits.js';
import { exampleId } from '../../support/example-ids.js';
import { historyOf } from '../../support/history-of.js';

const conversationId = exampleId<ConversationId>(1);
const person = (number: number): Person => ({
  memberId: exampleId<MemberId>(0x1000 + number),
  account: exampleId<AccountId>(0x200000 + number),
});

const who = fc.integer({ min: 1, max: 6 }).map(person);
const at = fc.integer({ min: 1_000, max: 2_000 }).map(instant);
const messageId = fc.integer({ min: 1, max: 30 }).map((number) => exampleId<MessageId>(number));
const composeId = fc.integer({ min: 1, max: 1_000 }).map((number) => exampleId<ComposeId>(0x300000 + number));

const groupOf = (size: fc.Arbitrary<number>): fc.Arbitrary<ConversationCommand> =>
  fc.tuple(size, who, fc.constantFrom('mac-a', 'mac-b'), at).map(([others, creator, bodyMac, when]) => ({
    type: 'CreateGroup' as const,
    conversationId,
    title: 'Choir',
    bodyMac,
    creator,
    others: Array.from({ length: others }, (_, index) => person(index + 1)),
    at: when,
  }));
const pair = fc.record({
  type: fc.constant('CreateDirect' as const),
  conversationId: fc.constant(conversationId),
  creator: fc.constant(person(1)),
  other: fc.constant(person(2)),
  at,
});
const creating = fc.oneof({ weight: 1, arbitrary: pair }, { weight: 4, arbitrary: groupOf(fc.integer({ min: 0, max: 5 })) });
const acting: fc.Arbitrary<ConversationCommand> = fc.oneof(
  fc.record({ type: fc.constant('AddMember' as const), by: who.map(({ memberId }) => memberId), person: who, at }),
  fc
    .tuple(who, who, at)
    .map(([one, other, when]) => ({ type: 'RemoveMember' as const, by: one.memberId, memberId: other.memberId, at: when })),
  fc.record({ type: fc.constant('Leave' as const), memberId: who.map(({ memberId }) => memberId), at }),
  fc.record({
    type: fc.constant('PostMessage' as const),
    messageId,
    memberId: who.map(({ memberId }) => memberId),
    composeId,
    class: fc.constantFrom('post' as const, 'control' as const),
    at,
  }),
  fc.tuple(who, who, messageId, fc.integer({ min: 1, max: 40 }), at).map(([by, author, id, seq, when]) => ({
    type: 'RemoveMessage' as const,
    by: by.memberId,
    posted: { messageId: id, memberId: author.memberId, seq },
    at: when,
  })),
);
/** An owner who acts, so that histories are not refusals mostly. */
const byOwner: fc.Arbitrary<(state: Conversation) => ConversationCommand> = fc
  .tuple(who, fc.boolean(), at)
  .map(([other, adds, when]) => (state) => {
    const by = ownersOf(state)[0] ?? person(1).memberId;
    if (adds) return { type: 'AddMember', by, person: other, at: when };
    return { type: 'RemoveMember', by, memberId: other.memberId, at: when };
  });
const commands = fc
  .tuple(
    creating,
    fc.array(fc.oneof({ weight: 6, arbitrary: acting }, { weight: 3, arbitrary: byOwner }, { weight: 1, arbitrary: creating }), {
      maxLength: 40,
    }),
  )
  .map(([first, rest]) => [first, ...rest]);

const ownersOf = (state: Conversation): MemberId[] =>
  state.status === 'absent' ? [] : [...state.members].filter(([, { role }]) => role === 'owner').map(([memberId]) => memberId);

const forEveryHistory = (check: (history: ReturnType<typeof decided>) => void) =>
  fc.assert(
    fc.property(commands, (asked) => check(decided(asked))),
    { numRuns: 200 },
  );
const decided = (asked: Parameters<typeof historyOf<ConversationCommand, ConversationEvent, Conversation, unknown>>[1]) =>
  historyOf(conversation, asked);

/** Every state on the way, after each event. */
function statesOf(events: readonly ConversationEvent[]): Conversation[] {
  const states: Conversation[] = [];
  let state = conversation.initial;
  for (const event of events) {
    state = conversation.evolve(state, event);
    states.push(state);
  }
  return states;
}

const hasSeq = (event: ConversationEvent) =>
  event.type === 'MemberAdded' || event.type === 'MemberRemoved' || event.type === 'MemberLeft' || event.type === 'MessagePosted';

describe('every history of a conversation', () => {
  it('is told by its events alone', () => {
    forEveryHistory(({ events, state, stateAfter }) => expect(state).toEqual(stateAfter(events)));
  });

  it('numbers its places densely from 1', () => {
    forEveryHistory(({ events, state }) => {
      const seqs = events.filter(hasSeq).map(({ data }) => data.seq);
      expect(seqs).toEqual(seqs.map((_, index) => index + 1));
      if (state.status === 'open') expect(state.seq).toBe(seqs.length);
    });
  });

  it('counts the posts that can be unread', () => {
    forEveryHistory(({ events, state }) => {
      let posts = 0;
      for (const event of events.filter(hasSeq)) {
        if (event.type === 'MessagePosted' && event.data.class === 'post') posts += 1;
        expect(event.data.count).toBe(posts);
      }
      if (state.status === 'open') expect(state.count).toBe(posts);
    });
  });

  it('never posts back in time', () => {
    forEveryHistory(({ events }) => {
      const times = events.flatMap((event) => {
        if (event.type === 'ConversationCreated') return [event.data.createdAt];
        return event.type === 'MessagePosted' ? [event.data.postedAt] : [];
      });
      expect(times).toEqual([...times].sort((one, other) => one - other));
    });
  });

  it('holds no more members than the limit', () => {
    const nearlyFull = groupOf(fc.integer({ min: limits.membersMax - 3, max: limits.membersMax }));
    // Newcomers, so that what is added is not there already.
    const growing = fc.array(
      byOwner.map((command) => (state: Conversation) => {
        const given = command(state);
        return given.type === 'AddMember' ? { ...given, person: person(5_000 + Number(given.at)) } : given;
      }),
      { minLength: 4, maxLength: 10 },
    );
    fc.assert(
      fc.property(nearlyFull, growing, (first, rest) => {
        const { answers, state } = decided([first, ...rest]);
        if (state.status === 'open') expect(state.members.size).toBeLessThanOrEqual(limits.membersMax);
        const isFull = { rejection: { type: 'GroupIsFull', membersMax: limits.membersMax } };
        if (state.status === 'absent') expect(answers[0]).toEqual(isFull);
      }),
      { numRuns: 15 },
    );
  });

  it('leaves a group with members exactly one owner after every write, and a direct conversation none', () => {
    forEveryHistory(({ answers }) => {
      let state = conversation.initial;
      for (const answer of answers) {
        if ('rejection' in answer) continue;
        state = fold(conversation, state, answer);
        const isOwned = state.status === 'open' && state.kind === 'group' && state.members.size > 0;
        expect(ownersOf(state)).toHaveLength(isOwned ? 1 : 0);
      }
    });
  });

  it('is created by its first event and by no other', () => {
    forEveryHistory(({ events }) => {
      expect(events.findLastIndex(({ type }) => type === 'ConversationCreated')).toBe(events.length === 0 ? -1 : 0);
    });
  });

  it('has posts, removals and removed members of its members only, and adds nobody twice', () => {
    forEveryHistory(({ events }) => {
      const before = [conversation.initial, ...statesOf(events)];
      for (const [index, event] of events.entries()) {
        const state = before[index]!;
        const members = state.status === 'open' ? state.members : new Map<MemberId, unknown>();
        if (event.type === 'MessagePosted' || event.type === 'MemberLeft' || event.type === 'MemberRemoved') {
          expect(members.has(event.data.memberId)).toBe(true);
        }
        if (event.type === 'MemberAdded') expect(members.has(event.data.memberId)).toBe(false);
        if (event.type === 'MessageRemoved') expect(members.has(event.data.removedBy)).toBe(true);
      }
    });
  });

  it('of an empty group has come to its end', () => {
    forEveryHistory(({ answers }) => {
      let state = conversation.initial;
      for (const answer of answers) {
        if ('rejection' in answer) continue;
        if (state.status === 'open' && state.members.size === 0) expect(answer).toEqual([]);
        state = fold(conversation, state, answer);
      }
    });
  });

  it('answers the same to the same command twice in a row: nothing more, or a refusal, save for posts and removals', () => {
    forEveryHistory(({ state }) => {
      fc.assert(
        fc.property(fc.oneof(creating, acting), (command) => {
          if (command.type === 'PostMessage' || command.type === 'RemoveMessage') return;
          const { answers } = historyOf({ ...conversation, initial: state }, [command, command]);
          const [, second] = answers;
          if (second !== undefined && !('rejection' in second)) expect(second).toEqual([]);
        }),
        { numRuns: 5 },
      );
    });
  });
});

describe('folding', () => {
  const events = commands.map((asked) => decided(asked).events);

  it('knows every event in any order, also without a beginning', () => {
    const torn = events.chain((history) => fc.shuffledSubarray([...history]));
    fc.assert(
      fc.property(torn, (history) => {
        expect(() => historyOf(conversation, []).stateAfter(history)).not.toThrow();
      }),
    );
  });

  it('comes to the same one by one, all at once, and in parts', () => {
    fc.assert(
      fc.property(events, fc.nat(60), (history, cut) => {
        const oneByOne = history.reduce(conversation.evolve, conversation.initial);
        expect(fold(conversation, conversation.initial, history)).toEqual(oneByOne);
        const before = fold(conversation, conversation.initial, history.slice(0, cut));
        const copy = structuredClone(before);
        expect(fold(conversation, before, history.slice(cut))).toEqual(oneByOne);
        expect(before).toEqual(copy);
      }),
    );
  });

  it('hands the ownership to the longest-standing member who is there', () => {
    fc.assert(
      fc.property(events, (history) => {
        const before = [conversation.initial, ...statesOf(history)];
        for (const [index, event] of history.entries()) {
          if (event.type !== 'OwnerChanged') continue;
          const here = before[index]!;
          const joined = new Map<MemberId, number>();
          for (const earlier of history.slice(0, index)) {
            if (earlier.type === 'MemberAdded') joined.set(earlier.data.memberId, earlier.data.seq);
          }
          const members = here.status === 'open' ? [...here.members.keys()] : [];
          expect(event.data.memberId).toBe(members.sort((one, other) => joined.get(one)! - joined.get(other)!)[0]);
        }
      }),
    );
  });
});
