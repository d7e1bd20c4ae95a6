/** What must hold once everything is at rest: who was entitled to what has it, and every answer agrees with what was told. */
import type { Json } from '../history.js';
import { textOf } from './asked.js';
import type { Evidence, ReadRecord, ViewsRecord } from './checker.js';
import type { Told, ToldMessage } from './told.js';
import type { ConversationTruth, Interval, Place } from './truth.js';
import { holds } from './verdict.js';

export function checkRest(evidence: Evidence, views: readonly ViewsRecord[]): void {
  const { truth, devices, asked } = evidence;
  const hasReader = (conversation: ConversationTruth) =>
    conversation.isKnown && [...devices.values()].some((told) => conversation.isActive(told.account) && isThere(evidence, told));
  for (const conversation of truth.conversations.values()) if (hasReader(conversation)) conversation.checkDense();
  asked.checkMembers(hasReader);
  for (const [messageId, sends] of asked.sends) {
    const acked = sends.find(({ answer }) => answer?.ok)?.answer;
    if (acked === undefined || !('data' in acked)) continue;
    const conversation = truth.conversation(sends[0]!.call.input.conversationId as string);
    const isLost =
      hasReader(conversation) &&
      !truth.posts.has(messageId) &&
      sends.every(({ call }) => call.input.conversationId === conversation.id);
    holds(!isLost, 'I1', () => `message ${messageId} was acknowledged, and nobody was ever told it`, [
      messageId,
      conversation.id,
    ]);
  }
  for (const told of devices.values()) if (isThere(evidence, told)) checkTold(evidence, told);
  for (const final of evidence.finals) checkFinal(evidence, final);
  for (const { account, conversationId, what, process } of evidence.hidden) {
    const conversation = truth.conversation(conversationId);
    const isHiddenWrongly = conversation.isKnown && conversation.isActive(account);
    holds(!isHiddenWrongly, 'I10', () => `the ${what} of ${conversationId} is hidden from a member at process ${process}`, [
      conversationId,
      account,
    ]);
  }
  for (const { process, dump, folded } of views) checkViews(process, dump, folded);
}

/** Neither revoked nor erased: a device from which everything can be asked. */
function isThere({ asked, erased }: Evidence, { device, account }: Told): boolean {
  return !erased.has(account) && !asked.revocations.some(({ call }) => call.input.deviceId === device);
}

function checkTold(evidence: Evidence, told: Told): void {
  for (const conversation of evidence.truth.conversations.values()) {
    if (!conversation.isKnown) continue;
    for (const interval of conversation.intervalsOf(told.account)) {
      for (const place of conversation.bySeq.values()) {
        if (place.seq! < interval.fromSeq || place.seq! > interval.toSeq) continue;
        checkPlace(evidence, told, conversation, place, interval);
      }
    }
    if (!conversation.isActive(told.account)) continue;
    checkToldMarks(evidence, told, conversation);
    checkSnapshot(told, conversation);
  }
}

/** Who came into a conversation that was there before was told what it is. */
function checkSnapshot(told: Told, conversation: ConversationTruth): void {
  const { fromRevision, fromSeq } = conversation.intervalsOf(told.account).at(-1)!;
  const { snapshotRevision } = told.conversation(conversation.id);
  holds(
    fromSeq === 1 || snapshotRevision >= fromRevision - 1,
    'I1',
    () =>
      `device ${told.device} is in ${conversation.id} since revision ${fromRevision}, and its last snapshot is of ${snapshotRevision}`,
    [conversation.id, told.account],
  );
}

function checkPlace(evidence: Evidence, told: Told, conversation: ConversationTruth, place: Place, interval: Interval): void {
  const { messages, limited } = told.conversation(conversation.id);
  const about = [conversation.id, place.messageId ?? '', told.device];
  const message = messages.get(place.seq!);
  const isNamed = limited.some(({ fromSeq, toSeq }) => fromSeq <= place.seq! && place.seq! <= toSeq);
  if (message === undefined && isNamed && told.device.startsWith('new device')) return;
  holds(message !== undefined, 'I1', () => `device ${told.device} never got place ${place.seq} of ${conversation.id}`, about);
  holds(
    message.messageId === place.messageId,
    'I3',
    () => `device ${told.device} has another message at place ${place.seq}`,
    about,
  );
  if (place.messageId === undefined) return;
  checkContent(evidence, conversation, place, message, interval.toRevision === Number.POSITIVE_INFINITY, `device ${told.device}`);
}

/** As it was said, unless it was removed; who is in the conversation no more is not told of removals. */
function checkContent(
  { asked, erased }: Evidence,
  conversation: ConversationTruth,
  place: Place,
  message: ToldMessage,
  isIn: boolean,
  who: string,
): void {
  const { messageId, senderId } = place as { messageId: string; senderId: string };
  const about = [conversation.id, messageId];
  const removals = asked.removals.get(messageId) ?? [];
  const isRemoved = [...conversation.places.values()].some(
    (other) => other.type === 'message-removed' && other.messageId === messageId,
  );
  if (isRemoved && isIn)
    holds(
      message.state === 'removed',
      'I4',
      () => `message ${messageId} was removed, and ${who} shows it as ${message.state}`,
      about,
    );
  if (removals.some(({ answer }) => answer?.ok)) {
    holds(
      !isIn || message.state !== 'visible',
      'I4',
      () => `the removal of ${messageId} was acknowledged, and ${who} shows it`,
      about,
    );
  }
  const author = conversation.accountOf.get(senderId);
  if (removals.length > 0 || author === undefined || erased.has(author)) return;
  const sends = asked.sends.get(messageId) ?? [];
  const acked = sends.find(({ answer }) => answer?.ok) ?? sends[0];
  holds(acked !== undefined, 'I2', () => `message ${messageId} was told, and nobody had sent it`, about);
  const isShown =
    message.state === 'visible' && sends.some(({ call }) => call.account === author && textOf(call.input) === message.text);
  holds(
    isShown,
    'I1',
    () => `message ${messageId} is ${message.state} at ${who}, with the text ${JSON.stringify(message.text)}`,
    about,
  );
}

/** The furthest read mark of a member that was acknowledged in this membership. */
function readFloor({ asked }: Evidence, conversation: ConversationTruth, account: string): number {
  const from = conversation.intervalsOf(account).at(-1)!;
  const marks = asked.marks.filter(
    ({ call, answer }) => answer?.ok && call.account === account && call.input.conversationId === conversation.id,
  );
  return Math.max(
    0,
    ...marks.map(({ call }) => call.input.seq as number).filter((seq) => seq >= from.fromSeq || from.fromSeq === 1),
  );
}

const activeMembers = (conversation: ConversationTruth): readonly (readonly [string, string])[] =>
  [...conversation.accountOf].filter(
    ([, account]) => conversation.intervalsOf(account).length === 1 && conversation.isActive(account),
  );

function checkToldMarks(evidence: Evidence, told: Told, conversation: ConversationTruth): void {
  const { reads } = told.conversation(conversation.id);
  for (const [memberId, account] of activeMembers(conversation)) {
    const posted = Math.max(
      0,
      ...[...conversation.bySeq.values()].filter(({ senderId }) => senderId === memberId).map(({ seq }) => seq!),
    );
    const known = Math.max(reads.get(memberId) ?? 0, posted);
    const floor = readFloor(evidence, conversation, account);
    // What was read before one came is nothing that one is told of.
    const isToBeTold = floor >= conversation.intervalsOf(told.account).at(-1)!.fromSeq;
    holds(
      !isToBeTold || known >= floor,
      'I1',
      () => `device ${told.device} knows the read mark of ${memberId} at ${known}; ${floor} was acknowledged`,
      [conversation.id, account],
    );
  }
}

function checkFinal(evidence: Evidence, record: ReadRecord): void {
  const conversation = evidence.truth.conversation(record.conversationId);
  if (!conversation.isKnown) return;
  if (record.what === 'messages') checkMessages(evidence, conversation, record);
  if (!conversation.isActive(record.account)) return;
  if (record.what === 'conversation') checkConversation(conversation, record);
  if (record.what === 'receipts') checkReceipts(evidence, conversation, record);
}

function checkMessages(evidence: Evidence, conversation: ConversationTruth, { account, data, process }: ReadRecord): void {
  const intervals = conversation.intervalsOf(account);
  for (const item of data.items as readonly Json[]) {
    const seq = item.seq as number;
    const interval = intervals.find(({ fromSeq, toSeq }) => fromSeq <= seq && seq <= toSeq);
    holds(
      interval !== undefined,
      'I5',
      () => `process ${process} shows ${account} place ${seq} outside of ${JSON.stringify(intervals)}`,
      [conversation.id, account],
    );
    const place = conversation.bySeq.get(seq);
    if (place?.messageId === undefined) continue;
    const message = { messageId: item.messageId as string, state: item.state as string, text: textOf(item) };
    holds(message.messageId === place.messageId, 'I10', () => `process ${process} shows another message at place ${seq}`, [
      conversation.id,
    ]);
    const author = conversation.accountOf.get(place.senderId!);
    const isForgotten = author === undefined || !evidence.erased.has(author) || message.state !== 'visible';
    holds(isForgotten, 'I6', () => `process ${process} shows a message of somebody whose keys were destroyed`, [
      conversation.id,
      place.messageId!,
    ]);
    checkContent(evidence, conversation, place, message, interval.toRevision === Number.POSITIVE_INFINITY, `process ${process}`);
  }
}

function checkConversation(conversation: ConversationTruth, { data, process, account }: ReadRecord): void {
  const { lastSeq, revision, unread, membership } = data as {
    lastSeq: number;
    revision: number;
    unread: number;
    membership: { readSeq: number };
  };
  const about = [conversation.id, account];
  const isCurrent = lastSeq === conversation.lastSeq && revision === conversation.lastRevision;
  holds(
    isCurrent,
    'I10',
    () =>
      `process ${process} has ${lastSeq}/${revision} as the last place and revision, and ${conversation.lastSeq}/${conversation.lastRevision} were told`,
    about,
  );
  const { fromSeq } = conversation.intervalsOf(account).at(-1)!;
  const from = Math.max(membership.readSeq, fromSeq);
  const expected = [...conversation.bySeq.values()].filter(({ seq, messageId }) => seq! > from && messageId !== undefined).length;
  holds(
    unread === expected,
    'I10',
    () => `process ${process} says ${unread} unread to ${account}, and there are ${expected} after ${from}`,
    about,
  );
}

function checkReceipts(evidence: Evidence, conversation: ConversationTruth, { data, process }: ReadRecord): void {
  const { asked, devices } = evidence;
  const items = data.items as readonly { memberId: string; readSeq: number; deliveredSeq: number }[];
  for (const [memberId, account] of activeMembers(conversation)) {
    const found = items.find((item) => item.memberId === memberId) ?? { readSeq: 0, deliveredSeq: 0 };
    const posted = [...conversation.bySeq.values()].filter(({ senderId }) => senderId === memberId).map(({ seq }) => seq!);
    const about = [conversation.id, account];
    const floor = Math.max(readFloor(evidence, conversation, account), ...posted);
    holds(
      found.readSeq >= floor && found.deliveredSeq >= floor,
      'I13',
      () =>
        `process ${process} has the read mark of ${memberId} at ${found.readSeq}/${found.deliveredSeq}, and ${floor} was acknowledged`,
      about,
    );
    const marked = asked.marks
      .filter(({ call }) => call.account === account && call.input.conversationId === conversation.id)
      .map(({ call }) => call.input.seq as number);
    const ceiling = Math.max(0, ...marked, ...posted);
    holds(
      found.readSeq <= ceiling,
      'I13',
      () => `process ${process} has a read mark of ${memberId} at ${found.readSeq} that nobody made`,
      about,
    );
    const had = [...devices.values()].filter((told) => told.account === account && !told.device.startsWith('new device'));
    const most = Math.max(ceiling, ...had.map((told) => told.maxSeqs.get(conversation.id) ?? 0));
    holds(
      found.deliveredSeq <= most,
      'I13',
      () =>
        `process ${process} has place ${found.deliveredSeq} as delivered to ${memberId}, and no device of theirs was told beyond ${most}`,
      about,
    );
  }
}

function checkViews(process: number, dump: Json, folded: Json): void {
  for (const [collection, documents] of Object.entries(folded)) {
    const [kept, fresh] = [dump[collection], documents].map((list) =>
      (list as readonly unknown[]).map((doc) => JSON.stringify(sortedFields(doc))),
    );
    const index = fresh!.findIndex((text, at) => text !== kept![at]);
    const isSame = index === -1 && kept!.length === fresh!.length;
    holds(
      isSame,
      'I10',
      () =>
        `${collection} of process ${process} is not the fold of the log: ${kept![index] ?? 'nothing'} instead of ${fresh![index] ?? 'nothing'}`,
    );
  }
}

/** Fields may have been written in another order; the values of sets, too. */
function sortedFields(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortedFields);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([name, field]) => [name, sortedFields(field)]),
  );
}
