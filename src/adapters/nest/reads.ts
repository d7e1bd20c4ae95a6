/**
 * What both doors read: a query for whoever asks, opened, in the shape of the public resource. What is hidden from the
 * asker does not exist; page tokens are sealed for the asker and the question that they belong to.
 */
import type { Clock } from '../../application/ports/clock.js';
import type { Principal } from '../../application/ports/credentials.js';
import type { SubjectKeys } from '../../application/ports/subject-keys.js';
import type { ConversationId, DeviceId, Handle, MemberId, MessageId } from '../../domain/kernel/ids.js';
import { limits } from '../../domain/kernel/limits.js';
import { isErased } from '../../domain/kernel/personal.js';
import { accountOf } from '../../projections/accounts.js';
import type { Conversation, ConversationMember } from '../../projections/conversation.js';
import { conversationOf, memberOf } from '../../projections/conversation.js';
import { conversationFor, conversationsOf } from '../../projections/conversation-list.js';
import { devicesOf } from '../../projections/devices.js';
import type { Opened } from '../../projections/kernel/opening.js';
import { opened } from '../../projections/kernel/opening.js';
import type { Views } from '../../projections/kernel/views.js';
import { membersFor } from '../../projections/members-for.js';
import type { Message } from '../../projections/message.js';
import { messageOf } from '../../projections/message.js';
import type { MessagesQuery } from '../../projections/messages-for.js';
import { messageFor, messagesFor } from '../../projections/messages-for.js';
import type { MemberMarks } from '../../projections/receipts.js';
import { receiptsFor } from '../../projections/receipts.js';
import { ProblemError } from './problems.js';
import type { SealedTokens } from './sealed-tokens.js';

export interface Page {
  readonly limit?: number;
  readonly pageToken?: string;
}

export interface MessagesPage extends Page {
  readonly fromSeq?: number;
  readonly toSeq?: number;
  readonly aroundSeq?: number;
}

interface ReadDeps {
  readonly views: Views;
  readonly keys: Pick<SubjectKeys, 'name' | 'open'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly tokens: SealedTokens;
}

export class Reads {
  constructor(private readonly deps: ReadDeps) {}

  /** Under which the read side knows a person. */
  async handleOf({ accountId }: Principal): Promise<Handle> {
    const [handle] = await this.deps.keys.name([{ subject: accountId, purpose: 'handle', context: accountId }]);
    if (handle === undefined || isErased(handle)) throw new ProblemError('account-erased');
    return handle as Handle;
  }

  open<Value>(value: Value): Promise<Opened<Value>> {
    return opened(value, (sealed) => this.deps.keys.open(sealed));
  }

  async me({ accountId }: Principal) {
    const found = await accountOf(this.deps.views, accountId, accountId);
    if (found === 'hidden') throw new ProblemError('view-behind');
    return this.open(found);
  }

  async devices({ accountId, deviceId }: Principal) {
    const found = await this.open(await devicesOf(this.deps.views, accountId));
    return found.map(({ deviceId: id, name, keyAlgorithm, linkedAt, revokedAt, version }) => ({
      ...{ deviceId: id, name, keyAlgorithm, linkedAt, version, isThisDevice: id === deviceId },
      ...(revokedAt === undefined ? {} : { revokedAt }),
    }));
  }

  async device(me: Principal, deviceId: DeviceId) {
    const found = (await this.devices(me)).find((device) => device.deviceId === deviceId);
    if (found === undefined) throw new ProblemError('device-not-found');
    return found;
  }

  async conversations(me: Principal, { limit = limits.pageDefault, pageToken }: Page) {
    const owner = `${me.accountId} conversations`;
    const before = this.pageOf<number>(owner, pageToken);
    const page = { limit, ...(before === undefined ? {} : { before }) };
    const { items, next } = await conversationsOf(this.deps.views, await this.handleOf(me), page);
    const shown: Conversation[] = (await this.open(items)).map(conversationOf);
    return { items: shown, ...this.token('nextPageToken', owner, next) };
  }

  async conversation(me: Principal, conversationId: ConversationId): Promise<Conversation> {
    const found = await conversationFor(this.deps.views, await this.handleOf(me), conversationId);
    if (found === 'hidden') throw new ProblemError('conversation-not-found');
    return conversationOf(await this.open(found));
  }

  async members(me: Principal, conversationId: ConversationId, { limit = limits.pageDefault, pageToken }: Page) {
    const owner = `${me.accountId} members ${conversationId}`;
    const after = this.pageOf<MemberId>(owner, pageToken);
    const page = { limit, ...(after === undefined ? {} : { after }) };
    const found = await membersFor(this.deps.views, await this.handleOf(me), conversationId, page);
    const { items, membersVersion, next } = seen(found);
    const shown: ConversationMember[] = (await this.open(items)).map(memberOf);
    return { items: shown, membersVersion, ...this.token('nextPageToken', owner, next) };
  }

  async messages(me: Principal, conversationId: ConversationId, asked: MessagesPage) {
    const { limit = limits.pageDefault, pageToken, ...range } = asked;
    const owner = `${me.accountId} messages ${conversationId}`;
    const from = this.pageOf<Omit<MessagesQuery, 'limit'>>(owner, pageToken) ?? range;
    const found = await messagesFor(this.deps.views, await this.handleOf(me), conversationId, { ...from, limit });
    if (found === 'hidden') throw new ProblemError('conversation-not-found');
    const now = this.deps.clock.now();
    const items: Message[] = (await this.open(found.items)).map((item) => messageOf(item, now));
    // The bounds that were asked for stay in force from page to page.
    const { fromSeq, toSeq } = from;
    const bounds = { ...(fromSeq === undefined ? {} : { fromSeq }), ...(toSeq === undefined ? {} : { toSeq }) };
    const older = found.older === undefined ? undefined : { ...bounds, olderThan: found.older };
    const newer = found.newer === undefined ? undefined : { ...bounds, newerThan: found.newer };
    return { items, ...this.token('previousPageToken', owner, older), ...this.token('nextPageToken', owner, newer) };
  }

  async message(me: Principal, conversationId: ConversationId, messageId: MessageId): Promise<Message> {
    const found = await messageFor(this.deps.views, await this.handleOf(me), conversationId, messageId);
    if (found === 'hidden') throw new ProblemError('message-not-found');
    return messageOf(await this.open(found), this.deps.clock.now());
  }

  async receipts(me: Principal, conversationId: ConversationId): Promise<readonly MemberMarks[]> {
    return seen(await receiptsFor(this.deps.views, await this.handleOf(me), conversationId));
  }

  private pageOf<Value>(owner: string, token: string | undefined): Value | undefined {
    if (token === undefined) return undefined;
    const value = this.deps.tokens.open('page', owner, token);
    if (value === undefined) throw new ProblemError('invalid-cursor');
    return value as Value;
  }

  private token<Name extends string>(name: Name, owner: string, value: unknown): { readonly [N in Name]?: string } {
    if (value === undefined) return {};
    return { [name]: this.deps.tokens.seal('page', owner, value) } as { readonly [N in Name]: string };
  }
}

/** A conversation that one never was in does not exist; one that one has left is closed. */
function seen<Found>(found: Found | 'hidden' | 'ended'): Exclude<Found, string> {
  if (found === 'hidden') throw new ProblemError('conversation-not-found');
  if (found === 'ended') throw new ProblemError('not-a-member');
  return found as Exclude<Found, string>;
}
