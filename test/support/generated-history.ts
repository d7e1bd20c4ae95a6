/**
 * Histories as they can come to be: every event is what a real decider decided, in streams with dense revisions, at
 * positions with gaps. What a store may have lost since is named beside them: removed streams, destroyed keys.
 */
import fc from 'fast-check';
import { account } from '../../src/domain/account/account.js';
import { type Conversation, conversation, type Person } from '../../src/domain/conversation/conversation.js';
import type { ConversationEvent } from '../../src/domain/conversation/events.js';
import { device } from '../../src/domain/device/device.js';
import type { Decider, DomainEvent } from '../../src/domain/kernel/decider.js';
import { fold } from '../../src/domain/kernel/decider.js';
import type { Envelope } from '../../src/domain/kernel/envelope.js';
import type { AccountId, ComposeId, ConversationId, DeviceId, MemberId, MessageId } from '../../src/domain/kernel/ids.js';
import { instant } from '../../src/domain/kernel/instant.js';
import { message } from '../../src/domain/message/message.js';
import { receipts } from '../../src/domain/receipts/receipts.js';
import { memberOf, sealed } from './fake-keys.js';

export const PEOPLE = ['ada', 'bea', 'cyd', 'dot'] as readonly string[] as readonly AccountId[];
const DEVICES_EACH = 2;

const STEPS = [
  ...['profile', 'link', 'rename', 'revoke', 'direct', 'group', 'add', 'add', 'remove', 'leave', 'control'],
  ...['post', 'post', 'post', 'post', 'post', 'retried-post', 'draft', 'remove-message', 'remove-message'],
  ...['delivered', 'read', 'read', 'late-read', 'drop-message', 'drop-message', 'drop-device', 'drop-account'],
] as const;

/** What is done, by whom, to whom, in which conversation, to which message: numbers taken modulo what there is. */
export interface Step {
  readonly does: (typeof STEPS)[number];
  readonly by: number;
  readonly whom: number;
  readonly where: number;
  readonly which: number;
}

export const anySteps = (minLength: number, maxLength: number): fc.Arbitrary<readonly Step[]> =>
  fc.array(
    fc.record({ does: fc.constantFrom(...STEPS), by: fc.nat(50), whom: fc.nat(50), where: fc.nat(50), which: fc.nat(50) }),
    { minLength, maxLength },
  );

interface Posted {
  readonly messageId: MessageId;
  readonly conversationId: ConversationId;
  readonly memberId: MemberId;
  /** 0 while it is not posted. */
  readonly seq: number;
}

export class History {
  readonly log: Envelope[] = [];
  readonly removedStreams = new Set<string>();
  readonly conversations: ConversationId[] = [];
  private readonly messages: Posted[] = [];
  private readonly heads = new Map<string, number>();
  private readonly states = new Map<string, unknown>();
  private ids = 0;

  constructor(steps: readonly Step[]) {
    for (const accountId of PEOPLE) this.decide(`account-${accountId}`, accountId, account, register(accountId, this.now()));
    for (const step of steps) this.take(step);
  }

  get head(): number {
    return this.log.at(-1)?.meta.position ?? 0;
  }

  /** What a store that has removed its streams still hands out. */
  remaining(): readonly Envelope[] {
    return this.log.filter(({ type, meta }) => type === '$stream-removed' || !this.removedStreams.has(meta.stream));
  }

  private take(step: Step): void {
    const { does } = step;
    const accountId = pick(PEOPLE, step.by);
    const conversationId = this.conversations.length === 0 ? undefined : pick(this.conversations, step.where);
    if (isOneOf(does, 'profile', 'link', 'rename', 'revoke', 'drop-device', 'drop-account')) this.changeOwn(step, accountId);
    else if (isOneOf(does, 'direct', 'group') || conversationId === undefined) this.create(step, accountId);
    else if (isOneOf(does, 'remove-message', 'drop-message')) this.loseMessage(step);
    else {
      const memberId = memberOf(accountId, conversationId);
      if (isOneOf(does, 'add', 'remove', 'leave')) this.changeMembers(step, conversationId, memberId);
      else if (isOneOf(does, 'delivered', 'read', 'late-read')) this.mark(step, conversationId, memberId);
      else this.post(does, conversationId, memberId, accountId);
    }
  }

  private create({ does, whom }: Step, accountId: AccountId): void {
    const other = pick(PEOPLE, whom);
    const isDirect = does === 'direct' && other !== accountId;
    const conversationId = (isDirect ? `direct-${[accountId, other].sort().join('-')}` : this.id('group')) as ConversationId;
    const person = (one: AccountId): Person => ({ memberId: memberOf(one, conversationId), account: sealed(one, one) as never });
    const people = { conversationId, creator: person(accountId), at: this.now() };
    if (isDirect) this.converse(conversationId, { type: 'CreateDirect', ...people, other: person(other) });
    else {
      const title = sealed(conversationId, 'Title') as never;
      this.converse(conversationId, { type: 'CreateGroup', ...people, title, bodyMac: conversationId, others: [person(other)] });
    }
    if (!this.conversations.includes(conversationId)) this.conversations.push(conversationId);
  }

  private changeMembers({ does, whom }: Step, conversationId: ConversationId, memberId: MemberId): void {
    const other = pick(PEOPLE, whom);
    const [at, otherId] = [this.now(), memberOf(other, conversationId)];
    const person = { memberId: otherId, account: sealed(other, other) as never };
    if (does === 'add') this.converse(conversationId, { type: 'AddMember', by: memberId, person, at });
    else if (does === 'leave') this.converse(conversationId, { type: 'Leave', memberId, at });
    else this.converse(conversationId, { type: 'RemoveMember', by: memberId, memberId: otherId, at });
  }

  private post(does: Step['does'], conversationId: ConversationId, memberId: MemberId, accountId: AccountId): void {
    const messageId = this.id('message') as MessageId;
    let composeId = this.id('compose') as ComposeId;
    const compose = () => {
      const body = sealed(accountId, {
        content: { type: 'text', text: `${composeId} says ${messageId}` },
        deviceId: 'd',
      }) as never;
      const command = { messageId, conversationId, memberId, composeId, baseRevision: 0, bodyMac: messageId, body };
      this.decide(`message-${messageId}`, conversationId, message, { type: 'Compose', ...command });
    };
    compose();
    if (does === 'retried-post') {
      composeId = this.id('compose') as ComposeId;
      compose();
    }
    const sent = { messageId, memberId, composeId, class: does === 'control' ? 'control' : 'post', at: this.now() } as const;
    const facts = does === 'draft' ? [] : this.converse(conversationId, { type: 'PostMessage', ...sent });
    const posted = facts.find((event) => event.type === 'MessagePosted');
    this.messages.push({ messageId, conversationId, memberId, seq: posted?.data.seq ?? 0 });
  }

  private loseMessage({ does, by, which }: Step): void {
    const lost = this.messages.length === 0 ? undefined : pick(this.messages, which);
    if (lost === undefined) return;
    if (does === 'drop-message') this.drop(`message-${lost.messageId}`, lost.conversationId);
    else if (lost.seq > 0) {
      const remover = memberOf(pick(PEOPLE, by), lost.conversationId);
      for (const id of new Set([remover, lost.memberId])) {
        this.converse(lost.conversationId, { type: 'RemoveMessage', by: id, posted: lost, at: this.now() });
      }
    }
  }

  /** A late mark was decided on a state that is a moment old: its member has gone meanwhile. */
  private mark({ does, which }: Step, conversationId: ConversationId, memberId: MemberId): void {
    const state = this.states.get(`conversation-${conversationId}`) as Conversation;
    if (state.status === 'absent' || state.members.has(memberId) === (does === 'late-read')) return;
    const seq = 1 + (which % Math.max(1, state.seq));
    const type = does === 'delivered' ? 'MarkDelivered' : 'MarkRead';
    this.decide(`receipts-${memberId}`, conversationId, receipts, { type, conversationId, memberId, seq, at: this.now() });
  }

  private changeOwn({ does, which }: Step, accountId: AccountId): void {
    const [stream, at] = [`account-${accountId}`, this.now()];
    const deviceId = `${accountId}-device-${which % DEVICES_EACH}` as DeviceId;
    const name = sealed(accountId, `Name ${this.ids}`) as never;
    if (this.removedStreams.has(stream)) return;
    if (does === 'profile') this.decide(stream, accountId, account, { type: 'ChangeProfile', accountId, displayName: name, at });
    if (does === 'drop-account') this.drop(stream, accountId);
    if (this.removedStreams.has(`device-${deviceId}`)) return;
    const about = { deviceId, accountId, at };
    const key = { keyAlgorithm: 'ES256', publicKey: sealed(accountId, 'key') as never } as const;
    const decide = (command: Parameters<typeof device.decide>[0]) =>
      this.decide(`device-${deviceId}`, accountId, device, command);
    if (does === 'link') decide({ type: 'LinkDevice', ...about, ...key, name });
    if (does === 'rename') decide({ type: 'RenameDevice', ...about, name });
    if (does === 'revoke') decide({ type: 'RevokeDevice', ...about });
    if (does === 'drop-device') this.drop(`device-${deviceId}`, accountId);
  }

  private converse(id: ConversationId, command: Parameters<typeof conversation.decide>[0]): readonly ConversationEvent[] {
    return this.decide(`conversation-${id}`, id, conversation, command);
  }

  private decide<Command, Event extends DomainEvent, State, Rejection>(
    stream: string,
    feedKey: string,
    decider: Decider<Command, Event, State, Rejection>,
    command: Command,
  ): readonly Event[] {
    const state = (this.states.get(stream) as State | undefined) ?? decider.initial;
    const decided = decider.decide(command, state);
    if (!decided.ok) return [];
    this.states.set(stream, fold(decider, state, decided.value));
    for (const event of decided.value) this.append(stream, feedKey, event);
    return decided.value;
  }

  private append(stream: string, feedKey: string, event: DomainEvent): void {
    const revision = (this.heads.get(stream) ?? -1) + 1;
    this.heads.set(stream, revision);
    const position = this.head + 1 + (this.log.length % 3);
    const meta = { id: this.id('event'), schemaVersion: 1, recordedAt: this.now(), feedKey, correlationId: 'c' } as never;
    this.log.push({ ...event, meta: { ...(meta as object), stream, revision, position } } as Envelope);
  }

  private drop(stream: string, feedKey: string): void {
    if (!this.heads.has(stream) || this.removedStreams.has(stream)) return;
    this.removedStreams.add(stream);
    this.append(stream, feedKey, { type: '$stream-removed', data: { stream } });
  }

  private id(kind: string): string {
    this.ids += 1;
    return `${kind}-${this.ids}`;
  }

  private now() {
    return instant(1_000_000 + this.log.length * 1_000);
  }
}

const register = (accountId: AccountId, at: ReturnType<typeof instant>) =>
  ({
    type: 'RegisterAccount',
    accountId,
    identifierKind: 'email',
    identifier: sealed(accountId, `${accountId}@x`) as never,
    at,
  }) as const;

const isOneOf = (does: Step['does'], ...these: readonly Step['does'][]): boolean => these.includes(does);

export const pick = <Item>(items: readonly Item[], number: number): Item => items[number % items.length]!;
