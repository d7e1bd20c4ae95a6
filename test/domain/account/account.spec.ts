/** Goal: every rule of an account as an example, and what must hold for every history. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { AccountCommand } from '../../../src/domain/account/account.js';
import { account } from '../../../src/domain/account/account.js';
import type { AccountEvent } from '../../../src/domain/account/events.js';
import type { AccountId } from '../../../src/domain/kernel/ids.js';
import { instant } from '../../../src/domain/kernel/instant.js';
import { ERASED } from '../../../src/domain/kernel/personal.js';
import { exampleId } from '../../support/example-ids.js';
import { historyOf } from '../../support/history-of.js';
import { specOf } from '../../support/spec-of-decider.js';

const accountId = exampleId<AccountId>(1);
const at = instant(1_000);
const { given } = specOf(account);

const registered: AccountEvent = {
  type: 'AccountRegistered',
  data: { accountId, identifierKind: 'phone', identifier: '+15550001', registeredAt: at },
};
const renamed: AccountEvent = { type: 'ProfileChanged', data: { accountId, displayName: 'Ada', changedAt: at } };
const register: AccountCommand = { type: 'RegisterAccount', accountId, identifierKind: 'phone', identifier: '+15550001', at };
const rename: AccountCommand = { type: 'ChangeProfile', accountId, displayName: 'Ada', at };

describe('an account', () => {
  it('is registered once', () => {
    given().when(register).then(registered);
  });

  it('that is registered again stays as it is, so that a sign-in can be repeated', () => {
    given(registered).when(register).thenNothing();
    given(registered)
      .when({ ...register, identifier: '+15550002' })
      .thenNothing();
  });

  it('changes its profile', () => {
    given(registered).when(rename).then(renamed);
  });

  it('changes its profile to the same name again: deciding looks into no personal field', () => {
    given(registered, renamed).when(rename).then(renamed);
  });

  it('changes its profile on condition from the version that is named only', () => {
    given(registered, renamed)
      .when({ ...rename, ifVersion: 2 })
      .then(renamed);
    for (const ifVersion of [0, 1, 3]) {
      given(registered, renamed)
        .when({ ...rename, ifVersion })
        .thenRejected({ type: 'VersionMismatch', currentVersion: 2 });
    }
  });

  it('has no profile before it is registered', () => {
    given().when(rename).thenRejected({ type: 'AccountNotFound' });
  });

  it('counts the versions of its profile', () => {
    given(registered).thenState({ status: 'active', accountId, profileVersion: 1 });
    given(registered, renamed, renamed).thenState({ status: 'active', accountId, profileVersion: 3 });
  });

  it('folds in the same way when its personal fields are sealed or erased', () => {
    const sealed: AccountEvent = { type: 'AccountRegistered', data: { ...registered.data, identifier: { sealed: 'x' } } };
    const erased: AccountEvent = { type: 'ProfileChanged', data: { ...renamed.data, displayName: ERASED } };
    given(sealed, erased).thenState({ status: 'active', accountId, profileVersion: 2 });
  });
});

describe('every history of an account', () => {
  const commands = fc.array(fc.constantFrom(register, rename), { maxLength: 20 });
  const events = fc.array(fc.constantFrom(registered, renamed), { maxLength: 20 });

  it('folds, in whatever order its events come', () => {
    fc.assert(
      fc.property(events, (history) => {
        expect(() => historyOf(account, []).stateAfter(history)).not.toThrow();
      }),
    );
  });

  it('has one registration, and is what its events fold to', () => {
    fc.assert(
      fc.property(commands, (asked) => {
        const { events: history, state, stateAfter } = historyOf(account, asked);
        expect(state).toEqual(stateAfter(history));
        expect(history.filter(({ type }) => type === 'AccountRegistered')).toHaveLength(asked.includes(register) ? 1 : 0);
        expect(history[0]?.type ?? 'AccountRegistered').toBe('AccountRegistered');
      }),
    );
  });
});
