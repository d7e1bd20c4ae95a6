/** Goal: what it costs to stop waiting depends on one's own conversations, not on those of everybody who waits. */
import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { SyncWaits } from '../../../src/adapters/nest/sync-waits.js';
import type { AccountId, ConversationId, DeviceId, Handle } from '../../../src/domain/kernel/ids.js';
import { TestClock } from '../../support/test-clock.js';

const DEVICES = 1_500;
const CONVERSATIONS = 100;
/** A defect, not a target: who looks through all conversations takes many times as long. */
const DEFECT_MS = 4_000;

describe('devices that wait', () => {
  it('leave without looking through the conversations of all others', () => {
    const waits = new SyncWaits({ clock: new TestClock(), handleOfMember: async () => undefined });
    const waiting = Array.from({ length: DEVICES }, () => {
      const principal = { accountId: randomUUID() as AccountId, deviceId: randomUUID() as DeviceId };
      const wait = waits.enter(principal, randomUUID() as Handle);
      waits.join(
        wait,
        Array.from({ length: CONVERSATIONS }, () => randomUUID() as ConversationId),
      );
      return wait;
    });
    const startedMs = performance.now();
    for (const wait of waiting) waits.leave(wait);
    expect(performance.now() - startedMs).toBeLessThan(DEFECT_MS);
    expect(waits.size).toBe(0);
  });
});
