/**
 * A life of a store without doors: people whose commands go straight to the use cases, several at once, and who write
 * down what they ask for and what they are told. The same seed makes the same choices.
 */
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { reactions, runReaction } from '../../src/application/reactions.js';
import { type Run, type UseCaseName, useCases } from '../../src/application/use-cases.js';
import type { Foundation } from '../../src/compose.js';
import type { AccountId, ConversationId, CorrelationId, DeviceId, MemberId, MessageId } from '../../src/domain/kernel/ids.js';
import { instant } from '../../src/domain/kernel/instant.js';
import { type DeviceKey, deviceKeyOf } from './device.js';
import type { Dice } from './dice.js';
import { followViews } from './keep-views.js';
import { type Entry, type Sent, Told } from './told.js';

interface Someone {
  readonly accountId: AccountId;
  readonly deviceId: DeviceId;
  readonly number: string;
  readonly key: DeviceKey;
}

const PEOPLE = 3;
const AT_ONCE_MAX = 5;
const ACTIONS = { send: 60, read: 8, remove: 6, group: 2, empty: 4, ticket: 3, refresh: 3, device: 2, leave: 1, join: 2 };

export class History {
  private readonly people: Someone[] = [];
  private readonly told = new Told();
  private foundation!: Foundation;
  private ending = new AbortController();
  private running: Promise<unknown>[] = [];

  constructor(
    private readonly folder: string,
    private readonly dice: Dice,
    private readonly tell: (entry: Entry) => void,
  ) {}

  /** From here on it goes on in these stores, with the reactions and the views that a server has. */
  open(foundation: Foundation): void {
    this.foundation = foundation;
    this.ending = new AbortController();
    const { signal } = this.ending;
    this.running = Object.keys(reactions).map((name) => runReaction(foundation.deps, name, signal));
    this.running.push(followViews(foundation, signal));
  }

  async close(): Promise<void> {
    this.ending.abort();
    await Promise.all(this.running);
    await this.foundation.close();
  }

  async live(rounds: number): Promise<void> {
    while (this.people.length < PEOPLE) await this.signIn(`+1555${1_000_000 + this.people.length}`);
    if (this.told.conversations.size === 0) {
      await this.direct(this.people[0]!, this.people[1]!);
      await this.group(this.people[0]!);
    }
    for (let round = 0; round < rounds; round += 1) {
      const acts = Array.from({ length: this.dice.between(1, AT_ONCE_MAX) }, () => this.act(this.dice.pick(this.people)!));
      await Promise.all(acts);
    }
  }

  private say(entry: Entry): void {
    this.told.take(entry);
    this.tell(entry);
  }

  private async run<Name extends UseCaseName>(name: Name, input: Parameters<Run<Name>>[0], me?: Someone) {
    const principal = me && { accountId: me.accountId, deviceId: me.deviceId };
    const context = { correlationId: randomUUID() as CorrelationId, address: '127.0.0.1', ...(principal && { principal }) };
    const make = useCases[name] as unknown as (deps: Foundation['deps']) => (input: unknown, context: unknown) => unknown;
    const outcome = (await make(this.foundation.deps)(input, context)) as Awaited<ReturnType<Run<Name>>>;
    return outcome.ok ? (outcome as Extract<typeof outcome, { readonly ok: true }>).value : undefined;
  }

  private async signIn(number: string): Promise<void> {
    const identifier = { kind: 'phone', value: number } as const;
    const started = await this.run('startVerification', { identifier });
    if (started === undefined) throw new Error('A verification was refused.');
    const { verificationId } = started as { verificationId: string };
    const code = (await readFile(join(this.folder, 'data', 'dev-codes', verificationId), 'utf8')).trim();
    const key = deviceKeyOf(generateKeyPairSync('ed25519'));
    const input = { verificationId: verificationId as never, code, device: { publicKey: key.publicKey, name: 'Crash' } };
    const signedIn = await this.run('completeVerification', input);
    if (signedIn === undefined) throw new Error('Signing in was refused.');
    const { accountId, deviceId, refreshToken } = signedIn as Someone & { refreshToken: string };
    this.people.push({ accountId, deviceId, number, key });
    this.say({ kind: 'account', accountId, number });
    this.say({ kind: 'device', deviceId, accountId });
    this.say({ kind: 'refresh', deviceId, refreshToken });
  }

  private async act(me: Someone): Promise<void> {
    const action = this.dice.weighted(ACTIONS);
    const mine = this.dice.pick([...this.told.messages.values()].filter((sent) => sent.accountId === me.accountId && sent.ack));
    const groups = [...this.told.conversations].flatMap(([id, title]) => (title === undefined ? [] : [id as ConversationId]));
    const group = this.dice.pick(groups);
    if (action === 'send') await this.send(me);
    if (action === 'read' && mine !== undefined) await this.read(me, mine);
    if (action === 'remove' && mine !== undefined) await this.remove(me, mine);
    if (action === 'group') await this.group(me);
    if (action === 'empty') await this.empty(me);
    if (action === 'ticket') await this.ticket(me);
    if (action === 'refresh') await this.refresh(me);
    if (action === 'device') await this.device(me);
    if (action === 'leave' && group !== undefined) await this.leave(me, group);
    if (action === 'join' && group !== undefined) await this.join(me, group, this.dice.pick(this.people)!);
  }

  private async send(me: Someone): Promise<void> {
    const conversationId = this.dice.pick([...this.told.conversations.keys()]) as ConversationId;
    const messageId = randomUUID() as MessageId;
    const text = `${this.told.messages.size} ${'x'.repeat(this.dice.below(400))}`;
    this.say({ kind: 'sending', sent: { conversationId, messageId, accountId: me.accountId, text, tries: 1 } });
    const sent = await this.run('sendMessage', { conversationId, messageId, body: { content: { type: 'text', text } } }, me);
    if (sent === undefined) return;
    const { seq, revision, postedAt } = sent as { seq: number; revision: number; postedAt: number };
    this.say({ kind: 'ack', ack: { messageId, seq, postedAt: new Date(postedAt).toISOString(), revision } });
  }

  private async read({ accountId, ...me }: Someone, { conversationId, ack }: Sent): Promise<void> {
    const input = { conversationId: conversationId as ConversationId, seq: ack!.seq };
    const isDone = await this.run('markRead', input, { accountId, ...me });
    if (isDone !== undefined) this.say({ kind: 'read', conversationId, accountId, seq: input.seq });
  }

  private async remove(me: Someone, sent: Sent): Promise<void> {
    const messageId = sent.messageId as MessageId;
    if (!this.told.removals.has(messageId)) this.say({ kind: 'removal', messageId, certainty: 'asked' });
    const removed = await this.run('removeMessage', { conversationId: sent.conversationId as ConversationId, messageId }, me);
    if (removed !== undefined) this.say({ kind: 'removal', messageId, certainty: 'told' });
  }

  private async direct(me: Someone, other: Someone): Promise<void> {
    const created = (await this.run('createDirect', { accountId: other.accountId }, me)) as
      | { conversationId: string }
      | undefined;
    if (created !== undefined) this.say({ kind: 'conversation', conversationId: created.conversationId });
  }

  private async group(me: Someone): Promise<void> {
    const accountIds = this.people.map(({ accountId }) => accountId).filter((id) => id !== me.accountId);
    const input = { conversationId: randomUUID() as ConversationId, title: `Group ${this.told.conversations.size}` };
    const created = await this.run('createGroup', { ...input, accountIds: [...new Set(accountIds)] }, me);
    if (created !== undefined) this.say({ kind: 'conversation', ...input });
  }

  /** A group of one, left at once: its keys are destroyed. */
  private async empty(me: Someone): Promise<void> {
    const conversationId = randomUUID() as ConversationId;
    if ((await this.run('createGroup', { conversationId, title: 'Alone', accountIds: [] }, me)) === undefined) return;
    await this.leave(me, conversationId);
  }

  private async leave(me: Someone, conversationId: ConversationId): Promise<void> {
    this.say({ kind: 'emptied', conversationId });
    const left = await this.run('leaveConversation', { conversationId }, me);
    if (left !== undefined) this.say({ kind: 'membership', conversationId, accountId: me.accountId, change: 'left' });
  }

  private async join(me: Someone, conversationId: ConversationId, { accountId }: Someone): Promise<void> {
    const added = (await this.run('addMember', { conversationId, accountId }, me)) as { memberId: MemberId } | undefined;
    if (added !== undefined) this.say({ kind: 'membership', conversationId, accountId, change: 'added' });
  }

  private async ticket(me: Someone): Promise<void> {
    const { accountId, deviceId } = me;
    const issued = (await this.run('issueSocketTicket', {}, me)) as { ticket: string } | undefined;
    if (issued === undefined) return;
    this.say({ kind: 'ticket', ticket: { ticket: issued.ticket, accountId, deviceId, toldAtMs: Date.now() } });
  }

  private async refresh({ deviceId, key }: Someone): Promise<void> {
    const refreshToken = this.told.refreshTokens.get(deviceId)!;
    const signedAt = instant(Date.now());
    const signature = key.sign(`sottovoce-refresh-v1\n${deviceId}\n${signedAt}\n${refreshToken}`);
    const input = { deviceId, refreshToken, signature, signedAt };
    const refreshed = (await this.run('refreshSession', input)) as { refreshToken: string } | undefined;
    if (refreshed !== undefined) this.say({ kind: 'refresh', deviceId, refreshToken: refreshed.refreshToken });
  }

  /** Another device of the same person, revoked at once. */
  private async device(me: Someone): Promise<void> {
    await this.signIn(me.number);
    const { deviceId } = this.people.pop()!;
    this.say({ kind: 'revocation', deviceId, certainty: 'asked' });
    const revoked = await this.run('revokeDevice', { deviceId }, me);
    if (revoked !== undefined) this.say({ kind: 'revocation', deviceId, certainty: 'told' });
  }
}
