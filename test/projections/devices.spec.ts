import { describe, expect, it } from '@jest/globals';
import type { AccountId, DeviceId } from '../../src/domain/kernel/ids.js';
import { instant } from '../../src/domain/kernel/instant.js';
import { devices, devicesOf } from '../../src/projections/devices.js';
import type { ProjectedEvent } from '../../src/projections/kernel/feed-events.js';
import { sealed } from '../support/fake-keys.js';
import { specOfProjection } from '../support/spec-of-projection.js';
import { story } from '../support/story.js';

const { given } = specOfProjection(devices);
const own = { accountId: 'ada' as AccountId, deviceId: 'phone' as DeviceId };
const [name, newName, publicKey] = ['Phone', 'Red phone', 'key'].map((value) => sealed('ada', value) as never);

const linked: ProjectedEvent = {
  type: 'DeviceLinked',
  data: { ...own, keyAlgorithm: 'ES256', publicKey: publicKey!, name: name!, linkedAt: instant(1) },
};
const renamed: ProjectedEvent = { type: 'DeviceRenamed', data: { ...own, name: newName!, renamedAt: instant(2) } };
const revoked: ProjectedEvent = { type: 'DeviceRevoked', data: { ...own, revokedAt: instant(3) } };
const document = { ...own, keyAlgorithm: 'ES256', publicKey: publicKey!, linkedAt: instant(1) } as const;

describe('devices', () => {
  it('are kept as they were linked, renamed and revoked', async () => {
    await given(linked).then({ ...document, name: name!, changedAt: instant(1), version: 1, position: 10 });
    await given(linked, renamed).then({ ...document, name: newName!, changedAt: instant(2), version: 2, position: 20 });
    await given(linked, renamed, revoked).then({
      ...document,
      name: newName!,
      revokedAt: instant(3),
      changedAt: instant(3),
      version: 3,
      position: 30,
    });
  });

  it('go with their stream, whose feed key is the account', async () => {
    const removed = { event: { type: '$stream-removed', data: { stream: 'device-phone' } }, meta: { feedKey: 'ada' } } as const;
    await given(linked, removed).then();
  });
});

describe('devicesOf', () => {
  it("answers one's own devices and nobody else's", async () => {
    const { views } = await story([
      ['link', 'ada'],
      ['link', 'ada', { which: 1 }],
      ['link', 'bea'],
      ['revoke', 'ada'],
    ]);
    const found = await devicesOf(views, own.accountId);
    expect(found.map(({ deviceId, revokedAt }) => [deviceId, revokedAt !== undefined])).toEqual([
      ['ada-device-0', true],
      ['ada-device-1', false],
    ]);
    expect(await devicesOf(views, 'cyd' as AccountId)).toEqual([]);
  });
});
