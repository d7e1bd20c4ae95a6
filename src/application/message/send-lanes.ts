/**
 * At most one append in flight per conversation and process. What gathers meanwhile is decided together and appended as
 * one batch; a lane holds at most one send per message id. This file is about order and waiting; the rules that keep a
 * message single stand in `send-attempt.ts`.
 */
import type { Result } from '../../domain/kernel/decider.js';
import type { AccountId, ConversationId, MessageId } from '../../domain/kernel/ids.js';
import { limits } from '../../domain/kernel/limits.js';
import type { PendingSend, Send } from './send-attempt.js';
import { attempt, pending } from './send-attempt.js';
import type { SendAck, SendDeps, SendRejection } from './send-message.js';

/** What a send takes in an append beside its content: two records' metadata and the envelope of the seal. */
const SEND_OVERHEAD_BYTES = 1_200;

interface Lane {
  readonly waiting: PendingSend[];
  /** Sends whose message id is in the lane already: they wait for its outcome. */
  readonly repeats: PendingSend[];
  isRunning: boolean;
}

/** One of the sends that a person has begun, in their order. */
interface Turn {
  isReady: boolean;
  readonly enter: () => void;
}

export class SendLanes {
  private readonly lanes = new Map<ConversationId, Lane>();
  private readonly turns = new Map<AccountId, Turn[]>();

  constructor(private readonly deps: SendDeps) {}

  /**
   * What one person sends enters its lane in the order in which it came, however long each was in being made ready; what
   * is made ready at once enters at once, so that the lane takes it together.
   */
  inTurn<T>(accountId: AccountId, ready: Promise<T>): Promise<T> {
    const queue = this.turns.get(accountId) ?? [];
    this.turns.set(accountId, queue);
    return new Promise((enter) => {
      const turn: Turn = { isReady: false, enter: () => enter(ready) };
      queue.push(turn);
      const isReady = (): void => {
        turn.isReady = true;
        while (queue[0]?.isReady) queue.shift()?.enter();
        if (queue.length === 0 && this.turns.get(accountId) === queue) this.turns.delete(accountId);
      };
      ready.then(isReady, isReady);
    });
  }

  send(send: Send): Promise<Result<SendAck, SendRejection>> {
    const lane = this.lanes.get(send.conversationId) ?? { waiting: [], repeats: [], isRunning: false };
    this.lanes.set(send.conversationId, lane);
    return new Promise((resolve, reject) => {
      lane.waiting.push(pending(send, this.deps.clock.monotonicMs(), resolve, reject));
      if (!lane.isRunning) void this.run(send.conversationId, lane);
    });
  }

  private async run(conversationId: ConversationId, lane: Lane): Promise<void> {
    lane.isRunning = true;
    // Sends of one turn of the event loop gather before the first is decided.
    await Promise.resolve();
    while (lane.waiting.length > 0) {
      const batch = takeBatch(lane);
      const again = await attempt(this.deps, conversationId, batch);
      lane.waiting.unshift(...again, ...lane.repeats.splice(0));
    }
    lane.isRunning = false;
    this.lanes.delete(conversationId);
  }
}

function takeBatch(lane: Lane): PendingSend[] {
  const batch: PendingSend[] = [];
  const taken = new Set<MessageId>();
  let bytes = 0;
  while (lane.waiting.length > 0 && batch.length < limits.batchSendsMax) {
    const next = lane.waiting[0]!;
    bytes += next.send.bodyBytesMax + SEND_OVERHEAD_BYTES;
    if (batch.length > 0 && bytes > limits.batchBytesMax) break;
    lane.waiting.shift();
    if (taken.has(next.send.messageId)) lane.repeats.push(next);
    else {
      taken.add(next.send.messageId);
      batch.push(next);
    }
  }
  return batch;
}
