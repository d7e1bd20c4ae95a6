/**
 * What was answered under a key that the client chose, so that a repetition is answered and not done again.
 * Every failure is `Unavailable`: then nothing is known of the key, and the request must not run (ADR 0028).
 */
import type { Instant } from '../../domain/kernel/instant.js';

export interface KeyedRequest {
  /** Whose key it is: an account, or an address where nobody can have signed in. */
  readonly scope: string;
  readonly operation: string;
  readonly key: string;
  /** Everything that makes it this request and no other. */
  readonly content: string;
}

export interface KeptAnswer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

export type Reserved =
  | { readonly outcome: 'reserved'; readonly attempt: string }
  | { readonly outcome: 'in-progress' }
  | { readonly outcome: 'reused' }
  | { readonly outcome: 'answered'; readonly answer: KeptAnswer };

export interface IdempotencyLedger {
  /**
   * A key is reserved for the first request that brings it, over every ledger of the same store.
   * The same request is in progress until it is settled, or its lease has ended.
   * After the lease the same request is reserved again, as another attempt: whoever ran it may have died.
   * Another request under the same key is a reuse, while the first is in progress and when it is settled.
   * The keys of different scopes and operations do not touch each other.
   * A key whose life has ended is as good as new.
   */
  reserve(request: KeyedRequest, at: Instant, lifeMs: number): Promise<Reserved>;

  /**
   * What is settled is answered to the same request for as long as the key lives, after a restart too.
   * An attempt that another one has taken over settles nothing.
   */
  settle(request: KeyedRequest, attempt: string, answer: KeptAnswer): Promise<void>;

  /**
   * A released key may be reserved at once, by any request.
   * An attempt that another one has taken over releases nothing.
   */
  release(request: KeyedRequest, attempt: string): Promise<void>;

  /**
   * Forgets the keys whose life has ended by the instant, and tells how many.
   * Scopes, keys and requests are kept as keyed hashes, and an answer is sealed so that only its key opens it.
   */
  purge(before: Instant): Promise<number>;
}
