/** Goal: traffic passes when it cannot be counted, and somebody hears of it; who is refused costs the neighbours nothing. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { InMemoryRateLimiter } from '../../../src/adapters/in-memory/in-memory-rate-limiter.js';
import { limitHeaders, TrafficGate } from '../../../src/adapters/nest/traffic-gate.js';
import { TRAFFIC_WINDOW_MS, type TrafficMaxima, trafficClasses } from '../../../src/adapters/nest/traffic-limits.js';
import { Unavailable } from '../../../src/application/ports/failures.js';
import type { RateLimiter } from '../../../src/application/ports/rate-limiter.js';
import { TestClock } from '../../support/test-clock.js';

const SECRET = Buffer.alloc(32, 5);

function world(max: { readonly accountMax: number; readonly addressMax: number }, limiter?: RateLimiter) {
  const clock = new TestClock();
  const told: string[] = [];
  const counted: string[] = [];
  const maxima = Object.fromEntries(trafficClasses.map((name) => [name, max])) as unknown as TrafficMaxima;
  const deps = {
    limiter: limiter ?? new InMemoryRateLimiter(SECRET),
    clock,
    log: { warn: (event: string, fields: object = {}) => void told.push(`${event} ${JSON.stringify(fields)}`) },
    observer: { limited: (...words: readonly string[]) => void counted.push(words.join(' ')) },
  };
  return { clock, told, counted, gate: new TrafficGate(deps, maxima) };
}

describe('limits of traffic', () => {
  it('let pass what cannot be counted, count that, and say it once a minute', async () => {
    const broken = { take: () => Promise.reject(new Unavailable('The store is away.')) };
    const { gate, told, counted, clock } = world({ accountMax: 1, addressMax: 1 }, broken);
    for (let asked = 0; asked < 5; asked += 1) expect(await gate.refusalOf('send', 'ada', '192.0.2.1')).toBeUndefined();
    expect(counted.filter((words) => words === 'send account failed')).toHaveLength(5);
    expect(counted.filter((words) => words === 'send address failed')).toHaveLength(5);
    expect(told).toHaveLength(1);
    expect(told[0]).toMatch(/^traffic-not-limited .*send-by-account/);
    expect(told[0]).not.toMatch(/ada|192/);
    clock.advance(TRAFFIC_WINDOW_MS);
    await gate.take('send', 'account', 'ada');
    expect(told).toHaveLength(2);
  });

  it('refuse an account without using up what its network shares', async () => {
    const { gate, counted } = world({ accountMax: 2, addressMax: 5 });
    const refusals = [];
    for (let asked = 0; asked < 50; asked += 1) refusals.push(await gate.refusalOf('send', 'flood', '192.0.2.1'));
    expect(refusals.slice(0, 2)).toEqual([undefined, undefined]);
    expect(refusals.slice(2).every((taken) => taken?.limit.name === 'send-by-account')).toBe(true);
    expect(counted.filter((words) => words === 'send account refused')).toHaveLength(48);
    expect(await gate.take('send', 'address', '192.0.2.1')).toMatchObject({ grant: { allowed: true, remaining: 2 } });
    expect(await gate.refusalOf('send', 'ben', '192.0.2.1')).toBeUndefined();
    expect(await gate.refusalOf('send', 'carl', '192.0.2.1')).toBeUndefined();
    expect(await gate.refusalOf('send', 'dora', '192.0.2.1')).toMatchObject({ limit: { name: 'send-by-address' } });
    expect(await gate.refusalOf('read', 'flood', '192.0.2.1')).toBeUndefined();
  });

  it('never grant more than the maximum in a window, and grant anew when it has ended', async () => {
    const schedules = fc.array(fc.record({ pauseMs: fc.nat(20_000), burst: fc.integer({ min: 1, max: 6 }) }), { maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(schedules, fc.integer({ min: 1, max: 5 }), async (steps, accountMax) => {
        const { gate, clock } = world({ accountMax, addressMax: 1_000 });
        let [opensAt, inWindow] = [Number.NEGATIVE_INFINITY, 0];
        for (const { pauseMs, burst } of steps) {
          clock.advance(pauseMs);
          const at = clock.now();
          if (at >= opensAt + TRAFFIC_WINDOW_MS) [opensAt, inWindow] = [at, 0];
          const room = Math.min(burst, accountMax - inWindow);
          const asked = await Promise.all(Array.from({ length: burst }, () => gate.refusalOf('send', 'ada', '192.0.2.1')));
          expect(asked.filter((refused) => refused === undefined)).toHaveLength(room);
          inWindow += room;
        }
      }),
      { numRuns: 100 },
    );
  });

  it('are told in seconds, and never too few', () => {
    const limit = { name: 'send-by-account', max: 7, windowMs: 60_000 };
    expect(limitHeaders({ limit, grant: { allowed: false, remaining: 0, resetAfterMs: 1_001 } })).toEqual({
      RateLimit: '"send-by-account";r=0;t=2',
      'RateLimit-Policy': '"send-by-account";q=7;w=60',
      'X-RateLimit-Limit': '7',
      'X-RateLimit-Remaining': '0',
      'X-RateLimit-Reset': '2',
    });
  });
});
