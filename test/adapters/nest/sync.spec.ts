/**
 * Goal: nothing is lost when the pages of one sync come from processes whose views are not equally far. Method: the real
 * sync over the views of one story at two of its moments.
 */
import { describe, expect, it } from '@jest/globals';
import type { Reads } from '../../../src/adapters/nest/reads.js';
import { SealedTokens } from '../../../src/adapters/nest/sealed-tokens.js';
import { Sync } from '../../../src/adapters/nest/sync.js';
import type { Principal } from '../../../src/application/ports/credentials.js';
import type { Views } from '../../../src/projections/kernel/views.js';
import { SMALL } from '../../support/all-answers.js';
import { asker, story, type Told } from '../../support/story.js';
import { TestClock } from '../../support/test-clock.js';

const { accountId, handle } = asker('ada');
const me = { accountId, deviceId: 'the phone' } as unknown as Principal;
const reads = { handleOf: async () => handle, open: async <Value>(value: Value) => value } as unknown as Reads;

const syncOver = (views: Views): Sync =>
  new Sync({
    views,
    reads,
    tokens: new SealedTokens(Buffer.alloc(32, 1)),
    clock: new TestClock(),
    logId: 'log',
    pageLimits: SMALL,
  });

const groups: readonly Told[] = Array.from({ length: 7 }, () => ['group', 'ada']);

describe('the next page of a sync', () => {
  it('is not read from views that are behind those of the page before', async () => {
    const behind = await story(groups);
    const ahead = await story([...groups, ['post', 'ada']]);
    const { cursor, caughtUp } = await syncOver(ahead.views).page(me, undefined);
    expect(caughtUp).toBe(false);
    await expect(syncOver(behind.views).page(me, cursor)).rejects.toMatchObject({ code: 'view-behind' });
    await expect(syncOver(ahead.views).page(me, cursor)).resolves.toMatchObject({ limited: [] });
  });

  it('may be read from views that are further, and remembers how far', async () => {
    const behind = await story(groups);
    const ahead = await story([...groups, ['post', 'ada']]);
    const first = await syncOver(behind.views).page(me, undefined);
    const second = await syncOver(ahead.views).page(me, first.cursor);
    expect(second.caughtUp).toBe(false);
    await expect(syncOver(behind.views).page(me, second.cursor)).rejects.toMatchObject({ code: 'view-behind' });
  });
});
