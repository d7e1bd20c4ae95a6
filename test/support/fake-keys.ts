/** Keys for tests of the read side: a seal says whose it is, so that destroying a person's keys is one word in a set. */
import type { AccountId, ConversationId, Handle, MemberId } from '../../src/domain/kernel/ids.js';
import { ERASED, type Sealed } from '../../src/domain/kernel/personal.js';
import type { Open } from '../../src/projections/kernel/opening.js';
import type { Handles } from '../../src/projections/kernel/pairing.js';

export const sealed = (subject: string, value: unknown): Sealed => ({ sealed: JSON.stringify({ subject, value }) });

export const handleOf = (account: AccountId): Handle => `handle-of-${account}` as Handle;

export const memberOf = (account: AccountId, conversation: ConversationId): MemberId =>
  `${account}-in-${conversation}` as MemberId;

export interface FakeKeys {
  readonly destroyed: Set<string>;
  readonly open: Open;
  readonly handles: Handles;
}

export function fakeKeys(destroyed = new Set<string>()): FakeKeys {
  const open: Open = async (values) =>
    values.map((value) => {
      const { subject, value: plain } = JSON.parse(value.sealed) as { subject: string; value: unknown };
      return destroyed.has(subject) ? ERASED : { value: plain };
    });
  const handles: Handles = async (accounts) =>
    accounts.map((account) => (destroyed.has(account) ? undefined : handleOf(account)));
  return { destroyed, open, handles };
}
