/**
 * Devices that wait for something to sync, and how they are woken: by the projector, once the views hold what happened.
 * What a device finds before it waits is in the views already, so that nothing can slip between looking and waiting.
 */
import type { Clock } from '../../application/ports/clock.js';
import type { Principal } from '../../application/ports/credentials.js';
import type { Envelope } from '../../domain/kernel/envelope.js';
import type { AccountId, ConversationId, DeviceId, Handle, MemberId } from '../../domain/kernel/ids.js';
import { known } from '../../projections/kernel/feed-events.js';

/** One device that waits. Rings that come before it listens are not lost. */
export class SyncWait {
  /** That it is to be woken for; so who leaves need not be looked for in those of everybody else. */
  readonly conversations = new Set<ConversationId>();
  private hasRung = false;
  private hasEnded = false;
  private wake: () => void = () => undefined;

  constructor(
    readonly principal: Principal,
    readonly handle: Handle,
    private readonly clock: Pick<Clock, 'wait'>,
  ) {}

  get isOver(): boolean {
    return this.hasEnded;
  }

  ring(): void {
    this.hasRung = true;
    this.wake();
  }

  /** Somebody else waits for the device now, the server stops, or the client has gone. */
  end(): void {
    this.hasEnded = true;
    this.wake();
  }

  /** Whatever rang until now is seen by the look that follows. */
  look(): void {
    this.hasRung = false;
  }

  /** Resolves when something has happened since the last look, when it is over, or after the span. */
  async something(withinMs: number): Promise<void> {
    if (this.hasRung || this.hasEnded) return;
    const woken = new AbortController();
    this.wake = () => woken.abort();
    await this.clock.wait(withinMs, woken.signal);
  }
}

export interface SyncWaitsDeps {
  readonly clock: Pick<Clock, 'wait'>;
  /** As the views have it; absent when the person's keys are destroyed. */
  readonly handleOfMember: (conversationId: ConversationId, memberId: MemberId) => Promise<Handle | undefined>;
}

export class SyncWaits {
  private readonly byDevice = new Map<DeviceId, SyncWait>();
  private readonly byAccount = new Map<AccountId, Set<SyncWait>>();
  private readonly byHandle = new Map<Handle, Set<SyncWait>>();
  private readonly byConversation = new Map<ConversationId, Set<SyncWait>>();
  private isDraining = false;

  constructor(private readonly deps: SyncWaitsDeps) {}

  get size(): number {
    return this.byDevice.size;
  }

  /** The newest of a device wins: the older one is over. */
  enter(principal: Principal, handle: Handle): SyncWait {
    const wait = new SyncWait(principal, handle, this.deps.clock);
    const older = this.byDevice.get(principal.deviceId);
    if (older !== undefined) {
      this.leave(older);
      older.end();
    }
    this.byDevice.set(principal.deviceId, wait);
    put(this.byAccount, principal.accountId, wait);
    put(this.byHandle, handle, wait);
    if (this.isDraining) wait.end();
    return wait;
  }

  join(wait: SyncWait, conversations: Iterable<ConversationId>): void {
    if (this.byDevice.get(wait.principal.deviceId) !== wait) return;
    for (const conversationId of conversations) {
      put(this.byConversation, conversationId, wait);
      wait.conversations.add(conversationId);
    }
  }

  leave(wait: SyncWait): void {
    const { deviceId, accountId } = wait.principal;
    if (this.byDevice.get(deviceId) !== wait) return;
    this.byDevice.delete(deviceId);
    takeOut(this.byAccount, accountId, wait);
    takeOut(this.byHandle, wait.handle, wait);
    for (const conversationId of wait.conversations) takeOut(this.byConversation, conversationId, wait);
  }

  /** The views hold these by now. */
  async applied(events: readonly Envelope[]): Promise<void> {
    if (this.size === 0) return;
    for (const event of events.map(known)) {
      if (event.type === '$stream-removed' || event.type === 'MessageComposed') continue;
      if (event.type === 'MemberAdded') await this.joined(event.data);
      const whose =
        'conversationId' in event.data
          ? this.byConversation.get(event.data.conversationId)
          : this.byAccount.get(event.data.accountId);
      for (const wait of whose ?? []) wait.ring();
    }
  }

  /** Answers everybody with what there is, now and from now on. */
  drain(): void {
    this.isDraining = true;
    for (const wait of this.byDevice.values()) wait.end();
  }

  private async joined({ conversationId, memberId }: { conversationId: ConversationId; memberId: MemberId }): Promise<void> {
    const handle = await this.deps.handleOfMember(conversationId, memberId);
    if (handle === undefined) return;
    for (const wait of this.byHandle.get(handle) ?? []) this.join(wait, [conversationId]);
  }
}

function put<Key>(index: Map<Key, Set<SyncWait>>, key: Key, wait: SyncWait): void {
  index.set(key, (index.get(key) ?? new Set()).add(wait));
}

function takeOut<Key>(index: Map<Key, Set<SyncWait>>, key: Key, wait: SyncWait): void {
  const waits = index.get(key);
  waits?.delete(wait);
  if (waits?.size === 0) index.delete(key);
}
