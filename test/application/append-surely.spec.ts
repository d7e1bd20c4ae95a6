/**
 * Goal: an attempt is resent as it was or not at all, and not for ever. Method: a store that answers what the example
 * says, one answer per call, and a clock that is moved while somebody waits.
 */
import { describe, expect, it } from '@jest/globals';
import { appendSurely } from '../../src/application/append-surely.js';
import type { EventStore, Write, WriteOutcome } from '../../src/application/ports/event-store.js';
import { OutcomeUnknown, Unavailable } from '../../src/application/ports/failures.js';
import { limits } from '../../src/domain/kernel/limits.js';
import { CountingIdSource } from '../support/counting-id-source.js';
import { TestClock } from '../support/test-clock.js';

const writes: readonly Write[] = [{ stream: 'message-1', expected: 'no-stream', events: [] }];
const appended: readonly WriteOutcome[] = [{ outcome: 'appended', revision: 0, position: 1 }];
const unknown = () => new OutcomeUnknown('The answer was lost.');
const unavailable = () => new Unavailable('Nobody is there.');

type Call = () => readonly WriteOutcome[] | Error;

/** The last answer goes on for ever; `elapsesMs` passes in every call. */
function attempt(calls: readonly Call[], { startedMs = 0, deadlineMs = 2_000, stepMs = 1, elapsesMs = 0 } = {}) {
  const clock = new TestClock();
  const sent: (readonly Write[])[] = [];
  const append: EventStore['append'] = async (given) => {
    const answer = (calls[sent.length] ?? calls.at(-1)!)();
    sent.push(given);
    clock.advance(elapsesMs);
    if (answer instanceof Error) throw answer;
    return answer;
  };
  const deps = { eventStore: { append } as unknown as EventStore, clock, ids: new CountingIdSource() };
  const outcome = async () => {
    let isDone = false;
    const work = appendSurely(deps, writes, { startedMs, deadlineMs }).finally(() => {
      isDone = true;
    });
    work.catch(() => undefined);
    while (!isDone) {
      await new Promise((resolve) => setImmediate(resolve));
      if (clock.waiting > 0) clock.advance(stepMs);
    }
    return work;
  };
  return { outcome, sent, clock };
}

describe('an append', () => {
  it('whose outcome is unknown is resent identically until the store tells it', async () => {
    const { outcome, sent } = attempt([unknown, unknown, () => appended]);
    expect(await outcome()).toBe(appended);
    expect(sent).toHaveLength(3);
    for (const given of sent) expect(given).toBe(writes);
  });

  it('is given up at the deadline, its outcome unknown', async () => {
    const { outcome, sent, clock } = attempt([unknown]);
    await expect(outcome()).rejects.toThrow(OutcomeUnknown);
    expect(clock.monotonicMs()).toBeLessThan(2_300);
    expect(sent.length).toBeGreaterThan(10);
  });

  it('that was not begun is not tried again here', async () => {
    const { outcome, sent } = attempt([unavailable, () => appended]);
    await expect(outcome()).rejects.toThrow(Unavailable);
    expect(sent).toHaveLength(1);
  });

  it('that may have been written goes on through a resend that was not begun', async () => {
    const { outcome } = attempt([unknown, unavailable, () => appended]);
    expect(await outcome()).toBe(appended);
  });

  it('that may have been written never ends as one that was not', async () => {
    const { outcome } = attempt([unknown, unavailable]);
    await expect(outcome()).rejects.toThrow(OutcomeUnknown);
  });

  it('is not resent when its attempt is an hour old, however far the deadline is', async () => {
    const { outcome, sent } = attempt([unknown, () => appended], { deadlineMs: 9e9, elapsesMs: limits.attemptLifeMs });
    await expect(outcome()).rejects.toThrow(OutcomeUnknown);
    expect(sent).toHaveLength(1);
  });

  it('is not even begun then: a process may have stood still since it was decided', async () => {
    const { outcome, sent } = attempt([() => appended], { startedMs: -limits.attemptLifeMs, deadlineMs: 9e9 });
    await expect(outcome()).rejects.toThrow(Unavailable);
    expect(sent).toHaveLength(0);
  });
});
