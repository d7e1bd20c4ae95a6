/**
 * What is remembered of an account, in stream `account-<accountId>`.
 * These names and shapes are stored: never rename, never reuse; a new shape is a new version (ADR 0004).
 */
import type { AccountId } from '../kernel/ids.js';
import type { Instant } from '../kernel/instant.js';
import type { Personal } from '../kernel/personal.js';

export type IdentifierKind = 'phone' | 'email';

export type AccountEvent =
  | {
      readonly type: 'AccountRegistered';
      readonly data: {
        readonly accountId: AccountId;
        readonly identifierKind: IdentifierKind;
        readonly identifier: Personal<string>;
        readonly registeredAt: Instant;
      };
    }
  | {
      readonly type: 'ProfileChanged';
      readonly data: {
        readonly accountId: AccountId;
        readonly displayName: Personal<string>;
        readonly changedAt: Instant;
      };
    };
