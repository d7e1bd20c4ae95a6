/**
 * Which account has a phone number or an e-mail address.
 * Kept by keyed hash only: whoever copies the store and lacks the secret can neither read an identifier nor try one out.
 * Mutable, because it must be erasable; rebuilt from the accounts, never backed up (ADR 0006).
 */
import type { IdentifierKind } from '../../domain/account/events.js';
import type { AccountId } from '../../domain/kernel/ids.js';

export interface Identifier {
  readonly kind: IdentifierKind;
  /** Normalised: E.164 for a phone number, lower case for an e-mail address. */
  readonly value: string;
}

export interface Directory {
  /** The account that holds the identifier; `undefined` when nobody does. */
  find(identifier: Identifier): Promise<AccountId | undefined>;

  /**
   * Takes the identifier for an account, if nobody holds it; durable when this answers.
   * The account that holds it already is answered `reserved` again.
   * Of N that race exactly one gets it, and the others are told who.
   */
  reserve(
    identifier: Identifier,
    accountId: AccountId,
  ): Promise<{ readonly outcome: 'reserved' } | { readonly outcome: 'taken'; readonly accountId: AccountId }>;

  /**
   * Frees everything that an account holds, and nothing else.
   * A second time changes nothing.
   */
  release(accountId: AccountId): Promise<void>;
}
