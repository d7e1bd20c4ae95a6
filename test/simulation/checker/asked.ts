/** What was asked for and how it was answered: which answers must be alike, and which refusals cannot be right. */
import type { Json, Recorded } from '../history.js';
import { KeyedOf } from './keyed.js';
import type { ConversationTruth, Truth } from './truth.js';
import { holds } from './verdict.js';

type CallRecord = Extract<Recorded, { kind: 'call' }>;
type AnswerRecord = Extract<Recorded, { kind: 'answer' }>;

export interface Asked {
  readonly call: CallRecord;
  readonly at: number;
  /** When it was asked for first: a repetition may be answered by what was done then. */
  since: number;
  answer?: AnswerRecord;
  answeredAt?: number;
}

export const textOf = ({ content }: Json): string | undefined => (content as { readonly text?: string } | undefined)?.text;

const NEVER = Number.POSITIVE_INFINITY;
const ADDS = new Set(['addMember', 'createGroup', 'createDirect']);
const ENDS = new Set(['removeMember', 'leaveConversation']);

export class AskedOf {
  readonly all = new Map<number, Asked>();
  /** By message id. */
  readonly sends = new Map<string, Asked[]>();
  readonly removals = new Map<string, Asked[]>();
  readonly marks: Asked[] = [];
  readonly revocations: Asked[] = [];
  /** Whatever changes who is in a conversation, by conversation. */
  private readonly changes = new Map<string, Asked[]>();
  readonly keyed = new KeyedOf();

  constructor(private readonly truth: Truth) {}

  ask(call: CallRecord, at: number): void {
    const asked: Asked = { call, at, since: at };
    this.all.set(call.call, asked);
    asked.since = this.keyed.ask(asked).at;
    const { conversationId, messageId } = call.input as { conversationId?: string; messageId?: string };
    if (call.name === 'send-message') push(this.sends, messageId!, asked);
    else if (call.name === 'remove-message') push(this.removals, messageId!, asked);
    else if (call.name === 'mark-read') this.marks.push(asked);
    else if (call.name === 'revokeDevice') this.revocations.push(asked);
    else if (conversationId !== undefined) push(this.changes, conversationId, asked);
    if (call.name === 'createGroup') {
      asked.since = this.changes.get(conversationId!)!.find((change) => change.call.name === 'createGroup')!.at;
      const others = new Set(call.input.accountIds as readonly string[]);
      this.truth.conversation(conversationId!).firstMembers = others.add(call.account).size;
    }
  }

  answer(record: AnswerRecord, at: number): void {
    const asked = this.all.get(record.call)!;
    asked.answer = record;
    asked.answeredAt = at;
    const { name, input, account } = asked.call;
    if (record.ok && name === 'addMember') {
      this.truth
        .conversation(input.conversationId as string)
        .accountOf.set(record.data.memberId as string, input.accountId as string);
    }
    if (record.ok && name === 'createDirect') {
      push(this.changes, record.data.conversationId as string, asked);
    }
    if (!record.ok && record.code === 'unauthenticated') {
      const isRevoked = this.revocations.some(({ call }) => call.input.deviceId === asked.call.device);
      holds(isRevoked, 'I14', () => `device ${asked.call.device} of ${account} was shut out, and nobody had revoked it`);
    }
  }

  /** A send or a mark of theirs that may have been done, and nobody was told. */
  hasUnanswered(account: string, conversationId: string): boolean {
    return this.ofAccount(account, conversationId).some(({ answer }) => answer === undefined);
  }

  /** The furthest place at which a message of theirs was acknowledged. */
  ackedSeq(account: string, conversationId: string): number {
    const acked = this.ofAccount(account, conversationId).flatMap(({ answer, call }) =>
      answer?.ok ? [((answer.data.seq ?? call.input.seq) as number | undefined) ?? 0] : [],
    );
    return Math.max(0, ...acked);
  }

  private ofAccount(account: string, conversationId: string): readonly Asked[] {
    const names = ['send-message', 'mark-read'];
    return [...this.all.values()].filter(
      ({ call }) => call.account === account && call.input.conversationId === conversationId && names.includes(call.name),
    );
  }

  /** Every answer to a send, once all of them are known. */
  checkSends(erased: ReadonlySet<string>): void {
    for (const [messageId, sends] of this.sends) {
      const first = sends.find(({ answer }) => answer?.ok);
      for (const send of sends) {
        if (send.answer === undefined || erased.has(send.call.account)) continue;
        if (send.answer.ok) this.checkAck(messageId, send, first!);
        else this.checkRefusal(messageId, send, send.answer.code, sends);
      }
    }
  }

  checkOthers(): void {
    for (const [messageId, removals] of this.removals) {
      for (const { call, at, answer, answeredAt } of removals) {
        if (answer === undefined || answer.ok || answer.code !== 'message-not-found') continue;
        const sent = this.sends.get(messageId)?.find((send) => send.answer?.ok && send.answeredAt! < at);
        const isIn = this.isCertainlyIn(call.input.conversationId as string, call.account, at, answeredAt!);
        holds(
          sent === undefined || !isIn,
          'I4',
          () => `message ${messageId} was acknowledged, and could not be removed because it was not found`,
          [messageId],
        );
      }
    }
    for (const { call, answer } of this.marks) {
      if (answer === undefined || answer.ok || answer.code !== 'seq-not-found') continue;
      const { conversationId, seq } = call.input as { conversationId: string; seq: number };
      const isThere = this.truth.conversation(conversationId).bySeq.has(seq);
      holds(!isThere, 'I4', () => `a mark at ${seq} was refused, and the place had been told`, [conversationId]);
    }
  }

  private checkAck(messageId: string, send: Asked, first: Asked): void {
    const data = (send.answer as { readonly data: Json }).data;
    const earlier = (first.answer as { readonly data: Json }).data;
    const about = [messageId, send.call.input.conversationId as string];
    holds(
      JSON.stringify(data) === JSON.stringify(earlier),
      'I2',
      () => `message ${messageId} got two acks: ${JSON.stringify(earlier)} and ${JSON.stringify(data)}`,
      about,
    );
    const isSame =
      textOf(send.call.input) === textOf(first.call.input) &&
      send.call.account === first.call.account &&
      send.call.input.conversationId === first.call.input.conversationId;
    holds(isSame, 'I2', () => `two different messages under the id ${messageId} were both acknowledged`, about);
    const post = this.truth.posts.get(messageId);
    const isThere =
      post === undefined ||
      (post.seq === data.seq && post.revision === data.revision && post.conversationId === send.call.input.conversationId);
    holds(isThere, 'I1', () => `message ${messageId} was acknowledged at place ${data.seq} and told at ${post?.seq}`, about);
    const isNew = this.sends.get(messageId)!.every(({ at }) => at >= send.at || at >= first.at);
    const isOut =
      isNew && this.isCertainlyOut(send.call.input.conversationId as string, send.call.account, Math.min(send.at, first.at));
    holds(!isOut, 'I4', () => `message ${messageId} was accepted from somebody who had been put out before`, about);
  }

  private checkRefusal(messageId: string, send: Asked, code: string, sends: readonly Asked[]): void {
    const { input, account } = send.call;
    const conversationId = input.conversationId as string;
    const about = [messageId, conversationId];
    const isSame = ({ call }: Asked) =>
      call.account === account && call.input.conversationId === conversationId && textOf(call.input) === textOf(input);
    const acked = sends.find((other) => isSame(other) && other.answer?.ok && other.answeredAt! < send.at);
    const isRemoved = this.removals.has(messageId);
    if (code === 'message-gone')
      holds(
        acked === undefined || isRemoved,
        'I1',
        () => `message ${messageId} was acknowledged, and is gone though nobody removed it`,
        about,
      );
    if (['message-gone', 'unavailable', 'contended', 'too-many-requests', 'unauthenticated', 'internal'].includes(code)) return;
    holds(
      acked === undefined,
      'I9',
      () => `message ${messageId} was acknowledged, and told again it was refused: ${code}`,
      about,
    );
    if (code === 'id-reused')
      holds(
        sends.some((other) => !isSame(other)),
        'I9',
        () => `message ${messageId} was refused as another one, and there is no other`,
        about,
      );
    if (code === 'conversation-not-found') {
      const isIn = this.isCertainlyIn(conversationId, account, send.at, send.answeredAt!);
      holds(!isIn, 'I4', () => `message ${messageId} was refused to somebody who was in the conversation throughout`, about);
    }
  }

  /** Who was put in, or out, and whom nobody has put out, or in, since. */
  checkMembers(hasReader: (conversation: ConversationTruth) => boolean): void {
    for (const [conversationId, changes] of this.changes) {
      const conversation = this.truth.conversation(conversationId);
      if (!hasReader(conversation)) continue;
      for (const account of new Set(changes.flatMap((change) => this.accountOfChange(change) ?? []))) {
        const isActive = conversation.isActive(account);
        const about = [conversationId, account];
        const isOut = this.isCertainlyOut(conversationId, account, NEVER);
        holds(!(isOut && isActive), 'I4', () => `${account} was put out of ${conversationId}, and is in it`, about);
        const isIn = this.isCertainlyIn(conversationId, account, NEVER, NEVER);
        holds(!isIn || isActive, 'I4', () => `${account} was put into ${conversationId}, and is not in it`, about);
      }
    }
  }

  private accountOfChange({ call: { name, input, account } }: Asked): string | undefined {
    if (name === 'addMember') return input.accountId as string;
    if (name !== 'removeMember') return account;
    return this.truth.conversation(input.conversationId as string).accountOf.get(input.memberId as string);
  }

  private puts(change: Asked, account: string): boolean {
    const { name, input } = change.call;
    if (name === 'createGroup') return change.call.account === account || (input.accountIds as string[]).includes(account);
    if (name === 'createDirect') return change.call.account === account || input.accountId === account;
    return ADDS.has(name) && this.accountOfChange(change) === account;
  }

  /** Put in before, and nobody had begun to put them out by the end. */
  private isCertainlyIn(conversationId: string, account: string, from: number, to: number): boolean {
    const changes = this.changes.get(conversationId) ?? [];
    const ends = changes.filter(
      (change) => ENDS.has(change.call.name) && (this.accountOfChange(change) ?? account) === account && change.at < to,
    );
    return changes.some((add) => {
      const isDone = this.puts(add, account) && add.answer?.ok === true && add.answeredAt! < from;
      return isDone && ends.every((end) => end.answeredAt !== undefined && end.answeredAt < add.since);
    });
  }

  /** Put out before, and nobody may have put them in since. */
  private isCertainlyOut(conversationId: string, account: string, from: number): boolean {
    const changes = this.changes.get(conversationId) ?? [];
    const adds = changes.filter((change) => change.call.name === 'addMember' && this.accountOfChange(change) === account);
    return changes.some((end) => {
      const isDone =
        ENDS.has(end.call.name) && this.accountOfChange(end) === account && end.answer?.ok === true && end.answeredAt! < from;
      return isDone && adds.every((add) => add.answeredAt !== undefined && add.answeredAt < end.since);
    });
  }
}

function push<Key, Value>(map: Map<Key, Value[]>, key: Key, value: Value): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
