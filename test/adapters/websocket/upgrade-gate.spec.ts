/** Goal: upgrades are bounded in number and rate, and whoever is refused is told when to come, not all at the same time. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { ProblemError } from '../../../src/adapters/nest/problems.js';
import { clientAddress, UpgradeGate, upgradeLimits } from '../../../src/adapters/websocket/upgrade-gate.js';
import { TestClock } from '../../support/test-clock.js';

let clock: TestClock;
let fraction: number;

beforeEach(() => {
  clock = new TestClock();
  fraction = 0;
});

const open = (limits: object) =>
  new UpgradeGate(clock, { fraction: () => fraction }, { ...upgradeLimits, burstMax: 1_000, ...limits });

function refusal(gate: UpgradeGate, address = 'here'): [code: string, extra: object] | undefined {
  try {
    gate.enter(address);
    return undefined;
  } catch (error) {
    return [(error as ProblemError).code, (error as ProblemError).extra];
  }
}

describe('an upgrade', () => {
  it('is refused while too many are under way', () => {
    const gate = open({ underWayMax: 2 });
    expect([refusal(gate), refusal(gate), refusal(gate)?.[0]]).toEqual([undefined, undefined, 'unavailable']);
    gate.decided();
    expect([refusal(gate), gate.refused]).toEqual([undefined, 1]);
  });

  it('is refused when too many came in too short a time', () => {
    const gate = open({ burstMax: 3, perSecondMax: 2 });
    expect([1, 2, 3].map(() => refusal(gate))).toEqual([undefined, undefined, undefined]);
    expect(refusal(gate)?.[0]).toBe('unavailable');
    clock.advance(499);
    expect(refusal(gate)?.[0]).toBe('unavailable');
    clock.advance(1);
    expect([refusal(gate), refusal(gate)?.[0]]).toEqual([undefined, 'unavailable']);
    clock.advance(60_000);
    expect([1, 2, 3, 4].map(() => refusal(gate)?.[0])).toEqual([undefined, undefined, undefined, 'unavailable']);
  });

  it('is refused when its address, or everybody, has too many sockets, until one is closed', () => {
    const gate = open({ socketsPerAddressMax: 1, socketsMax: 2 });
    expect([refusal(gate, 'a'), refusal(gate, 'b')]).toEqual([undefined, undefined]);
    expect(refusal(gate, 'a')).toEqual(['too-many-requests', { limit: 'sockets-per-address', retryAfterMs: 1_000 }]);
    expect(refusal(gate, 'c')?.[0]).toBe('unavailable');
    gate.closed('a');
    expect([refusal(gate, 'a'), gate.connected]).toEqual([undefined, 2]);
  });

  it('that is refused comes back when chance says', () => {
    const gate = open({ underWayMax: 0 });
    fraction = 0.25;
    expect(refusal(gate)?.[1]).toEqual({ retryAfterMs: 2_000 });
  });
});

describe('the address of a client', () => {
  it.each([
    ['9.9.9.9', undefined, 0, '9.9.9.9'],
    ['9.9.9.9', '1.1.1.1', 0, '9.9.9.9'],
    ['9.9.9.9', '6.6.6.6, 1.1.1.1', 1, '1.1.1.1'],
    ['9.9.9.9', '6.6.6.6, 1.1.1.1,2.2.2.2', 2, '1.1.1.1'],
    ['9.9.9.9', undefined, 1, '9.9.9.9'],
    ['9.9.9.9', '1.1.1.1', 5, '1.1.1.1'],
  ])('of %s that names %s behind %d proxies is %s', (remote, forwarded, proxies, expected) => {
    expect(clientAddress(remote, forwarded, proxies)).toBe(expected);
  });
});
