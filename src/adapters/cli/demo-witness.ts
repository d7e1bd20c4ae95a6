/**
 * What everybody saw, held against what was sent: over both doors, byte for byte, each message once and in order, with no
 * hole in the places or revisions, and nothing for anybody who was not there.
 */
import type { Attendance, Talk } from './demo-script.js';
import { bytesOf, type Sent, type Stage } from './demo-stage.js';
import type { Conversation, Fact, Marks, Message } from './wire.js';

const SNAPSHOT = 'conversation-snapshot';
const PLACED = new Set(['message-posted', 'member-added', 'member-removed', 'member-left']);

const seqOf = ({ data }: Fact): number => Number(data.seq);

/** The whole history as the one who was always there reads it, once all that was acked shows. */
export async function witness(stage: Stage, talk: Talk): Promise<readonly Message[]> {
  const { conversationId, reader, title } = talk;
  const sent = stage.sent.filter((one) => one.conversationId === conversationId);
  const lastSeq = Math.max(0, ...sent.map(({ ack }) => ack.seq));
  let history: Message[] = [];
  const read = async () => {
    history = await stage.patiently(() => reader.rest.all<Message>(`/v1/conversations/${conversationId}/messages`, 'previous'));
    return (history.at(-1)?.seq ?? 0) >= lastSeq;
  };
  stage.check(`${title}: everything that was acked shows`, await stage.settles(read), () => history.at(-1)?.seq);
  stage.check(
    `${title}: places are dense from 1`,
    isDense(
      history.map(({ seq }) => seq),
      1,
    ),
  );
  const times = new Map(Map.groupBy(history, ({ messageId }) => messageId).entries());
  const twice = sent.filter(({ messageId }) => times.get(messageId)?.length !== 1);
  stage.check(`${title}: each message stands once`, twice.length === 0, () => twice.map(({ ack }) => ack));
  const wrong = sent.filter((one) => !isSame(stage, one, history[one.ack.seq - 1]));
  stage.check(`${title}: each message stands at its place as it was sent`, wrong.length === 0, () => wrong.map(({ ack }) => ack));
  const { revision } = await stage.patiently(() =>
    reader.rest.get<Conversation & { revision: number }>(`/v1/conversations/${conversationId}`),
  );
  await Promise.all(talk.attendances.map((attendance) => attended(stage, talk, attendance, { sent, history, revision })));
  return history;
}

interface Seen {
  readonly sent: readonly Sent[];
  readonly history: readonly Message[];
  /** Of the conversation at its end. */
  readonly revision: number;
}

async function attended(stage: Stage, talk: Talk, attendance: Attendance, seen: Seen): Promise<void> {
  const { person, memberId, ending } = attendance;
  const facts = person.factsOf(talk.conversationId);
  const isOwnEnd = ({ type, data }: Fact) => type === ending && data.memberId === memberId;
  const isThere = () => (ending === undefined ? person.lastRevision(talk.conversationId) >= seen.revision : facts.some(isOwnEnd));
  const who = `${talk.title}: ${person.name}`;
  stage.check(`${who} has everything by the socket`, await stage.settles(isThere), () =>
    person.lastRevision(talk.conversationId),
  );
  if (ending !== undefined) {
    const told = facts.slice(facts.findIndex(isOwnEnd));
    const later = told.slice(1).filter((fact) => !isSnapshotUpTo(fact, seqOf(told[0] as Fact)));
    stage.check(`${who} gets nothing after the end`, told.length > 0 && later.length === 0, () => later);
  }
  checkFacts(stage, who, attendance, facts);
  const places = facts.filter(({ type }) => PLACED.has(type)).map(seqOf);
  const skipped = person.leftOutRanges.filter(({ conversationId }) => conversationId === talk.conversationId);
  const [fromSeq, toSeq] = [Math.min(...places, ...skipped.map((range) => range.fromSeq)), Math.max(...places)];
  const due = seen.sent.filter(({ ack }) => ack.seq >= fromSeq && ack.seq <= toSeq);
  const posted = new Map(
    facts.filter(({ type }) => type === 'message-posted').map((fact) => [seqOf(fact), fact.data as unknown as Message]),
  );
  const isSkipped = ({ ack: { seq } }: Sent) => skipped.some((range) => range.fromSeq <= seq && seq <= range.toSeq);
  const lost = due.filter((one) => !isSkipped(one) && !isSame(stage, one, posted.get(one.ack.seq)));
  stage.check(`${who} got by the socket what was sent`, lost.length === 0, () => lost.map(({ ack }) => ack));
  stage.delivered += due.length;
  await readsBack(stage, who, { ...talk, attendance, fromSeq, toSeq, history: seen.history });
}

/** No hole and no repeat in the revisions, from the own beginning on; every place once and in order. */
function checkFacts(stage: Stage, who: string, { memberId }: Attendance, facts: readonly Fact[]): void {
  const [first] = facts;
  const begins = first?.revision === 0 || (first?.type === 'member-added' && first.data.memberId === memberId);
  stage.check(`${who} begins with the own beginning`, begins || first?.type === SNAPSHOT, () => first);
  const holes = holesIn(facts);
  stage.check(`${who} has revisions without a hole`, holes.length === 0, () => holes);
  const places = facts.filter(({ type }) => PLACED.has(type)).map(seqOf);
  const isComplete = !facts.some(({ type }) => type === SNAPSHOT);
  const inOrder = isComplete ? isDense(places, places[0] ?? 0) : places.every((seq, index) => seq > (places[index - 1] ?? 0));
  stage.check(`${who} has places in order`, inOrder, () => places);
}

/** Each revision follows the one before; a snapshot says from where on they are counted. */
export function holesIn(facts: readonly Fact[]): readonly number[] {
  const holes: number[] = [];
  let last: number | undefined;
  for (const { type, revision = 0 } of facts) {
    if (type === SNAPSHOT) last = Math.max(last ?? revision, revision);
    else {
      if (last !== undefined && revision !== last + 1) holes.push(revision);
      last = revision;
    }
  }
  return holes;
}

/** Somebody who comes back to a conversation that has ended for them is told so again, and of nothing behind it. */
const isSnapshotUpTo = ({ type, data }: Fact, seq: number): boolean =>
  type === SNAPSHOT && (data.conversation as Conversation).lastSeq <= seq;

interface ReadBack extends Talk {
  readonly attendance: Attendance;
  readonly fromSeq: number;
  readonly toSeq: number;
  readonly history: readonly Message[];
}

/** By REST the same person sees the same part of the history, and nothing else of it. */
async function readsBack(
  stage: Stage,
  who: string,
  { attendance, conversationId, fromSeq, toSeq, history }: ReadBack,
): Promise<void> {
  const path = `/v1/conversations/${conversationId}/messages`;
  const own = await stage.patiently(() => attendance.person.rest.all<Message>(path, 'previous'));
  const wanted = history.filter(({ seq }) => seq >= fromSeq && seq <= toSeq);
  const differing = wanted.filter((message, index) => !isEqual(message, own[index]));
  stage.check(`${who} reads the same by REST`, differing.length === 0, () => differing.map(({ seq }) => seq));
  const extra = own.filter(({ seq }) => seq < fromSeq || seq > toSeq);
  stage.check(`${who} reads nothing else by REST`, extra.length === 0, () => extra.map(({ seq }) => seq));
}

/** Everybody reads to the end, and everybody is told so. */
export async function receipts(stage: Stage, talk: Talk, lastSeq: number): Promise<void> {
  const { conversationId, reader, title } = talk;
  const present = talk.attendances.filter(({ ending }) => ending === undefined);
  await Promise.all(present.map(({ person }) => person.session.markRead(conversationId, lastSeq)));
  const isRead = ({ memberId }: Attendance) => reader.marksOf({ conversationId, memberId }).readSeq >= lastSeq;
  stage.check(`${title}: who has read is told by the socket`, await stage.settles(() => present.every(isRead)));
  let items: readonly Marks[] = [];
  const isListed = async () => {
    const path = `/v1/conversations/${conversationId}/receipts`;
    ({ items } = await stage.patiently(() => reader.rest.get<{ items: readonly Marks[] }>(path)));
    return (
      items.length === present.length && items.every(({ readSeq, deliveredSeq }) => readSeq >= lastSeq && deliveredSeq >= lastSeq)
    );
  };
  stage.check(`${title}: who has read is told by REST`, await stage.settles(isListed), () => items);
}

const isDense = (seqs: readonly number[], from: number): boolean => seqs.every((seq, index) => seq === from + index);

function isSame(stage: Stage, sent: Sent, message: Message | undefined): boolean {
  if (message === undefined || message.messageId !== sent.messageId || message.seq !== sent.ack.seq) return false;
  if (stage.removed.has(sent.messageId)) return message.state === 'removed' ? message.content === undefined : true;
  return message.commitment === sent.commitment && bytesOf(message.content).equals(bytesOf(sent.content));
}

const isEqual = (one: Message, other: Message | undefined): boolean =>
  other !== undefined && JSON.stringify(one) === JSON.stringify(other);
