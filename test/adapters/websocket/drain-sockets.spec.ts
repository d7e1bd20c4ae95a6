/** Goal: sockets of a server that stops are closed when their commands are answered, each told another time to come back. */
import { describe, expect, it } from '@jest/globals';
import { drainSockets } from '../../../src/adapters/websocket/drain-sockets.js';
import type { SocketSession } from '../../../src/adapters/websocket/session.js';
import { SessionHub } from '../../../src/adapters/websocket/session-hub.js';
import { TestClock } from '../../support/test-clock.js';
import { until } from '../../support/until.js';

const sessionOf = (deviceId: string, told: string[], inFlight = 0) =>
  ({
    ...{ principal: { deviceId, accountId: 'a' }, inFlight },
    close: (code: number, reason: string) => void told.push(`${deviceId} ${code} ${reason}`),
  }) as unknown as SocketSession;

describe('draining', () => {
  it('spreads those who come back, and waits for commands, but not for ever', async () => {
    const clock = new TestClock();
    const hub = new SessionHub();
    const told: string[] = [];
    const fractions = [0.1, 0.9, 0.5];
    hub.register(sessionOf('one', told));
    hub.register(sessionOf('busy', told, 1));
    hub.register(sessionOf('two', told));
    const draining = drainSockets({ hub, clock, ids: { fraction: () => fractions.shift() ?? 0 } }, 1_000);
    await until('it waits', () => clock.waiting > 0);
    expect(told).toEqual(['one 1012 500', 'two 1012 4500']);
    clock.advance(1_000);
    await until('the busy one is closed', () => told.length === 3);
    clock.advance(1_000);
    await draining;
    expect(told[2]).toBe('busy 1012 2500');
  });
});
