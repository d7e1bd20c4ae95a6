/**
 * Marks waiting to be written: at most one append per member, kind and second, however fast a reader scrolls.
 * A mark is answered when it, or a later one of the same member, is on disk.
 */
import type { Result } from '../../domain/kernel/decider.js';
import { ok } from '../../domain/kernel/decider.js';
import type { ConversationId, MemberId } from '../../domain/kernel/ids.js';
import type { Receipts } from '../../domain/receipts/receipts.js';
import { receipts } from '../../domain/receipts/receipts.js';
import { aggregates } from '../aggregates.js';
import type { HandleDeps } from '../handle.js';
import { handle } from '../handle.js';
import type { Loaded } from '../load-stream.js';
import type { AccountErased, Contended, Context, Written } from '../use-case.js';

const APPEND_INTERVAL_MS = 1_000;
const MEMBERS_REMEMBERED_MAX = 50_000;

export interface Mark {
  readonly kind: 'MarkDelivered' | 'MarkRead';
  readonly conversationId: ConversationId;
  readonly memberId: MemberId;
  readonly seq: number;
}

export type MarkResult = Result<Partial<Written>, AccountErased | Contended>;

interface Queue {
  /** The furthest mark not yet under way, and the answer that everyone who asked for less shares. */
  next?: { seq: number; readonly context: Context; readonly done: Promise<MarkResult> };
  appendedAtMs: number;
}

export class ReceiptMarks {
  private readonly queues = new Map<string, Queue>();
  private readonly known = new Map<MemberId, Loaded<Receipts>>();

  constructor(private readonly deps: HandleDeps) {}

  mark(mark: Mark, context: Context): Promise<MarkResult> {
    const key = `${mark.kind} ${mark.memberId}`;
    const queue = this.queues.get(key) ?? { appendedAtMs: Number.NEGATIVE_INFINITY };
    this.queues.set(key, queue);
    if (queue.next !== undefined) {
      queue.next.seq = Math.max(queue.next.seq, mark.seq);
      return queue.next.done;
    }
    const done = this.write(key, queue, mark);
    queue.next = { seq: mark.seq, context, done };
    return done;
  }

  private async write(key: string, queue: Queue, mark: Mark): Promise<MarkResult> {
    // Also when there is nothing to wait for, the queue must hold this mark before it is taken from it.
    await this.deps.clock.wait(Math.max(0, queue.appendedAtMs + APPEND_INTERVAL_MS - this.deps.clock.monotonicMs()));
    const { seq, context } = queue.next!;
    delete queue.next;
    queue.appendedAtMs = this.deps.clock.monotonicMs();
    try {
      return await this.append({ ...mark, seq }, context);
    } finally {
      void this.forgetLater(key, queue);
    }
  }

  private async append(mark: Mark, context: Context): Promise<MarkResult> {
    const { kind, conversationId, memberId, seq } = mark;
    const handled = await handle(
      this.deps,
      receipts,
      {
        stream: aggregates.receipts.stream(memberId),
        known: this.known.get(memberId) ?? { state: receipts.initial, revision: -1 },
        expected: 'any',
      },
      { type: kind, conversationId, memberId, seq, at: this.deps.clock.now() },
      context,
    );
    if (!handled.ok) return handled;
    this.remember(memberId, handled.value);
    return ok(handled.value.position === undefined ? {} : { position: handled.value.position });
  }

  private remember(memberId: MemberId, { state, revision }: Loaded<Receipts>): void {
    this.known.delete(memberId);
    this.known.set(memberId, { state, revision });
    if (this.known.size <= MEMBERS_REMEMBERED_MAX) return;
    const [oldest] = this.known.keys();
    if (oldest !== undefined) this.known.delete(oldest);
  }

  private async forgetLater(key: string, queue: Queue): Promise<void> {
    await this.deps.clock.wait(APPEND_INTERVAL_MS);
    // A later append began meanwhile: its second counts from there, and it lets go of the queue itself.
    const isOver = this.deps.clock.monotonicMs() - queue.appendedAtMs >= APPEND_INTERVAL_MS;
    if (isOver && queue.next === undefined && this.queues.get(key) === queue) this.queues.delete(key);
  }
}
