/** Goal: every rule of a conversation as an example. What must hold for every history stands in the properties. */
import { describe, it } from '@jest/globals';
import type { Member, Person } from '../../../src/domain/conversation/conversation.js';
import { conversation } from '../../../src/domain/conversation/conversation.js';
import type { ConversationEvent, MemberRole } from '../../../src/domain/conversation/events.js';
import type { AccountId, ComposeId, ConversationId, MemberId, MessageId } from '../../../src/domain/kernel/ids.js';
import type { Instant } from '../../../src/domain/kernel/instant.js';
import { instant } from '../../../src/domain/kernel/instant.js';
import { limits } from '../../../src/domain/kernel/limits.js';
import { exampleId } from '../../support/example-ids.js';
import { specOf } from '../../support/spec-of-decider.js';

const conversationId = exampleId<ConversationId>(1);
const at = instant(5_000);
const { given } = specOf(conversation);

const person = (number: number): Person => ({
  memberId: exampleId<MemberId>(0x1000 + number),
  account: exampleId<AccountId>(0x2000 + number),
});
const [ada, bob, cleo, dan] = [person(1), person(2), person(3), person(4)] as const;
const stranger = person(99);

const created = (kind: 'direct' | 'group', extra: { title?: string; bodyMac?: string } = {}): ConversationEvent => ({
  type: 'ConversationCreated',
  data: { conversationId, kind, ...extra, createdAt: at },
});
const added = (
  who: Person,
  seq: number,
  by: Person,
  role: MemberRole = 'member',
  fromSeq = seq,
  count = 0,
): ConversationEvent => ({
  type: 'MemberAdded',
  data: { conversationId, ...who, role, addedBy: by.memberId, fromSeq, seq, count, addedAt: at },
});
const removed = (who: Person, seq: number, by: Person, count = 0): ConversationEvent => ({
  type: 'MemberRemoved',
  data: { conversationId, memberId: who.memberId, removedBy: by.memberId, seq, count, removedAt: at },
});
const left = (who: Person, seq: number, count = 0): ConversationEvent => ({
  type: 'MemberLeft',
  data: { conversationId, memberId: who.memberId, seq, count, leftAt: at },
});
const handedTo = (who: Person): ConversationEvent => ({
  type: 'OwnerChanged',
  data: { conversationId, memberId: who.memberId, changedAt: at },
});
const posted = (message: number, who: Person, seq: number, count: number, postedAt: Instant = at): ConversationEvent => ({
  type: 'MessagePosted',
  data: {
    conversationId,
    messageId: exampleId<MessageId>(message),
    memberId: who.memberId,
    seq,
    count,
    class: 'post',
    composeId: exampleId<ComposeId>(0x3000 + message),
    postedAt,
  },
});

const direct = [created('direct'), added(ada, 1, ada, 'member', 1), added(bob, 2, ada, 'member', 1)];
const mac = { title: 'Choir', bodyMac: 'mac-a' };
const group = [
  created('group', mac),
  added(ada, 1, ada, 'owner', 1),
  added(bob, 2, ada, 'member', 1),
  added(cleo, 3, ada, 'member', 1),
];

const createGroup = (...others: Person[]) => ({ type: 'CreateGroup', conversationId, ...mac, creator: ada, others, at }) as const;
const createDirect = (creator: Person, other: Person) => ({ type: 'CreateDirect', conversationId, creator, other, at }) as const;
const add = (by: Person, who: Person) => ({ type: 'AddMember', by: by.memberId, person: who, at }) as const;
const remove = (by: Person, who: Person) => ({ type: 'RemoveMember', by: by.memberId, memberId: who.memberId, at }) as const;
const leave = (who: Person) => ({ type: 'Leave', memberId: who.memberId, at }) as const;
const post = (message: number, who: Person, when: Instant = at, kind: 'post' | 'control' = 'post') =>
  ({
    type: 'PostMessage',
    messageId: exampleId<MessageId>(message),
    memberId: who.memberId,
    composeId: exampleId<ComposeId>(0x3000 + message),
    class: kind,
    at: when,
  }) as const;
const removeMessage = (by: Person, author: Person, message: number, seq: number) =>
  ({
    type: 'RemoveMessage',
    by: by.memberId,
    posted: { messageId: exampleId<MessageId>(message), memberId: author.memberId, seq },
    at,
  }) as const;

describe('a direct conversation', () => {
  it('is created in one write, with both people entitled from the start and no owner', () => {
    given()
      .when(createDirect(ada, bob))
      .then(...direct);
  });

  it('is the same conversation for whoever comes second', () => {
    given(...direct)
      .when(createDirect(bob, ada))
      .thenNothing();
    given(...direct)
      .when(createDirect(ada, bob))
      .thenNothing();
  });

  it('keeps its two people', () => {
    given(...direct)
      .when(add(ada, cleo))
      .thenRejected({ type: 'DirectIsFixed' });
    given(...direct)
      .when(remove(ada, bob))
      .thenRejected({ type: 'DirectIsFixed' });
    given(...direct)
      .when(remove(ada, ada))
      .thenRejected({ type: 'DirectIsFixed' });
    given(...direct)
      .when(leave(ada))
      .thenRejected({ type: 'DirectIsFixed' });
  });
});

describe('a group', () => {
  it('is created in one write: its creator owns it, and all first members are entitled from the start', () => {
    given()
      .when(createGroup(bob, cleo))
      .then(...group);
  });

  it('may begin with its creator alone', () => {
    given()
      .when(createGroup())
      .then(created('group', mac), added(ada, 1, ada, 'owner', 1));
  });

  it('counts its creator once', () => {
    given()
      .when(createGroup(ada, bob))
      .then(...group.slice(0, 3));
  });

  it('that is created again by the same request stays as it is', () => {
    given(...group)
      .when(createGroup(bob, cleo))
      .thenNothing();
    given(...group, left(ada, 4), handedTo(bob))
      .when(createGroup(bob, cleo))
      .thenNothing();
  });

  it('refuses its id to another request, and to a direct conversation that has it', () => {
    const other = { ...createGroup(bob, cleo), bodyMac: 'mac-b' };
    given(...group)
      .when(other)
      .thenRejected({ type: 'ConversationIdReused' });
    given(...direct)
      .when(other)
      .thenRejected({ type: 'ConversationIdReused' });
  });

  const crowd = Array.from({ length: limits.membersMax - 1 }, (_, index) => person(1_000 + index));
  const full = [
    created('group', mac),
    added(ada, 1, ada, 'owner', 1),
    ...crowd.map((who, at0) => added(who, at0 + 2, ada, 'member', 1)),
  ];
  const isFull = { type: 'GroupIsFull', membersMax: limits.membersMax } as const;

  it('is created with as many as the limit, and not with one more', () => {
    given()
      .when(createGroup(...crowd))
      .then(...full);
    given()
      .when(createGroup(...crowd, person(1)))
      .then(...full);
    given()
      .when(createGroup(...crowd, bob))
      .thenRejected(isFull);
  });

  it('takes nobody above the limit, and somebody again when one has gone', () => {
    given(...full)
      .when(add(ada, bob))
      .thenRejected(isFull);
    given(...full)
      .when(add(ada, crowd[7]!))
      .thenNothing();
    const seq = limits.membersMax + 1;
    given(...full, left(crowd[7]!, seq))
      .when(add(ada, bob))
      .then(added(bob, seq + 1, ada));
  });
});

describe('members', () => {
  it('are added by the owner, and see what comes from there on', () => {
    given(...group)
      .when(add(ada, dan))
      .then(added(dan, 4, ada));
    given(...group, posted(1, bob, 4, 1))
      .when(add(ada, dan))
      .then(added(dan, 5, ada, 'member', 5, 1));
  });

  it('are added once', () => {
    given(...group)
      .when(add(ada, bob))
      .thenNothing();
  });

  it('are added and removed by nobody but the owner', () => {
    given(...group)
      .when(add(bob, dan))
      .thenRejected({ type: 'OwnerOnly' });
    given(...group)
      .when(add(bob, cleo))
      .thenRejected({ type: 'OwnerOnly' });
    given(...group)
      .when(remove(bob, cleo))
      .thenRejected({ type: 'OwnerOnly' });
    given(...group)
      .when(remove(bob, ada))
      .thenRejected({ type: 'OwnerOnly' });
  });

  it('are removed by the owner', () => {
    given(...group)
      .when(remove(ada, bob))
      .then(removed(bob, 4, ada));
    given(...group, posted(1, bob, 4, 1))
      .when(remove(ada, bob))
      .then(removed(bob, 5, ada, 1));
  });

  it('that are none cannot be removed', () => {
    given(...group)
      .when(remove(ada, dan))
      .thenRejected({ type: 'MemberNotFound' });
    given(...group, removed(bob, 4, ada))
      .when(remove(ada, bob))
      .thenRejected({ type: 'MemberNotFound' });
  });

  it('leave', () => {
    given(...group)
      .when(leave(bob))
      .then(left(bob, 4));
    given(...group)
      .when(remove(bob, bob))
      .then(left(bob, 4));
  });

  it('that have gone do nothing more', () => {
    for (const end of [removed(bob, 4, ada), left(bob, 4)]) {
      for (const command of [
        leave(bob),
        post(1, bob),
        add(bob, dan),
        remove(bob, cleo),
        remove(bob, bob),
        removeMessage(bob, bob, 1, 4),
      ]) {
        given(...group, end)
          .when(command)
          .thenRejected({ type: 'NotAMember' });
      }
    }
  });

  it('that come again begin where they come again, and stand last in line', () => {
    const again = [...group, removed(bob, 4, ada), posted(1, cleo, 5, 1)];
    given(...again)
      .when(add(ada, bob))
      .then(added(bob, 6, ada, 'member', 6, 1));
    given(...again, added(bob, 6, ada, 'member', 6, 1))
      .when(leave(ada))
      .then(left(ada, 7, 1), handedTo(cleo));
  });
});

describe('the owner', () => {
  it('who leaves hands over in the same write, to the longest-standing member', () => {
    given(...group)
      .when(leave(ada))
      .then(left(ada, 4), handedTo(bob));
    given(...group)
      .when(remove(ada, ada))
      .then(left(ada, 4), handedTo(bob));
    given(...group, left(bob, 4))
      .when(leave(ada))
      .then(left(ada, 5), handedTo(cleo));
  });

  it('who leaves last hands over to nobody', () => {
    given(...group, left(bob, 4), left(cleo, 5))
      .when(leave(ada))
      .then(left(ada, 6));
  });

  it('who has handed over and comes again is a member like others', () => {
    const back = [...group, left(ada, 4), handedTo(bob), added(ada, 5, bob)];
    given(...back)
      .when(add(ada, dan))
      .thenRejected({ type: 'OwnerOnly' });
    given(...back)
      .when(add(bob, dan))
      .then(added(dan, 6, bob));
    given(...back)
      .when(leave(bob))
      .then(left(bob, 6), handedTo(cleo));
  });
});

describe('a post', () => {
  it('takes the next place and the next count', () => {
    given(...direct)
      .when(post(1, ada))
      .then(posted(1, ada, 3, 1));
    given(...direct, posted(1, ada, 3, 1))
      .when(post(2, bob))
      .then(posted(2, bob, 4, 2));
  });

  it('that is a control message takes a place and no count', () => {
    const control: ConversationEvent = { type: 'MessagePosted', data: { ...dataOf(posted(1, ada, 3, 0)), class: 'control' } };
    given(...direct)
      .when(post(1, ada, at, 'control'))
      .then(control);
    given(...direct, control)
      .when(post(2, ada))
      .then(posted(2, ada, 4, 1));
  });

  it('is never earlier than the one before it, nor than the conversation', () => {
    given(...direct)
      .when(post(1, ada, instant(4_000)))
      .then(posted(1, ada, 3, 1, at));
    const before = [...direct, posted(1, ada, 3, 1, instant(9_000))];
    given(...before)
      .when(post(2, bob, instant(8_000)))
      .then(posted(2, bob, 4, 2, instant(9_000)));
    given(...before)
      .when(post(2, bob, instant(9_001)))
      .then(posted(2, bob, 4, 2, instant(9_001)));
  });

  it('comes from a member', () => {
    given(...direct)
      .when(post(1, stranger))
      .thenRejected({ type: 'NotAMember' });
  });

  const dataOf = (event: ConversationEvent) => (event as Extract<ConversationEvent, { type: 'MessagePosted' }>).data;
});

describe('a removal', () => {
  const gone = (by: Person, reason: 'author' | 'owner'): ConversationEvent => ({
    type: 'MessageRemoved',
    data: { conversationId, messageId: exampleId<MessageId>(1), seq: 4, removedBy: by.memberId, reason, removedAt: at },
  });

  it('is the author’s everywhere', () => {
    given(...group, posted(1, bob, 4, 1))
      .when(removeMessage(bob, bob, 1, 4))
      .then(gone(bob, 'author'));
    given(...direct)
      .when(removeMessage(bob, bob, 1, 4))
      .then(gone(bob, 'author'));
    given(...group, posted(1, ada, 4, 1))
      .when(removeMessage(ada, ada, 1, 4))
      .then(gone(ada, 'author'));
  });

  it('is the owner’s in a group, also of one who has gone', () => {
    given(...group, posted(1, bob, 4, 1))
      .when(removeMessage(ada, bob, 1, 4))
      .then(gone(ada, 'owner'));
    given(...group, posted(1, bob, 4, 1), left(bob, 5, 1))
      .when(removeMessage(ada, bob, 1, 4))
      .then(gone(ada, 'owner'));
  });

  it('is nobody else’s', () => {
    given(...group, posted(1, ada, 4, 1))
      .when(removeMessage(bob, ada, 1, 4))
      .thenRejected({ type: 'NotYourMessage' });
    given(...direct)
      .when(removeMessage(ada, bob, 1, 4))
      .thenRejected({ type: 'NotYourMessage' });
    given(...group)
      .when(removeMessage(stranger, stranger, 1, 4))
      .thenRejected({ type: 'NotAMember' });
  });

  it('takes no place and no count', () => {
    given(...group, posted(1, bob, 4, 1), gone(bob, 'author'))
      .when(post(2, bob))
      .then(posted(2, bob, 5, 2));
  });
});

describe('a conversation that does not exist', () => {
  it('is not found, whatever is asked of it', () => {
    for (const command of [add(ada, bob), remove(ada, bob), leave(ada), post(1, ada), removeMessage(ada, ada, 1, 1)]) {
      given().when(command).thenRejected({ type: 'ConversationNotFound' });
    }
  });
});

describe('a change of members on condition', () => {
  const before = [...group, posted(1, bob, 4, 1)];
  const stale = { type: 'VersionMismatch', currentVersion: 3 } as const;

  it('goes on from the version of the members that is named, whatever was posted since', () => {
    given(...before)
      .when({ ...add(ada, dan), ifVersion: 3 })
      .then(added(dan, 5, ada, 'member', 5, 1));
  });

  it.each([{ ...add(ada, dan) }, { ...remove(ada, bob) }, { ...leave(bob) }])('is refused from another one: %j', (command) => {
    for (const ifVersion of [0, 2, 4])
      given(...before)
        .when({ ...command, ifVersion })
        .thenRejected(stale);
  });

  it('tells the version to nobody who may not make the change', () => {
    given(...before)
      .when({ ...add(bob, dan), ifVersion: 1 })
      .thenRejected({ type: 'OwnerOnly' });
    given(...before)
      .when({ ...leave(stranger), ifVersion: 1 })
      .thenRejected({ type: 'NotAMember' });
  });
});

describe('the state of a conversation', () => {
  it('begins with its creation: what stands before that is no conversation', () => {
    given(added(ada, 1, ada, 'owner'), posted(1, ada, 2, 1), handedTo(ada)).thenState({ status: 'absent' });
  });

  it('has one owner after a change of owner, also while the former one is there', () => {
    given(...group, handedTo(bob))
      .when(add(ada, dan))
      .thenRejected({ type: 'OwnerOnly' });
    given(...group, handedTo(bob))
      .when(add(bob, dan))
      .then(added(dan, 4, bob));
  });

  it('holds no personal field', () => {
    const state = {
      status: 'open',
      conversationId,
      kind: 'group',
      bodyMac: 'mac-a',
      members: new Map<MemberId, Member>([
        [bob.memberId, { role: 'owner', joinedSeq: 2 }],
        [cleo.memberId, { role: 'member', joinedSeq: 3 }],
      ]),
      seq: 5,
      count: 1,
      lastPostedAt: instant(9_000),
      revision: 6,
      membersVersion: 6,
    } as const;
    given(...group, posted(1, bob, 4, 1, instant(9_000)), left(ada, 5, 1), handedTo(bob)).thenState(state);
  });
});
