/** What only the machine's clock can get wrong: timers and listeners that stay behind, or keep the process alive. */
import { createHook } from 'node:async_hooks';
import { getEventListeners } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { SystemClock } from '../../../src/adapters/system/system-clock.js';

const clock = new SystemClock();
const HOUR_MS = 60 * 60 * 1_000;

describe('SystemClock', () => {
  it('does not keep the process alive with a wait.', async () => {
    const keepingAlive = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
    const before = keepingAlive();
    const aborter = new AbortController();
    const wait = clock.wait(HOUR_MS, aborter.signal);
    expect(keepingAlive()).toBe(before);
    aborter.abort();
    await wait;
  });

  it('waits for months without waking in between.', async () => {
    let timers = 0;
    const hook = createHook({ init: (_id, type) => void (type === 'Timeout' && timers++) }).enable();
    const aborter = new AbortController();
    const wait = clock.wait(60 * 24 * HOUR_MS, aborter.signal);
    const endsAtMs = performance.now() + 20;
    while (performance.now() < endsAtMs) await new Promise((resolve) => setImmediate(resolve));
    hook.disable();
    expect(timers).toBe(1);
    aborter.abort();
    await wait;
  });

  it('clears the timer of an aborted wait.', async () => {
    const living = new Set<number>();
    const hook = createHook({
      init: (id, type) => void (type === 'Timeout' && living.add(id)),
      destroy: (id) => void living.delete(id),
    }).enable();
    const aborter = new AbortController();
    const wait = clock.wait(HOUR_MS, aborter.signal);
    const during = living.size;
    aborter.abort();
    await wait;
    await new Promise((resolve) => setImmediate(resolve));
    hook.disable();
    expect(during).toBe(1);
    expect(living.size).toBe(0);
  });

  it('leaves no listener on a signal that outlives its waits.', async () => {
    const { signal } = new AbortController();
    const waits = [clock.wait(1, signal), clock.wait(2, signal)];
    expect(getEventListeners(signal, 'abort')).toHaveLength(2);
    await Promise.all(waits);
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });
});
