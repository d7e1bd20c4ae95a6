/** Brings a one-time code to a person, as well as it can: a code that did not arrive is asked for again. */
import type { VerificationId } from '../../domain/kernel/ids.js';
import type { Instant } from '../../domain/kernel/instant.js';
import type { Identifier } from './directory.js';

export interface CodeMessage {
  readonly verificationId: VerificationId;
  readonly identifier: Identifier;
  readonly code: string;
  readonly expiresAt: Instant;
}

export interface CodeSender {
  /**
   * Hands the code over; a second time hands it over again.
   * `undeliverable` when the provider refused the target: nothing was handed over.
   * Throws `Unavailable` when it could not be asked.
   */
  send(message: CodeMessage): Promise<'sent' | 'undeliverable'>;
}
