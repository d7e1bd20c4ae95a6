/**
 * Goal: the checker rejects what is wrong, each invariant for its own reason, and lets pass what is right.
 * Method: one recorded history of two people in a room that is right, and copies of it with one thing made wrong.
 */
import { describe, expect, it } from '@jest/globals';
import { judge } from './checker/checker.js';
import { type Invariant, invariants } from './checker/verdict.js';
import type { Json, Recorded, Stage } from './history.js';

const ROOM = 'the room';
const facts: readonly Json[] = [
  { type: 'conversation-created', revision: 0, data: { kind: 'group', title: 'Rowers', createdAt: 'a' } },
  {
    type: 'member-added',
    revision: 1,
    data: { memberId: 'm-ada', accountId: 'ada', role: 'owner', addedBy: 'm-ada', seq: 1, addedAt: 'a' },
  },
  {
    type: 'member-added',
    revision: 2,
    data: { memberId: 'm-bea', accountId: 'bea', role: 'member', addedBy: 'm-ada', seq: 2, addedAt: 'a' },
  },
  post(3, 'hello', 'Hello'),
  post(4, 'bye', 'Bye'),
].map((fact: Json): Json => ({ ...fact, scope: ROOM, data: { conversationId: ROOM, ...(fact.data as Json) } }));

function post(revision: number, messageId: string, text: string): Json {
  const data = { messageId, seq: revision, class: 'post', senderId: 'm-ada', postedAt: `at ${revision}`, version: 1 };
  return { type: 'message-posted', revision, data: { ...data, state: 'visible', content: { type: 'text', text } } };
}

const send = (call: number, messageId: string, text: string, account = 'ada'): Stage => ({
  ...{ kind: 'call', call, device: `${account} phone`, account, name: 'send-message' },
  input: { conversationId: ROOM, messageId, content: { type: 'text', text } },
});
const ack = (call: number, messageId: string, seq: number): Stage => ({
  ...{ kind: 'answer', call, ok: true },
  data: { messageId, seq, revision: seq, postedAt: `at ${seq}` },
});
const ask = (call: number, name: string, input: Json, account = 'ada'): Stage => ({
  ...{ kind: 'call', call, device: `${account} phone`, account, name },
  input: { conversationId: ROOM, ...input },
});
const done = (call: number, data: Json = {}): Stage => ({ kind: 'answer', call, ok: true, data });
const refused = (call: number, code: string): Stage => ({ kind: 'answer', call, ok: false, code, retryable: false });
const under = (key: string, stage: Stage): Stage => ({ ...stage, key }) as Stage;
const left = (call: number, data: Json = {}): Stage => ({ kind: 'left', call, ok: true, data });
const leftRefused = (call: number, code: string): Stage => ({ kind: 'left', call, ok: false, code, retryable: false });
const told = (account: string, frame: Json, device = `${account} phone`): Stage => ({
  kind: 'fact',
  device,
  account,
  via: 'socket',
  frame,
});
const marks = (readSeq: number, isFinal = false, askedMs = 0): Stage => ({
  ...{
    kind: 'read',
    device: 'bea phone',
    account: 'bea',
    what: 'receipts',
    conversationId: ROOM,
    process: 0,
    life: 0,
    isFinal,
    askedMs,
  },
  data: {
    items: [
      { memberId: 'm-ada', deliveredSeq: 4, readSeq: 4 },
      { memberId: 'm-bea', deliveredSeq: readSeq, readSeq },
    ],
  },
});
const conversation = (unread: number): Stage => ({
  ...{ kind: 'read', device: 'bea phone', account: 'bea', what: 'conversation', conversationId: ROOM, process: 0, life: 0 },
  ...{ isFinal: true, askedMs: 0 },
  data: { lastSeq: 4, revision: 4, unread, membership: { readSeq: 3 } },
});

const shown = (lastSeq: number, askedMs: number): Stage => ({
  ...{ kind: 'read', device: 'bea phone', account: 'bea', what: 'conversation', conversationId: ROOM, process: 0, life: 0 },
  ...{ isFinal: false, askedMs, data: { lastSeq, revision: lastSeq, membership: { state: 'active' } } },
});

const start: readonly Stage[] = [
  { kind: 'empty', device: 'ada phone', account: 'ada' },
  { kind: 'empty', device: 'bea phone', account: 'bea' },
  ask(1, 'createGroup', { title: 'Rowers', accountIds: ['bea'] }),
  done(1, { conversationId: ROOM }),
  send(2, 'hello', 'Hello'),
  ack(2, 'hello', 3),
  send(3, 'bye', 'Bye'),
  ack(3, 'bye', 4),
];
const telling: readonly Stage[] = ['ada', 'bea'].flatMap((account) => facts.map((fact) => told(account, fact)));
const reading: readonly Stage[] = [
  { ...ask(4, 'mark-read', { seq: 3 }, 'bea') },
  done(4),
  told('ada', { type: 'read-up-to', data: { conversationId: ROOM, memberId: 'm-bea', seq: 3 } }),
  told('bea', { type: 'read-up-to', data: { conversationId: ROOM, memberId: 'm-bea', seq: 3 } }),
];
const rest: readonly Stage[] = [{ kind: 'quiet' }, { kind: 'rest', stuck: [] }, conversation(1), marks(3, true)];
const right = [...start, ...telling, ...reading, ...rest];

const recorded = (stages: readonly Stage[]): Recorded[] => stages.map((stage, index) => ({ ...stage, atMs: index * 1_000 }));
const without = (index: number): readonly Stage[] => [...start, ...telling.filter((_, at) => at !== index), ...reading, ...rest];
const retold = (index: number, change: (frame: Json) => Json): readonly Stage[] => [
  ...start,
  ...telling.map((stage, at) => (at === index && stage.kind === 'fact' ? { ...stage, frame: change(stage.frame) } : stage)),
  ...reading,
  ...rest,
];
const inData = (fields: Json) => (frame: Json) => ({ ...frame, data: { ...(frame.data as Json), ...fields } });
const removed = {
  type: 'message-removed',
  revision: 5,
  scope: ROOM,
  data: { conversationId: ROOM, messageId: 'hello', seq: 3, removedBy: 'm-ada', reason: 'author', removedAt: 'r' },
};
const ended = {
  type: 'member-removed',
  revision: 5,
  scope: ROOM,
  data: { conversationId: ROOM, memberId: 'm-bea', removedBy: 'm-ada', seq: 5, removedAt: 'r' },
};
const secret = {
  ...post(6, 'later', 'Later'),
  scope: ROOM,
  data: { conversationId: ROOM, ...(post(6, 'later', 'Later').data as Json) },
};

const joined = (revision: number): Json => ({
  ...{ type: 'member-added', revision, scope: ROOM },
  data: { ...(facts[2]!.data as Json), seq: revision, addedAt: `at ${revision}` },
});
const puttingBack: readonly Stage[] = [
  ...[...start, ...telling, ask(9, 'removeMember', { memberId: 'm-bea' }), done(9), told('ada', ended)],
  ...[under('k', ask(10, 'addMember', { accountId: 'bea' })), left(10, { memberId: 'm-bea' }), told('ada', joined(6))],
  ...[ask(11, 'removeMember', { memberId: 'm-bea' }), done(11)],
  told('ada', { ...ended, revision: 7, data: { ...(ended.data as Json), seq: 7 } }),
  ...[under('k', ask(12, 'addMember', { accountId: 'bea' })), left(12, { memberId: 'm-bea' })],
];

const snapshotFor = (account: string, memberId: string, revision: number): Stage =>
  told(account, {
    ...{ type: 'conversation-snapshot', scope: ROOM, revision },
    data: { conversation: { conversationId: ROOM, lastSeq: revision + 1, membership: { memberId, state: 'active' } } },
  });
/** Bea is put out and taken in again while she is there; she may be told what she comes into. */
const comingBack = (...snapshot: readonly Stage[]): readonly Stage[] => [
  ...[...start, ...telling, ask(9, 'removeMember', { memberId: 'm-bea' }), done(9), told('ada', ended), told('bea', ended)],
  ...[ask(10, 'addMember', { accountId: 'bea' }), done(10, { memberId: 'm-bea' }), told('ada', joined(6))],
  ...[...snapshot, told('bea', joined(6)), ...rest.slice(0, 2)],
];

const bad: readonly (readonly [Invariant, string, readonly Stage[]])[] = [
  ['I1', 'a device was not told the last message', without(9)],
  ['I1', 'a device was told the next message without the one before', without(8)],
  ['I1', 'a message shows what nobody said', retold(8, inData({ content: { type: 'text', text: 'Good bye' } }))],
  [
    'I1',
    'an acknowledged message was told to nobody',
    [...start, ...telling.filter((stage) => stage.kind !== 'fact' || stage.frame.revision !== 4), ...reading, rest[0]!, rest[1]!],
  ],
  ['I1', 'a message was acknowledged at another place than it is told at', [...start.slice(0, -1), ack(3, 'bye', 5), ...telling]],
  [
    'I1',
    'an acknowledged message is gone, and nobody removed it',
    [...start, send(9, 'bye', 'Bye'), refused(9, 'message-gone'), ...telling],
  ],
  ['I1', 'who came into a conversation again was told its facts, and not what it is', comingBack()],
  ['I1', 'a read mark was not told', [...start, ...telling, reading[0]!, reading[1]!, reading[3]!, ...rest]],
  [
    'I2',
    'one message stands at two places',
    [...start, ...telling, told('bea', { ...facts[3], revision: 5, data: { ...(facts[3]!.data as Json), seq: 5 } })],
  ],
  ['I2', 'a repetition got another ack', [...start, send(9, 'bye', 'Bye'), ack(9, 'bye', 5), ...telling]],
  ['I2', 'two texts under one id were acknowledged', [...start, send(9, 'bye', 'Other'), ack(9, 'bye', 4)]],
  ['I3', 'two devices were told two facts at one revision', retold(7, inData({ seq: 9 }))],
  ['I3', 'two facts have one place', retold(4, inData({ seq: 3 }))],
  [
    'I4',
    'somebody who is in was refused',
    [...start, send(9, 'more', 'More', 'bea'), refused(9, 'conversation-not-found'), ...telling],
  ],
  [
    'I4',
    'somebody who was put out was accepted',
    [
      ...start,
      ...telling,
      ask(9, 'removeMember', { memberId: 'm-bea' }),
      done(9),
      send(10, 'more', 'More', 'bea'),
      ack(10, 'more', 6),
    ],
  ],
  [
    'I4',
    'a removed message is shown',
    [...right.slice(0, -4), told('ada', removed), ask(9, 'remove-message', { messageId: 'hello' }), done(9), ...rest.slice(0, 2)],
  ],
  [
    'I4',
    'a mark at a place that was told is refused',
    [...start, ...telling, ask(9, 'mark-read', { seq: 3 }, 'bea'), refused(9, 'seq-not-found')],
  ],
  [
    'I5',
    'somebody was told what came after their end',
    [
      ...start,
      send(9, 'later', 'Later'),
      ...telling,
      told('ada', ended),
      told('ada', secret),
      told('bea', ended),
      told('bea', secret),
    ],
  ],
  [
    'I5',
    'a revoked device is told facts',
    [
      ...[...start, ...telling, ask(9, 'revokeDevice', { deviceId: 'bea phone' }, 'bea'), done(9), { kind: 'quiet' } as const],
      ...Array.from({ length: 30 }, () => ({ kind: 'stored', device: 'ada phone' }) as const),
      told('bea', facts[4]!),
    ],
  ],
  [
    'I6',
    'a message of somebody whose keys were destroyed is shown',
    [
      ...[...start, ...telling, { kind: 'erased', account: 'ada' } as const, rest[0]!, rest[1]!],
      {
        ...{ kind: 'read', device: 'bea phone', account: 'bea', what: 'messages', conversationId: ROOM, process: 0, life: 0 },
        ...{ isFinal: true, askedMs: 0, data: { items: [facts[3]!.data as Json] } },
      },
    ],
  ],
  [
    'I9',
    'a message that was acknowledged is refused when it is told again',
    [...start, send(9, 'bye', 'Bye'), refused(9, 'conversation-not-found'), ...telling],
  ],
  [
    'I9',
    'a message is refused as another one, and there is no other',
    [...start, send(9, 'more', 'More'), refused(9, 'id-reused')],
  ],
  [
    'I13',
    'a live socket is told a mark of who has left',
    [
      ...[...start, { kind: 'opened', device: 'ada phone', account: 'ada', process: 0 } as const, ...telling],
      ...[{ kind: 'stored', device: 'ada phone' } as const, told('ada', ended)],
      told('ada', { type: 'read-up-to', data: { conversationId: ROOM, memberId: 'm-bea', seq: 4 } }),
    ],
  ],
  [
    'I13',
    'a place is told as delivered of which the device was not told',
    [
      ...start,
      ...telling.slice(0, 6),
      told('ada', { type: 'delivered-up-to', data: { conversationId: ROOM, memberId: 'm-bea', seq: 4 } }),
    ],
  ],
  ['I4', 'a process shows less than it showed before', [...start, ...telling, shown(4, 100_000), shown(3, 200_000)]],
  [
    'I14',
    'who meets nobody is told of a contention',
    [...right, { kind: 'calm' }, send(9, 'more', 'More'), refused(9, 'contended')],
  ],
  ['I9', 'what was done under a key is done again, though its answer had left', [...puttingBack, told('ada', joined(8))]],
  [
    'I9',
    'a request under a key is answered in two ways',
    [
      ...[...start, under('k', ask(9, 'addMember', { accountId: 'cyd' })), left(9, { memberId: 'm-cyd', status: 201 })],
      ...[under('k', ask(10, 'addMember', { accountId: 'cyd' })), left(10, { memberId: 'm-cyd', status: 200 })],
    ],
  ],
  [
    'I9',
    'two requests under one key are both done',
    [
      ...[...start, under('k', ask(9, 'addMember', { accountId: 'cyd' })), left(9, { memberId: 'm-cyd' })],
      ...[under('k', ask(10, 'addMember', { accountId: 'dot' })), left(10, { memberId: 'm-cyd' })],
    ],
  ],
  [
    'I9',
    'a key is refused as reused that was never used otherwise',
    [...start, under('k', ask(9, 'addMember', { accountId: 'cyd' })), leftRefused(9, 'idempotency-key-reused')],
  ],
  [
    'I4',
    'who was put out, and told so, is in it',
    [...right.slice(0, -2), ask(9, 'leaveConversation', {}, 'bea'), done(9), ...rest],
  ],
  ['I10', 'the unread count is not the count of what is unread', [...right.slice(0, -2), conversation(2)]],
  [
    'I10',
    'a conversation is hidden from its member',
    [...right, { kind: 'hidden', account: 'bea', conversationId: ROOM, process: 0, what: 'messages' }],
  ],
  [
    'I10',
    'a view is not the fold of the log',
    [...right, { kind: 'views', process: 0, dump: { list: [{ seq: 3 }] }, folded: { list: [{ seq: 4 }] } }],
  ],
  ['I13', 'a mark went back', [...start, ...telling, marks(4, false, 100_000), marks(3, false, 200_000)]],
  [
    'I13',
    'a place is delivered of which the device was not told',
    [
      ...start,
      ...telling.filter((_, at) => at !== 9),
      { ...marks(4), data: { items: [{ memberId: 'm-bea', deliveredSeq: 4, readSeq: 0 }] } } as Stage,
    ],
  ],
  ['I13', 'an acknowledged mark is not there', [...right.slice(0, -1), marks(2, true)]],
  ['I13', 'a mark is further than anybody made it', [...right.slice(0, -1), marks(4, true)]],
  [
    'I14',
    'it does not come to rest',
    [...start, ...telling, { kind: 'quiet' }, { kind: 'rest', stuck: ['a device is not at rest'] }],
  ],
  [
    'I14',
    'a command was answered by a defect',
    [...start, { kind: 'defect', process: 0, what: 'a command was answered `internal`' }],
  ],
  [
    'I14',
    'a device was shut out, and nobody had revoked it',
    [...start, ask(9, 'addMember', { accountId: 'cyd' }), refused(9, 'unauthenticated')],
  ],
];

describe('the checker', () => {
  it('finds nothing wrong with a history that is right', () => {
    expect(judge(recorded(right))).toBeUndefined();
  });

  it('lets a request be repeated under its key, and takes the answer for what was done the first time', () => {
    expect(judge(recorded(puttingBack))).toBeUndefined();
  });

  it('lets who came into a conversation again be told what it is, and then its facts', () => {
    expect(judge(recorded(comingBack(snapshotFor('bea', 'm-bea', 5))))).toBeUndefined();
  });

  it('takes a membership of which nobody was told whose it is for that of who was erased', () => {
    const unnamed = facts.map((fact): Json => {
      const { accountId, ...data } = fact.data as Json;
      return accountId === 'bea' ? { ...fact, data } : fact;
    });
    const heard = [...unnamed.map((fact) => told('ada', fact)), told('bea', unnamed[0]!)];
    const erased: Stage = { kind: 'erased', account: 'bea' };
    expect(judge(recorded([...start, ...heard, erased]))).toBeUndefined();
    expect(judge(recorded([...start, ...heard]))).toMatchObject({ invariant: 'I5' });
    expect(judge(recorded([...start, ...telling, told('cyd', facts[0]!), { ...erased, account: 'cyd' }]))).toMatchObject({
      invariant: 'I5',
    });
  });

  it('does not ask for the same answer of a request that was under way when its key ended', () => {
    const MONTH_MS = 31 * 24 * 60 * 60 * 1_000;
    const answers = (lateMs: number): readonly Recorded[] => {
      const first = [under('k', ask(9, 'addMember', { accountId: 'cyd' })), left(9, { memberId: 'm-cyd', status: 201 })];
      const again = under('k', ask(10, 'addMember', { accountId: 'cyd' }));
      const records = recorded([...start, ...first, again, left(10, { memberId: 'm-cyd', status: 200 })]);
      return records.map((record, index) => (index < records.length - 1 ? record : { ...record, atMs: record.atMs + lateMs }));
    };
    expect(judge(answers(MONTH_MS))).toBeUndefined();
    expect(judge(answers(0))).toMatchObject({ invariant: 'I9' });
  });

  it('lets a request that was under way when its key ended be done again', () => {
    const MONTH_MS = 31 * 24 * 60 * 60 * 1_000;
    const doneAgain = (stages: readonly Stage[], lateFrom: number): readonly Recorded[] =>
      recorded(stages).map((record, index) => (index < lateFrom ? record : { ...record, atMs: record.atMs + MONTH_MS }));
    const again = [...puttingBack, told('ada', joined(8))];
    expect(judge(doneAgain(again, again.length - 2))).toBeUndefined();
    const unheard = again.filter((stage) => stage.kind !== 'left' || stage.call !== 12);
    expect(judge(doneAgain([...unheard, under('other', ask(13, 'leaveConversation', {}))], unheard.length - 1))).toBeUndefined();
    expect(judge(recorded(unheard))).toMatchObject({ invariant: 'I9' });
  });

  it('does not ask for what was left out, and named', () => {
    const isShown = (stage: Stage) => stage.kind !== 'fact' || stage.frame.revision !== 4;
    const unseen = [...start, ...telling.filter(isShown), ...reading, ...rest.slice(0, 2)];
    expect(judge(recorded(unseen))).toMatchObject({ invariant: 'I1' });
    const later: Json = { ...post(5, 'later', 'Later'), scope: ROOM };
    const told5 = told('ada', { ...later, data: { conversationId: ROOM, ...(later.data as Json) } });
    const snapshot = {
      ...{ type: 'conversation-snapshot', revision: 4 },
      data: { conversation: { conversationId: ROOM, lastSeq: 5, membership: { memberId: 'm-ada', state: 'active' } } },
    };
    const limited = { type: 'limited', data: { conversationId: ROOM, fromSeq: 4, toSeq: 4 } };
    const cut = [send(9, 'later', 'Later'), ack(9, 'later', 5), told('ada', snapshot), told5];
    const named = [...unseen.slice(0, -2), ...cut, told('ada', limited), ...rest.slice(0, 2)];
    expect(judge(recorded(named))).toBeUndefined();
    expect(judge(recorded([...unseen.slice(0, -2), ...cut, ...rest.slice(0, 2)]))).toMatchObject({ invariant: 'I3' });
  });

  it.each(bad)('rejects, by %s, that %s', (invariant, _what, stages) => {
    expect(judge(recorded(stages))).toMatchObject({ invariant });
  });

  it('has a bad history for every invariant', () => {
    expect([...new Set(bad.map(([invariant]) => invariant))].sort()).toEqual(Object.keys(invariants).sort());
  });
});
