/**
 * The shape of a use case: a factory over the few things it may touch, giving a function from input and context to a
 * result. It parses nothing and publishes nothing; what it refuses is a value (ADR 0003).
 */
import type { Result } from '../domain/kernel/decider.js';
import type { CorrelationId } from '../domain/kernel/ids.js';
import type { ConversationStates } from './conversation-states.js';
import type { EventCodec } from './event-codec.js';
import type { Principal } from './ports/credentials.js';
import type { Ports } from './ports/ports.js';
import type { ReceiptMarks } from './receipts/receipt-marks.js';

/** Minted by the server for each command; nothing of it comes from a client's header. */
export interface Context {
  readonly correlationId: CorrelationId;
  /** The network address that asks, for limits only: it is never stored. */
  readonly address?: string;
}

/** A context in which somebody has signed in. */
export interface SignedContext extends Context {
  readonly principal: Principal;
}

/** The ports, and what one process holds over them: the codec, the cache of conversation states, the waiting marks. */
export interface Deps extends Ports {
  readonly codec: EventCodec;
  readonly conversations: ConversationStates;
  readonly receiptMarks: ReceiptMarks;
  readonly settings: Settings;
}

/** What an operator may turn, as far as use cases see it. */
export interface Settings {
  readonly signInsPerTargetHourMax: number;
  readonly signInsPerAddressHourMax: number;
  readonly lookupsPerAccountMinuteMax: number;
}

export type UseCase<Input, Output, Rejection, Ctx extends Context = SignedContext> = (
  input: Input,
  context: Ctx,
) => Promise<Result<Output, Rejection>>;

/** What a write answers: a read that asks for this position sees the write. */
export interface Written {
  readonly position: number;
}

/** What a write of one thing answers: the version that it has now. */
export interface Versioned extends Partial<Written> {
  readonly version: number;
}

/** The person's keys are destroyed or on the way: nothing more can be written for them. */
export type AccountErased = { readonly type: 'AccountErased' };

/** Others were faster until the deadline; the same call may be made again. */
export type Contended = { readonly type: 'Contended' };
