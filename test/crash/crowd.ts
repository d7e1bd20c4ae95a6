/**
 * The people of a crash programme: they sign in, talk, join, leave, read, remove, and come back after every crash to ask
 * again for what was not answered. What they were told goes into `Told`.
 */
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Device, type DeviceKey, deviceKeyOf, type Tokens } from './device.js';
import type { Dice } from './dice.js';
import { call, type Reply } from './reply.js';
import type { Sent, Told } from './told.js';

const PEOPLE = 4;
const DEVICES_MAX = 7;
const CONVERSATIONS_MAX = 8;
const IN_FLIGHT = 6;
const RESENT_OF_TEN = 8;
/** So often somebody writes where they may be no member. */
const STRAY = 0.03;
const TEXTS = ['Guten Morgen', 'добрый вечер', 'שלום', 'ሰላም', '🌙🌙', 'x'.repeat(700)];

const ACTIONS = {
  send: 60,
  repeat: 3,
  read: 6,
  received: 4,
  remove: 4,
  hello: 2,
  direct: 3,
  group: 2,
  leave: 1,
  join: 2,
  empty: 3,
  ticket: 2,
  refresh: 2,
  rename: 1,
  another: 1,
  revoke: 0.5,
};

/** A verification that was opened and whose completion was not answered. */
interface SigningIn {
  readonly number: string;
  readonly key: DeviceKey;
  readonly verificationId: string;
  readonly code: string;
}

export class Crowd {
  readonly devices: Device[] = [];
  private url = '';
  private isUp = false;
  private unfinished: SigningIn[] = [];
  private nextNumber = 0;
  private newPeople = 0;
  /** Who is in which conversation, as far as the answers that came tell. */
  private readonly members = new Map<string, Set<string>>();

  constructor(
    private readonly folder: string,
    private readonly dice: Dice,
    private readonly told: Told,
  ) {}

  /** Everybody is back, has caught up and has asked again for most of what was not answered. */
  async comeBack(url: string): Promise<void> {
    this.url = url;
    this.isUp = true;
    for (const one of this.unfinished.splice(0)) await this.complete(one);
    for (const device of this.devices) {
      device.at(url);
      if (device.isRefreshOpen) this.expectOkOf(device, 'A refresh that is shown again', await device.refresh());
    }
    await Promise.all(this.devices.map((device) => device.connect(url)));
    const open = [...this.told.messages.values()].filter(({ ack, refused }) => ack === undefined && refused === undefined);
    await Promise.all(open.filter(() => this.dice.below(10) < RESENT_OF_TEN).map((sent) => this.send(sent)));
  }

  /** Everybody does something until the server is gone or the promise that is given has come true. */
  async live(until: Promise<unknown>): Promise<void> {
    let isOver = false;
    void until.then(() => {
      isOver = true;
    });
    const isLiving = (): boolean => !isOver && this.isUp;
    while (isLiving() && this.newPeople < PEOPLE) await this.signIn(this.freshNumber());
    const lanes = Array.from({ length: Math.max(this.devices.length, 1) * IN_FLIGHT }, async (_, lane) => {
      while (isLiving()) {
        const device = this.devices[lane % this.devices.length];
        if (device === undefined) break;
        await this.act(device);
      }
    });
    await Promise.all(lanes);
  }

  /** Nothing is under way any more: the server is gone. */
  gone(): void {
    this.isUp = false;
    for (const device of this.devices) device.hangUp();
  }

  private freshNumber(): string {
    this.nextNumber += 1;
    return `+1555${String(1_000_000 + this.nextNumber)}`;
  }

  private expectOk(what: string, reply: Reply): void {
    if (reply.outcome === 'cut') this.isUp = false;
    if (reply.outcome !== 'refused' || reply.isRetryable) return;
    this.told.problems.push(`${what} was refused: ${reply.status} ${reply.code}.`);
  }

  /** As `expectOk`; a device that somebody asked to revoke may be refused anything. */
  private expectOkOf(device: Device, what: string, reply: Reply): void {
    if (reply.outcome !== 'refused' || this.told.devices.get(device.tokens.deviceId)?.revoked === undefined)
      this.expectOk(what, reply);
  }

  private async signIn(number: string): Promise<void> {
    const started = await call(this.url, 'POST', '/v1/verifications', { kind: 'phone', value: number });
    this.expectOk('A verification', started);
    if (started.outcome !== 'ok') return;
    const { verificationId } = started.data;
    const code = await readFile(join(this.folder, 'data', 'dev-codes', verificationId), 'utf8').catch(() => '');
    if (code === '') return;
    const key = deviceKeyOf(generateKeyPairSync('ed25519'));
    await this.complete({ number, key, verificationId, code: code.trim() });
  }

  private async complete(signingIn: SigningIn): Promise<void> {
    const { number, key, verificationId, code } = signingIn;
    const device = { publicKey: key.publicKey, name: 'Crash' };
    const reply = await call(this.url, 'POST', `/v1/verifications/${verificationId}/complete`, { code, device });
    if (reply.outcome === 'cut') this.unfinished.push(signingIn);
    this.expectOk('Signing in', reply);
    if (reply.outcome !== 'ok') return;
    const tokens = reply.data as Tokens;
    const known = [...this.told.accounts].find(([, value]) => value === number)?.[0];
    if (known !== undefined && known !== tokens.accountId)
      this.told.problems.push(`${number} is ${known} and ${tokens.accountId}.`);
    if (known === undefined) this.newPeople += 1;
    this.told.accounts.set(tokens.accountId, number);
    this.told.devices.set(tokens.deviceId, { accountId: tokens.accountId });
    const added = new Device(tokens, key);
    this.devices.push(added);
    await added.connect(this.url);
  }

  private async act(device: Device): Promise<void> {
    const action = this.dice.weighted(ACTIONS);
    if (!device.isOnline && !(await device.connect(this.url))) {
      await this.foundDown(device);
      return;
    }
    if (action === 'send') await this.sendNew(device);
    else await this.actRarely(device, action);
  }

  /** A socket that does not open: the server is gone, or the device was revoked. */
  private async foundDown(device: Device): Promise<void> {
    const reply = await device.rest('GET', '/v1/me');
    if (reply.outcome === 'cut') this.isUp = false;
    if (reply.outcome !== 'refused' || reply.isRetryable) return;
    const { revoked } = this.told.devices.get(device.tokens.deviceId) ?? {};
    if (revoked === undefined) this.told.problems.push(`Device ${device.tokens.deviceId} is refused: ${reply.code}.`);
    const at = this.devices.indexOf(device);
    if (at >= 0) this.devices.splice(at, 1);
  }

  private async actRarely(device: Device, action: keyof typeof ACTIONS): Promise<void> {
    const { accountId, deviceId } = device.tokens;
    const mine = (): Sent | undefined =>
      this.dice.pick([...this.told.messages.values()].filter((sent) => sent.accountId === accountId && sent.ack !== undefined));
    const group = this.dice.pick([...this.told.conversations].filter(([, title]) => title !== undefined).map(([id]) => id));
    const other = this.dice.pick([...this.told.accounts.keys()].filter((id) => id !== accountId));
    if (action === 'repeat') await this.repeat(mine());
    if (action === 'read') await this.read(device, mine());
    if (action === 'received' && device.cursor !== undefined) {
      this.expectOkOf(device, 'A receipt', await device.command('received', { cursor: device.cursor }));
    }
    if (action === 'remove') await this.remove(device, mine());
    if (action === 'hello') device.hangUp();
    if (action === 'direct' && other !== undefined) await this.direct(device, other);
    if (action === 'group' && this.told.conversations.size < CONVERSATIONS_MAX) await this.group(device, 'everybody');
    if (action === 'empty') await this.group(device, 'nobody');
    if (action === 'leave' && group !== undefined) await this.leave(device, group);
    if (action === 'join' && group !== undefined && other !== undefined) await this.join(device, group, other);
    if (action === 'ticket') await this.ticket(device);
    if (action === 'refresh' && !device.isRefreshOpen) await this.refresh(device);
    if (action === 'rename') {
      this.expectOkOf(
        device,
        'A name',
        await device.rest('PUT', `/v1/me/devices/${deviceId}/name`, { name: `Crash ${this.dice.below(100)}` }),
      );
    }
    if (action === 'another' && this.devices.length < DEVICES_MAX) await this.signIn(this.told.accounts.get(accountId)!);
    if (action === 'revoke') await this.revoke(device);
  }

  private async sendNew(device: Device): Promise<void> {
    const { accountId } = device.tokens;
    const all = [...this.told.conversations.keys()];
    const own = all.filter((id) => this.members.get(id)?.has(accountId));
    const conversationId = this.dice.pick(this.dice.chance(STRAY) ? all : own);
    if (conversationId === undefined) return this.direct(device, this.dice.pick([...this.told.accounts.keys()])!);
    const messageId = randomUUID();
    const text = `${this.told.messages.size} ${this.dice.pick(TEXTS)}`;
    const sent: Sent = { conversationId, messageId, accountId, text, tries: 0 };
    this.told.messages.set(messageId, sent);
    await this.send(sent, device);
  }

  /** From any device of its author. */
  private async send(sent: Sent, from?: Device): Promise<void> {
    const device = from ?? this.dice.pick(this.devices.filter(({ tokens }) => tokens.accountId === sent.accountId));
    if (device === undefined) return;
    sent.tries += 1;
    const { conversationId, messageId, text } = sent;
    const reply = await device.command('send-message', { conversationId, messageId, content: { type: 'text', text } });
    if (reply.outcome === 'ok') this.told.acked(sent, reply.data);
    if (reply.outcome === 'refused' && !reply.isRetryable) {
      sent.refused = reply.code;
      if (sent.ack !== undefined && !this.told.removals.has(messageId)) {
        this.told.problems.push(`${messageId} was acked, and then refused as ${reply.code}.`);
      }
    }
  }

  private async repeat(sent: Sent | undefined): Promise<void> {
    if (sent !== undefined) await this.send(sent);
  }

  private async read(device: Device, sent: Sent | undefined): Promise<void> {
    if (sent?.ack === undefined) return;
    const { conversationId } = sent;
    const { seq } = sent.ack;
    const reply = await device.command('mark-read', { conversationId, seq });
    if (reply.outcome === 'ok') this.told.readUpTo(conversationId, device.tokens.accountId, seq);
  }

  private async remove(device: Device, sent: Sent | undefined): Promise<void> {
    if (sent === undefined || this.dice.chance(0.5)) return;
    const { conversationId, messageId } = sent;
    if (!this.told.removals.has(messageId)) this.told.removals.set(messageId, 'asked');
    const reply = await device.command('remove-message', { conversationId, messageId });
    if (reply.outcome === 'ok') this.told.removals.set(messageId, 'told');
  }

  private async direct(device: Device, accountId: string): Promise<void> {
    if (accountId === device.tokens.accountId) return;
    const reply = await device.rest('POST', '/v1/direct-conversations', { accountId });
    this.expectOkOf(device, 'A direct conversation', reply);
    if (reply.outcome !== 'ok') return;
    this.told.conversations.set(reply.data.conversationId, undefined);
    this.members.set(reply.data.conversationId, new Set([accountId, device.tokens.accountId]));
  }

  private async group(device: Device, who: 'everybody' | 'nobody'): Promise<void> {
    const others = [...this.told.accounts.keys()].filter((id) => id !== device.tokens.accountId);
    const conversationId = randomUUID();
    const title = `Group ${conversationId.slice(0, 8)}`;
    const body = { conversationId, title, accountIds: who === 'everybody' ? others : [] };
    const reply = await device.rest('POST', '/v1/group-conversations', body);
    this.expectOkOf(device, 'A group', reply);
    if (reply.outcome !== 'ok') return;
    this.members.set(conversationId, new Set([device.tokens.accountId, ...body.accountIds]));
    if (who === 'everybody') this.told.conversations.set(conversationId, title);
    else await this.leave(device, conversationId);
  }

  private async leave(device: Device, conversationId: string): Promise<void> {
    this.told.emptied.add(conversationId);
    const reply = await device.rest('POST', `/v1/conversations/${conversationId}/leave`);
    this.members.get(conversationId)?.delete(device.tokens.accountId);
    if (reply.outcome !== 'ok') return;
    this.told.memberships.push({ conversationId, accountId: device.tokens.accountId, change: 'left' });
  }

  private async join(device: Device, conversationId: string, accountId: string): Promise<void> {
    const reply = await device.rest('POST', `/v1/conversations/${conversationId}/members`, { accountId });
    if (reply.outcome !== 'ok') return;
    this.told.memberships.push({ conversationId, accountId, change: 'added' });
    this.members.get(conversationId)?.add(accountId);
  }

  private async ticket(device: Device): Promise<void> {
    const reply = await device.rest('POST', '/v1/socket-tickets');
    if (reply.outcome !== 'ok') return;
    const { accountId, deviceId } = device.tokens;
    this.told.tickets.push({ ticket: reply.data.ticket, accountId, deviceId, toldAtMs: Date.now() });
  }

  private async refresh(device: Device): Promise<void> {
    device.isRefreshOpen = true;
    const reply = await device.refresh();
    this.expectOkOf(device, 'A refresh', reply);
  }

  /** Another device of the same person, never the last one. */
  private async revoke(device: Device): Promise<void> {
    const { accountId, deviceId } = device.tokens;
    const other = this.devices.find(({ tokens }) => tokens.accountId === accountId && tokens.deviceId !== deviceId);
    if (other === undefined) return;
    const toldOf = this.told.devices.get(other.tokens.deviceId)!;
    toldOf.revoked ??= 'asked';
    const reply = await device.rest('DELETE', `/v1/me/devices/${other.tokens.deviceId}`);
    if (reply.outcome === 'ok') toldOf.revoked = 'told';
    else if (reply.outcome === 'cut') return;
    const at = this.devices.indexOf(other);
    if (at >= 0) this.devices.splice(at, 1);
    other.hangUp();
  }
}
