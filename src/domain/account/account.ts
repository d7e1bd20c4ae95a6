import type { Decider, Result } from '../kernel/decider.js';
import { ok, rejected, unreachable } from '../kernel/decider.js';
import type { AccountId } from '../kernel/ids.js';
import type { Instant } from '../kernel/instant.js';
import type { Conditional, VersionMismatch } from '../kernel/version.js';
import { versionMismatch } from '../kernel/version.js';
import type { AccountEvent, IdentifierKind } from './events.js';

export type Account =
  | { readonly status: 'absent' }
  | { readonly status: 'active'; readonly accountId: AccountId; readonly profileVersion: number };

export type AccountCommand =
  | {
      readonly type: 'RegisterAccount';
      readonly accountId: AccountId;
      readonly identifierKind: IdentifierKind;
      readonly identifier: string;
      readonly at: Instant;
    }
  | ({
      readonly type: 'ChangeProfile';
      readonly accountId: AccountId;
      readonly displayName: string;
      readonly at: Instant;
    } & Conditional);

export type AccountRejection = { readonly type: 'AccountNotFound' } | VersionMismatch;

function evolve(state: Account, event: AccountEvent): Account {
  switch (event.type) {
    case 'AccountRegistered':
      return { status: 'active', accountId: event.data.accountId, profileVersion: 1 };
    case 'ProfileChanged':
      return state.status === 'active' ? { ...state, profileVersion: state.profileVersion + 1 } : state;
    default:
      return unreachable(event);
  }
}

function decide(command: AccountCommand, state: Account): Result<readonly AccountEvent[], AccountRejection> {
  switch (command.type) {
    case 'RegisterAccount': {
      if (state.status === 'active') return ok([]);
      const { accountId, identifierKind, identifier, at } = command;
      return ok([{ type: 'AccountRegistered', data: { accountId, identifierKind, identifier, registeredAt: at } }]);
    }
    case 'ChangeProfile': {
      if (state.status === 'absent') return rejected({ type: 'AccountNotFound' });
      const stale = versionMismatch(command, state.profileVersion);
      if (stale) return stale;
      const { accountId, displayName, at } = command;
      return ok([{ type: 'ProfileChanged', data: { accountId, displayName, changedAt: at } }]);
    }
    default:
      return unreachable(command);
  }
}

export const account: Decider<AccountCommand, AccountEvent, Account, AccountRejection> = {
  initial: { status: 'absent' },
  evolve,
  decide,
};
