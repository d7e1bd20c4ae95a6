/**
 * One attempt at a batch of sends in one conversation: prove, decide, compose anew, append, and sort out what came of
 * it. The rules that keep a message single, each with a test that fails without it (ADR 0017):
 * a repeated post is preceded by a proof for exactly the expected revision; so is every refusal, on the head;
 * each attempt composes anew; an unknown outcome is resent identically or given up.
 */
import { conversation } from '../../domain/conversation/conversation.js';
import type { ConversationEvent } from '../../domain/conversation/events.js';
import type { Result } from '../../domain/kernel/decider.js';
import { ok, rejected } from '../../domain/kernel/decider.js';
import type {
  AccountId,
  ComposeId,
  ConversationId,
  CorrelationId,
  EventId,
  MemberId,
  MessageId,
} from '../../domain/kernel/ids.js';
import { limits } from '../../domain/kernel/limits.js';
import type { MessageEvent, SealedBody } from '../../domain/message/events.js';
import type { Message } from '../../domain/message/message.js';
import { baseRevisionMin, message, sameMessage } from '../../domain/message/message.js';
import { aggregates } from '../aggregates.js';
import { appendSurely } from '../append-surely.js';
import type { LoadedConversation } from '../conversation-states.js';
import type { EventDraft } from '../event-codec.js';
import type { Loaded } from '../load-stream.js';
import type { NewEvent, Write, WriteOutcome } from '../ports/event-store.js';
import type { Posted } from './posted.js';
import { findPosted, NO_MESSAGE, readMessage } from './posted.js';
import type { SendAck, SendDeps, SendRejection } from './send-message.js';

export interface Send {
  readonly conversationId: ConversationId;
  readonly messageId: MessageId;
  readonly memberId: MemberId;
  readonly accountId: AccountId;
  readonly bodyMac: string;
  readonly body: SealedBody;
  /** What the body takes when it is sealed, at most. */
  readonly bodyBytesMax: number;
  readonly correlationId: CorrelationId;
}

export interface PendingSend {
  readonly send: Send;
  readonly deadlineMs: number;
  readonly answer: (result: Result<SendAck, SendRejection>) => void;
  readonly fail: (error: unknown) => void;
  /** The message stream as last read or written by this send; absent until then. */
  message?: Loaded<Message>;
  /** Not posted in this conversation up to and including this revision. */
  provenUpTo?: number;
}

export function pending(send: Send, nowMs: number, answer: PendingSend['answer'], fail: PendingSend['fail']): PendingSend {
  return { send, deadlineMs: nowMs + limits.sendDeadlineMs, answer, fail };
}

interface Formed {
  readonly item: PendingSend;
  readonly posted: Extract<ConversationEvent, { type: 'MessagePosted' }>;
  readonly composed: MessageEvent;
}

/** Answers what can be answered; gives back the sends that must be decided again, in their order. */
export async function attempt(
  deps: SendDeps,
  conversationId: ConversationId,
  batch: readonly PendingSend[],
): Promise<PendingSend[]> {
  const startedMs = deps.clock.monotonicMs();
  try {
    const base = await deps.conversations.cached(conversationId);
    const { formed, refused } = await form(deps, base, batch);
    const again = formed.length === 0 ? [] : await append(deps, conversationId, base, formed, startedMs);
    const allowed = await Promise.all(refused.map((item) => reconsider(deps, conversationId, item)));
    again.push(...refused.filter((_, index) => allowed[index]));
    return await withinDeadline(deps, batch, again);
  } catch (error) {
    // Nothing is known of what was not answered: each sender may repeat its message with the same id.
    for (const item of batch) item.fail(error);
    return [];
  }
}

/** Decides the batch on one snapshot. What is refused leaves it, and is reconsidered after the others are stored. */
async function form(
  deps: SendDeps,
  base: LoadedConversation,
  batch: readonly PendingSend[],
): Promise<{ formed: Formed[]; refused: PendingSend[] }> {
  const formed: Formed[] = [];
  const refused: PendingSend[] = [];
  const settled = await Promise.all(batch.map((item) => item.message && settledByProof(deps, item, item.message, base.revision)));
  const at = deps.clock.now();
  let state = base.state;
  for (const [index, item] of batch.entries()) {
    if (settled[index]) continue;
    const { conversationId, messageId, memberId, bodyMac, body } = item.send;
    const composeId = deps.ids.uuid() as ComposeId;
    const posting = conversation.decide({ type: 'PostMessage', messageId, memberId, composeId, class: 'post', at }, state);
    const composing = message.decide(
      { type: 'Compose', messageId, conversationId, memberId, composeId, baseRevision: base.revision, bodyMac, body },
      item.message?.state ?? message.initial,
    );
    const [posted] = posting.ok ? posting.value : [];
    const [composed] = composing.ok ? composing.value : [];
    if (posted?.type !== 'MessagePosted' || composed === undefined) {
      refused.push(item);
      continue;
    }
    state = conversation.evolve(state, posted);
    formed.push({ item, posted, composed });
  }
  return { formed, refused };
}

/**
 * A send that has read or written its message stream may have been posted by an attempt whose answer was lost. It goes
 * on only with a proof up to exactly the revision that its append will expect; if it was posted, it gets that answer.
 */
async function settledByProof(deps: SendDeps, item: PendingSend, known: Loaded<Message>, upTo: number): Promise<boolean> {
  const { state } = known;
  if (state.status === 'absent' || state.conversationId !== item.send.conversationId) return false;
  const after = Math.max(baseRevisionMin(state), item.provenUpTo ?? -1);
  const posted = await findPosted(deps, item.send.messageId, item.send.conversationId, after, upTo);
  item.provenUpTo = Math.max(after, upTo);
  if (posted === undefined) return false;
  item.answer(answerOf(item, state, posted));
  return true;
}

function answerOf(item: PendingSend, state: Message, posted: Posted): Result<SendAck, SendRejection> {
  const isSame =
    state.status === 'drafted' && posted.data.conversationId === item.send.conversationId && sameMessage(state, item.send);
  if (!isSame) return rejected({ type: 'MessageIdReused' });
  const { messageId, seq, postedAt } = posted.data;
  return ok({ messageId, seq, postedAt, revision: posted.revision, position: posted.position, isNew: false });
}

async function append(
  deps: SendDeps,
  conversationId: ConversationId,
  base: LoadedConversation,
  formed: readonly Formed[],
  startedMs: number,
): Promise<PendingSend[]> {
  const records = await encode(deps, formed);
  const unsealed = formed.filter((_, index) => records.composed[index] === undefined);
  if (unsealed.length > 0) {
    for (const { item } of unsealed) await refuseUnsealed(deps, conversationId, item);
    return formed.filter((one) => !unsealed.includes(one)).map(({ item }) => item);
  }
  const writes: Write[] = formed.map(({ item }, index) => ({
    stream: aggregates.message.stream(item.send.messageId),
    expected: item.message === undefined || item.message.revision === -1 ? 'no-stream' : item.message.revision,
    events: [records.composed[index]!],
  }));
  const expected = base.revision === -1 ? 'no-stream' : base.revision;
  writes.push({ stream: aggregates.conversation.stream(conversationId), expected, events: records.posted });
  const deadlineMs = Math.max(...formed.map(({ item }) => item.deadlineMs));
  const outcomes = await appendSurely(deps, writes, { startedMs, deadlineMs });
  return settle(deps, conversationId, base, formed, outcomes);
}

/** A fenced or erased author writes nothing more, and still gets the answer for what was posted before. */
async function refuseUnsealed(deps: SendDeps, conversationId: ConversationId, item: PendingSend): Promise<void> {
  const head = await headBeforeRefusal(deps, conversationId, item);
  if (head !== undefined) item.answer(rejected({ type: 'AccountErased' }));
}

async function encode(
  deps: SendDeps,
  formed: readonly Formed[],
): Promise<{ composed: (NewEvent | undefined)[]; posted: NewEvent[] }> {
  const recordedAt = deps.clock.now();
  const draft = ({ item }: Formed, event: EventDraft['event'], stream: string): EventDraft => ({
    event,
    stream,
    id: deps.ids.uuid() as EventId,
    recordedAt,
    correlationId: item.send.correlationId,
    actor: item.send.accountId,
  });
  const drafts = [
    ...formed.map((one) => draft(one, one.composed, aggregates.message.stream(one.item.send.messageId))),
    ...formed.map((one) => draft(one, one.posted, aggregates.conversation.stream(one.item.send.conversationId))),
  ];
  const records = await deps.codec.encode(drafts);
  const isRecord = (record: NewEvent | string | undefined): record is NewEvent =>
    record !== undefined && typeof record !== 'string';
  return {
    composed: records.slice(0, formed.length).map((record) => (isRecord(record) ? record : undefined)),
    posted: records.slice(formed.length).filter(isRecord),
  };
}

/** Sorts the outcomes out: all stored and answered, or what was composed is known and everybody goes again. */
async function settle(
  deps: SendDeps,
  conversationId: ConversationId,
  base: LoadedConversation,
  formed: readonly Formed[],
  outcomes: readonly WriteOutcome[],
): Promise<PendingSend[]> {
  const last = outcomes[formed.length];
  if (last?.outcome === 'appended') {
    deps.conversations.advance(
      conversationId,
      base,
      formed.map(({ posted }) => posted),
    );
    for (const [index, { item, posted }] of formed.entries()) {
      const { messageId, seq, postedAt } = posted.data;
      item.answer(ok({ messageId, seq, postedAt, revision: base.revision + 1 + index, position: last.position, isNew: true }));
    }
    return [];
  }
  const again: PendingSend[] = [];
  const isLeft = await Promise.all(formed.map(({ item }, index) => !mustRead(item, outcomes[index]) || reread(deps, item)));
  for (const [index, one] of formed.entries()) {
    const outcome = outcomes[index];
    if (!isLeft[index]) continue;
    if (outcome?.outcome === 'removed') {
      one.item.answer(rejected({ type: 'MessageGone' }));
      continue;
    }
    if (outcome?.outcome === 'appended') {
      const state = message.evolve(one.item.message?.state ?? NO_MESSAGE.state, one.composed);
      one.item.message = { state, revision: outcome.revision };
    }
    again.push(one.item);
  }
  if (last !== undefined) await deps.conversations.head(conversationId);
  return again;
}

/**
 * The batch ended at the first stream that was not as expected. Those behind it may not be either: who found that out one
 * by one would compose all of them anew each time, until the deadline of a repeated batch was over.
 */
const mustRead = ({ message }: PendingSend, outcome: WriteOutcome | undefined): boolean =>
  outcome === undefined ? message === undefined : outcome.outcome === 'wrong-expected-revision';

/** Reads the message stream again; false when the send was answered because the stream is gone. */
async function reread(deps: SendDeps, item: PendingSend): Promise<boolean> {
  const loaded = await readMessage(deps, item.send.messageId);
  if (loaded === 'removed') {
    item.answer(rejected({ type: 'MessageGone' }));
    return false;
  }
  item.message = loaded;
  return true;
}

/**
 * Before a send is refused it reads its own message stream, and proves up to the head that it was not posted: undefined
 * when that has answered it.
 */
async function headBeforeRefusal(
  deps: SendDeps,
  conversationId: ConversationId,
  item: PendingSend,
): Promise<LoadedConversation | undefined> {
  if (!(await reread(deps, item))) return undefined;
  const head = await deps.conversations.head(conversationId);
  const known = item.message ?? NO_MESSAGE;
  if (known.state.status === 'drafted' && !sameMessage(known.state, item.send)) {
    item.answer(rejected({ type: 'MessageIdReused' }));
    return undefined;
  }
  return (await settledByProof(deps, item, known, head.revision)) ? undefined : head;
}

/** A refusal was decided on a cached state, or on another's batch: it is decided again on the head. True when it may go again. */
async function reconsider(deps: SendDeps, conversationId: ConversationId, item: PendingSend): Promise<boolean> {
  const head = await headBeforeRefusal(deps, conversationId, item);
  if (head === undefined) return false;
  const { messageId, memberId } = item.send;
  const composeId = deps.ids.uuid() as ComposeId;
  const decided = conversation.decide(
    { type: 'PostMessage', messageId, memberId, composeId, class: 'post', at: deps.clock.now() },
    head.state,
  );
  if (decided.ok) return true;
  item.answer(decided);
  return false;
}

const RETRY_PAUSE_MS = 4;

async function withinDeadline(
  deps: SendDeps,
  batch: readonly PendingSend[],
  again: readonly PendingSend[],
): Promise<PendingSend[]> {
  if (again.length === 0) return [];
  await deps.clock.wait(RETRY_PAUSE_MS * deps.ids.fraction());
  const nowMs = deps.clock.monotonicMs();
  const inOrder = batch.filter((item) => again.includes(item));
  for (const item of inOrder) if (nowMs >= item.deadlineMs) item.answer(rejected({ type: 'Contended' }));
  return inOrder.filter((item) => nowMs < item.deadlineMs);
}
