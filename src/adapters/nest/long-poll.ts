/** Sync that waits: answered at once when there is something, and otherwise as soon as there is, or empty after the span. */
import type { Clock } from '../../application/ports/clock.js';
import type { ConversationId, Handle } from '../../domain/kernel/ids.js';
import type { Session } from './access-tokens.js';
import type { Reads } from './reads.js';
import type { Sync, SyncPage } from './sync.js';
import type { SyncWait, SyncWaits } from './sync-waits.js';

export interface LongPollDeps {
  readonly sync: Pick<Sync, 'page'>;
  readonly reads: Pick<Reads, 'handleOf'>;
  readonly waits: SyncWaits;
  readonly clock: Pick<Clock, 'now' | 'monotonicMs'>;
  readonly conversationsOf: (handle: Handle) => Promise<readonly ConversationId[]>;
}

export interface Poll {
  readonly cursor?: string | undefined;
  /** 0 to be answered at once, whatever there is. */
  readonly waitMs?: number | undefined;
  /** Aborted when nobody is there any more to be answered. */
  readonly gone: AbortSignal;
}

export class LongPoll {
  constructor(private readonly deps: LongPollDeps) {}

  async page(me: Session, poll: Poll): Promise<SyncPage> {
    const { waitMs = 0 } = poll;
    const found = await this.deps.sync.page(me, poll.cursor);
    if (waitMs === 0 || holdsSomething(found) || poll.gone.aborted) return found;
    const { waits, clock, reads } = this.deps;
    // Nobody is told anything on the strength of a token that has expired.
    const untilMs = clock.monotonicMs() + Math.min(waitMs, me.expiresAt - clock.now());
    const handle = await reads.handleOf(me);
    const wait = waits.enter(me, handle);
    const end = (): void => wait.end();
    poll.gone.addEventListener('abort', end);
    try {
      if (poll.gone.aborted) wait.end();
      waits.join(wait, await this.deps.conversationsOf(handle));
      return await this.nextPage(me, poll, wait, untilMs);
    } finally {
      poll.gone.removeEventListener('abort', end);
      waits.leave(wait);
    }
  }

  private async nextPage(me: Session, { cursor }: Poll, wait: SyncWait, untilMs: number): Promise<SyncPage> {
    for (;;) {
      wait.look();
      const isLast = wait.isOver || this.deps.clock.monotonicMs() >= untilMs;
      const page = await this.deps.sync.page(me, cursor);
      if (isLast || holdsSomething(page)) return page;
      await wait.something(untilMs - this.deps.clock.monotonicMs());
    }
  }
}

const holdsSomething = ({ items, limited, caughtUp }: SyncPage): boolean => items.length > 0 || limited.length > 0 || !caughtUp;
