/**
 * Sync for one device: what it missed since its cursor. A cursor is sealed for the device, and names the log that its
 * positions count in, so that none of another store is ever taken for one of ours.
 */
import type { Clock } from '../../application/ports/clock.js';
import type { Principal } from '../../application/ports/credentials.js';
import type { ConversationId } from '../../domain/kernel/ids.js';
import { limits } from '../../domain/kernel/limits.js';
import type { Delivered } from '../../projections/delivered-through.js';
import { deliveredThrough } from '../../projections/delivered-through.js';
import type { Fact } from '../../projections/facts.js';
import type { SyncCursor, SyncLimits } from '../../projections/facts-since.js';
import { factsSince, syncPosition } from '../../projections/facts-since.js';
import type { Views } from '../../projections/kernel/views.js';
import { factsOfItem } from '../../projections/sync-facts.js';
import { ProblemError } from './problems.js';
import type { Reads } from './reads.js';
import type { SealedTokens } from './sealed-tokens.js';

/** One answer stays small enough for a phone on a slow line. */
const PAGE_LIMITS: SyncLimits = { conversationsMax: 100, factsMax: 100, membersMax: 50, bytesMax: limits.syncPageBytesMax };

const RETRY_AFTER_MS = 1_000;

export interface SyncPage {
  readonly items: readonly Fact[];
  readonly limited: readonly { readonly conversationId: ConversationId; readonly fromSeq: number; readonly toSeq: number }[];
  readonly cursor: string;
  readonly caughtUp: boolean;
}

interface StoredCursor extends SyncCursor {
  readonly log: string;
}

export interface SyncDeps {
  readonly views: Views;
  readonly reads: Reads;
  readonly tokens: SealedTokens;
  readonly clock: Pick<Clock, 'now'>;
  /** Names the log; another store has another one. */
  readonly logId: string;
  /** Smaller pages, where few people have to fill several. */
  readonly pageLimits?: SyncLimits;
}

export class Sync {
  constructor(private readonly deps: SyncDeps) {}

  async page(me: Principal, cursor: string | undefined): Promise<SyncPage> {
    const { items, limited, next, caughtUp } = await this.since(
      me,
      cursor === undefined ? { after: 0 } : await this.read(me, cursor),
    );
    return { items, limited, cursor: this.cursorAt(me, next), caughtUp };
  }

  /** Throws `view-behind` when an earlier page was read from views that were further. */
  async since(me: Principal, cursor: SyncCursor) {
    if (cursor.page !== undefined && (await this.builtUpTo()) < cursor.page.seen)
      throw new ProblemError('view-behind', { retryAfterMs: RETRY_AFTER_MS });
    const handle = await this.deps.reads.handleOf(me);
    const { views, pageLimits = PAGE_LIMITS } = this.deps;
    const answer = await factsSince(views, { accountId: me.accountId, handle }, cursor, pageLimits);
    const now = this.deps.clock.now();
    const items = (await this.deps.reads.open(answer.items)).flatMap((item) => factsOfItem(item, now));
    return { items, limited: answer.limited, next: answer.cursor, caughtUp: answer.caughtUp };
  }

  /** Throws `invalid-cursor` for one that is not this device's, `cursor-expired` for one of another log. */
  async read({ deviceId }: Principal, cursor: string): Promise<SyncCursor> {
    const value = this.deps.tokens.open('sync-cursor', deviceId, cursor) as StoredCursor | undefined;
    if (value === undefined) throw new ProblemError('invalid-cursor');
    const { log, ...position } = value;
    if (log !== this.deps.logId) throw new ProblemError('cursor-expired');
    return position;
  }

  cursorAt({ deviceId }: Principal, position: SyncCursor): string {
    return this.deps.tokens.seal('sync-cursor', deviceId, { ...position, log: this.deps.logId });
  }

  /** Up to where everything that sync answers is built. */
  builtUpTo(): Promise<number> {
    return syncPosition(this.deps.views);
  }

  async deliveredThrough(me: Principal, cursor: string): Promise<readonly Delivered[]> {
    const { after } = await this.read(me, cursor);
    return deliveredThrough(this.deps.views, await this.deps.reads.handleOf(me), after);
  }
}
