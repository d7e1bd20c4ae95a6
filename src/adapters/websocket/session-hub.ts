/**
 * Which sockets of this process are to see what: by device, by person's handle, and by member in each conversation.
 * Nothing here opens a sealed value or knows an account of anyone who is not connected.
 */
import type { AccountId, ConversationId, DeviceId, Handle, MemberId } from '../../domain/kernel/ids.js';
import type { LiveFact } from './live-fact.js';
import type { SocketSession } from './session.js';
import { SocketCounts } from './socket-counts.js';

export interface Membership {
  readonly conversationId: ConversationId;
  readonly memberId: MemberId;
  /** Facts of the conversation before this one are not its member's to see; none when it was told the joining itself. */
  readonly fromRevision?: number;
}

interface Known {
  readonly handle: Handle;
  readonly memberships: Map<ConversationId, MemberId>;
  readonly fromRevisions: Map<ConversationId, number>;
}

export class SessionHub {
  readonly counts = new SocketCounts();
  private readonly byDevice = new Map<DeviceId, SocketSession>();
  private readonly byAccount = new Map<AccountId, Set<SocketSession>>();
  private readonly byHandle = new Map<Handle, Set<SocketSession>>();
  private readonly byConversation = new Map<ConversationId, Map<MemberId, Set<SocketSession>>>();
  /** The highest revision from which on somebody may see facts: most facts are later, and nobody is asked about. */
  private readonly latestFrom = new Map<ConversationId, number>();
  private readonly known = new Map<SocketSession, Known>();

  /** Makes this the device's one socket; the older one is given back, to be told. */
  register(session: SocketSession): SocketSession | undefined {
    const older = this.byDevice.get(session.principal.deviceId);
    this.byDevice.set(session.principal.deviceId, session);
    return older === session ? undefined : older;
  }

  ofDevice(deviceId: DeviceId): SocketSession | undefined {
    return this.byDevice.get(deviceId);
  }

  all(): Iterable<SocketSession> {
    return this.byDevice.values();
  }

  get size(): number {
    return this.byDevice.size;
  }

  identify(session: SocketSession, handle: Handle): void {
    this.known.set(session, { handle, memberships: new Map(), fromRevisions: new Map() });
    const sessions = this.byHandle.get(handle) ?? new Set();
    this.byHandle.set(handle, sessions.add(session));
    const { accountId } = session.principal;
    this.byAccount.set(accountId, (this.byAccount.get(accountId) ?? new Set()).add(session));
  }

  join(session: SocketSession, { conversationId, memberId, fromRevision = 0 }: Membership): void {
    const known = this.known.get(session);
    if (known === undefined) return;
    known.memberships.set(conversationId, memberId);
    known.fromRevisions.set(conversationId, fromRevision);
    const latest = this.latestFrom.get(conversationId) ?? 0;
    if (fromRevision > latest) this.latestFrom.set(conversationId, fromRevision);
    const members = this.byConversation.get(conversationId) ?? new Map<MemberId, Set<SocketSession>>();
    this.byConversation.set(conversationId, members);
    const sessions = members.get(memberId) ?? new Set();
    members.set(memberId, sessions.add(session));
  }

  ofHandle(handle: Handle): Iterable<SocketSession> {
    return [...(this.byHandle.get(handle) ?? [])];
  }

  joinHandle(handle: Handle, membership: Membership): void {
    for (const session of this.byHandle.get(handle) ?? []) this.join(session, membership);
  }

  /** The member has left: nothing after this reaches its sockets. */
  leave({ conversationId, memberId }: Membership): void {
    const members = this.byConversation.get(conversationId);
    for (const session of members?.get(memberId) ?? []) this.known.get(session)?.memberships.delete(conversationId);
    members?.delete(memberId);
    if (members?.size === 0) this.dropConversation(conversationId);
  }

  isOnline(handle: Handle): boolean {
    return this.byHandle.has(handle);
  }

  hasReaders(conversationId: ConversationId): boolean {
    return this.byConversation.has(conversationId);
  }

  /** With a revision only to those who may see that place: a membership may be known before the facts that lead to it. */
  toConversation(conversationId: ConversationId, fact: LiveFact, revision = Number.POSITIVE_INFINITY): void {
    const isEarly = revision < (this.latestFrom.get(conversationId) ?? 0);
    const isHidden = (session: SocketSession): boolean =>
      revision < (this.known.get(session)?.fromRevisions.get(conversationId) ?? 0);
    for (const sessions of this.byConversation.get(conversationId)?.values() ?? []) {
      for (const session of sessions) if (!isEarly || !isHidden(session)) session.deliver(fact);
    }
  }

  hasDevicesOf(accountId: AccountId): boolean {
    return this.byAccount.has(accountId);
  }

  toAccount(accountId: AccountId, fact: LiveFact): void {
    for (const session of this.byAccount.get(accountId) ?? []) session.deliver(fact);
  }

  membershipsOf(session: SocketSession): ReadonlyMap<ConversationId, MemberId> {
    return this.known.get(session)?.memberships ?? new Map();
  }

  remove(session: SocketSession): void {
    if (this.byDevice.get(session.principal.deviceId) === session) this.byDevice.delete(session.principal.deviceId);
    this.forget(session);
  }

  /** As `remove`, but the socket stays the device's one: it is about to be identified anew. */
  forget(session: SocketSession): void {
    const known = this.known.get(session);
    if (known === undefined) return;
    this.known.delete(session);
    takeOut(this.byHandle, known.handle, session);
    takeOut(this.byAccount, session.principal.accountId, session);
    for (const [conversationId, memberId] of known.memberships) {
      const members = this.byConversation.get(conversationId);
      if (members === undefined) continue;
      takeOut(members, memberId, session);
      if (members.size === 0) this.dropConversation(conversationId);
    }
  }

  private dropConversation(conversationId: ConversationId): void {
    this.byConversation.delete(conversationId);
    this.latestFrom.delete(conversationId);
  }
}

function takeOut<Key>(index: Map<Key, Set<SocketSession>>, key: Key, session: SocketSession): void {
  const sessions = index.get(key);
  sessions?.delete(session);
  if (sessions?.size === 0) index.delete(key);
}
