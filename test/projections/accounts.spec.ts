import { describe, expect, it } from '@jest/globals';
import { InMemoryViews } from '../../src/adapters/in-memory/in-memory-views.js';
import type { AccountId } from '../../src/domain/kernel/ids.js';
import { instant } from '../../src/domain/kernel/instant.js';
import { accountOf, accounts } from '../../src/projections/accounts.js';
import type { ProjectedEvent } from '../../src/projections/kernel/feed-events.js';
import { sealed } from '../support/fake-keys.js';
import { specOfProjection } from '../support/spec-of-projection.js';
import { story } from '../support/story.js';

const { given } = specOfProjection(accounts);
const accountId = 'ada' as AccountId;
const [identifier, displayName] = [sealed('ada', 'ada@x') as never, sealed('ada', 'Ada') as never];

const registered: ProjectedEvent = {
  type: 'AccountRegistered',
  data: { accountId, identifierKind: 'email', identifier, registeredAt: instant(1) },
};
const changed: ProjectedEvent = { type: 'ProfileChanged', data: { accountId, displayName, changedAt: instant(2) } };
const document = { accountId, identifierKind: 'email', identifier, registeredAt: instant(1) } as const;

describe('accounts', () => {
  it('keep what was registered, sealed', async () => {
    await given(registered).then({ ...document, changedAt: instant(1), version: 1, position: 10 });
  });

  it('take the name of the latest change, and a version for each', async () => {
    await given(registered, changed).then({ ...document, displayName, changedAt: instant(2), version: 2, position: 20 });
  });

  it('go with their stream', async () => {
    await given(registered, { type: '$stream-removed', data: { stream: 'device-x' } }).then({
      ...document,
      changedAt: instant(1),
      version: 1,
      position: 10,
    });
    await given(registered, { type: '$stream-removed', data: { stream: 'account-ada' } }).then();
  });
});

describe('accountOf', () => {
  it('answers all of it to the account itself, and the name to others', async () => {
    const { views } = await story([['profile', 'ada']]);
    const own = await accountOf(views, accountId, accountId);
    expect(own).toMatchObject({ accountId, identifierKind: 'email', version: 2 });
    expect(own).toHaveProperty('identifier');
    const shown = await accountOf(views, 'bea' as AccountId, accountId);
    expect(shown).toEqual({ accountId, version: 2, displayName: expect.anything() });
  });

  it('answers `hidden` when there is none', async () => {
    expect(await accountOf(new InMemoryViews(), accountId, 'nobody' as AccountId)).toBe('hidden');
  });
});
