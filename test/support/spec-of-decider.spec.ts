/** Goal: the kit of examples bites. Each probe is a decider with one impurity, or an example that is not true. */
import { describe, expect, it } from '@jest/globals';
import type { Decider } from '../../src/domain/kernel/decider.js';
import { ok, rejected } from '../../src/domain/kernel/decider.js';
import { pure, specOf } from './spec-of-decider.js';

type Counted = { readonly type: 'Counted'; readonly data: { readonly by: number } };
type Counter = Decider<number, Counted, { total: number }, 'TooMuch'>;

const counted = (by: number): Counted => ({ type: 'Counted', data: { by } });
const counter: Counter = {
  initial: { total: 0 },
  evolve: (state, event) => ({ total: state.total + event.data.by }),
  decide: (by, state) => {
    if (state.total + by > 10) return rejected('TooMuch');
    return by === 0 ? ok([]) : ok([counted(by)]);
  },
};

const readings: [string, () => unknown][] = [
  ['Date.now', () => Date.now()],
  ['new Date()', () => new Date()],
  ['Date()', () => Date()],
  ['performance.now', () => performance.now()],
  ['performance.timeOrigin', () => performance.timeOrigin],
  ['Math.random', () => Math.random()],
  ['crypto.randomUUID', () => crypto.randomUUID()],
];

describe('an example of a decider', () => {
  it('passes when it is true', () => {
    specOf(counter).given(counted(4)).when(6).then(counted(6));
    specOf(counter).given(counted(4)).when(0).thenNothing();
    specOf(counter).given(counted(4)).when(7).thenRejected('TooMuch');
    specOf(counter).given(counted(4), counted(2)).thenState({ total: 6 });
  });

  it('fails when it is not', () => {
    const { given } = specOf(counter);
    expect(() => given(counted(4)).when(6).then(counted(5))).toThrow();
    expect(() => given(counted(4)).when(6).then()).toThrow();
    expect(() => given(counted(4)).when(6).thenNothing()).toThrow();
    expect(() => given(counted(4)).when(6).thenRejected('TooMuch')).toThrow();
    expect(() => given(counted(4)).when(7).then(counted(7))).toThrow();
    expect(() => given(counted(4)).thenState({ total: 5 })).toThrow();
  });

  it.each(readings)('fails for a fold that asks %s', (what, read) => {
    const impure: Counter = { ...counter, evolve: (state) => ({ total: state.total + Number(read()) }) };
    expect(() => specOf(impure).given(counted(1)).when(1).then(counted(1))).toThrow(what);
  });

  it.each(readings)('fails for a decision that asks %s', (what, read) => {
    const impure: Counter = { ...counter, decide: (by) => ok([counted(by + 0 * Number(read()))]) };
    expect(() => specOf(impure).given().when(1).then(counted(1))).toThrow(what);
  });

  it('fails for a decider that changes the state it was handed', () => {
    const greedy: Counter = {
      ...counter,
      decide: (by, state) => {
        state.total += by;
        return ok([counted(by)]);
      },
    };
    expect(() => specOf(greedy).given(counted(1)).when(1).then(counted(1))).toThrow();
  });

  it('gives clock and chance back however the call ends', () => {
    const before = [Date, performance, crypto, Math.random];
    expect(pure(() => 1)).toBe(1);
    expect(() => pure(() => Date.now())).toThrow('Date.now');
    expect([Date, performance, crypto, Math.random].map((one, index) => one === before[index])).toEqual([true, true, true, true]);
    expect(Date.now()).toBeGreaterThan(0);
    expect(performance.now()).toBeGreaterThan(0);
  });

  it('leaves dates that are computed from their inputs alone', () => {
    expect(pure(() => Date.UTC(1970, 0, 1))).toBe(0);
  });
});
