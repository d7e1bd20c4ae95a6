/**
 * Goal: in small worlds of sending nothing goes wrong, in whatever order things happen; and the walk would see it if it
 * did. Method: every way through a few of them; then the same worlds with one rule of sending switched off.
 */
import { describe, expect, it } from '@jest/globals';
import { copyWith } from '../support/mutants.js';
import { mutants } from '../support/send-mutants.js';
import type { StoreKind } from '../support/send-world.js';
import { explore } from './explore.js';
import { Fingerprints } from './fingerprints.js';
import type { Reduction, State } from './moves.js';
import { isWrongOutcome } from './small-world.js';
import { smallWorld } from './small-worlds.js';

const ruleOf = (name: string) => mutants.find((mutant) => mutant.name === name)!;

/** Rule switched off -> the world that misses it, with one fault. */
const missed: readonly (readonly [rule: string, world: string, store: StoreKind])[] = [
  ['posts again without a proof', 'sent-twice', 'sequential'],
  ['uses the event ids of an earlier attempt again', 'sent-twice', 'eventstoredb'],
  ['forms an append of unknown outcome anew on the head', 'sent-twice', 'sequential'],
  ['writes the post before the content', 'sent-twice', 'sequential'],
  ['trusts a refusal that was decided on a cached state', 'sender-removed', 'sequential'],
  ['refuses without a proof', 'sender-removed', 'sequential'],
  ['collects a draft without a proof', 'sent-and-collected', 'sequential'],
  ['collects by a head that was read before the stream', 'sent-and-collected', 'eventstoredb'],
  ['gives the ack of a post to whoever names its id', 'another-text', 'sequential'],
  ['acknowledges before the append', 'sent-twice', 'atomic'],
];

describe('in a small world of sending, whatever the order', () => {
  it.each([
    ['sent-twice', 'atomic', 2],
    ['sent-twice', 'sequential', 2],
    ['sent-twice', 'eventstoredb', 2],
    ['another-text', 'sequential', 2],
    ['sent-three-times', 'sequential', 0],
    ['two-messages', 'eventstoredb', 0],
  ] as const)('nothing goes wrong: %s on %s with %i faults', async (name, store, faults) => {
    const explored = await explore(smallWorld(name, faults), store);
    expect(explored).toMatchObject({ left: 0, states: expect.any(Number) });
    expect(explored.wrong).toBeUndefined();
    expect(explored.ends).toBeGreaterThan(2);
  });

  it.each(missed)('code that %s is found out: %s on %s', async (rule, name, store) => {
    const { modules, close } = await copyWith(ruleOf(rule).patches);
    try {
      const { wrong } = await explore(smallWorld(name, 1), store, { modules });
      expect(wrong?.error.message).toBeDefined();
      expect(isWrongOutcome(wrong!.error)).toBe(true);
    } finally {
      close();
    }
  });
});

/** What a way came to: what is stored, what was acknowledged, and what the process knows that is asked again. */
async function outcomes(name: string, store: StoreKind, faults: number, reduction: Reduction): Promise<string[]> {
  const seen = new Set<string>();
  const atEnd = ({ store: { key }, acks, processes: [asked] }: State): void => void seen.add(`${key} ${acks.key} ${asked!.key}`);
  const { left, wrong } = await explore(smallWorld(name, faults), store, { reduction, atEnd });
  expect({ left, wrong }).toEqual({ left: 0, wrong: undefined });
  return [...seen].sort();
}

describe('the walk', () => {
  it.each([
    ['sent-twice', 'atomic', 2],
    ['sent-twice', 'sequential', 1],
    ['another-text', 'eventstoredb', 1],
    ['sent-three-times', 'atomic', 0],
    ['two-messages', 'sequential', 0],
  ] as const)(
    'comes to all that every order comes to, though it leaves some out: %s on %s with %i faults',
    async (name, store, faults) => {
      const reduced = await outcomes(name, store, faults, 'reduced');
      expect(reduced).toEqual(await outcomes(name, store, faults, 'every order'));
      expect(reduced.length).toBeGreaterThan(2);
    },
  );

  it('holds two states for two, and one for one, however many there are', () => {
    const fingerprints = new Fingerprints();
    const states = Array.from({ length: 100_000 }, (_, index) => [index % 7, index, -1, index >> 3]);
    expect(states.filter((state) => !fingerprints.add(state))).toEqual([]);
    expect(states.filter((state) => fingerprints.add(state))).toEqual([]);
    expect(fingerprints.has([0, 0, -1, 0]) && !fingerprints.has([0, 0, 0, -1])).toBe(true);
  });

  it('counts what it has left when it is stopped', async () => {
    const stopped = await explore(smallWorld('sent-twice', 1), 'sequential', { goesOn: ({ ways }) => ways < 5 });
    expect(stopped.ways).toBeGreaterThanOrEqual(5);
    expect(stopped.left).toBeGreaterThan(0);
  });

  it('sees the same number of states every time', async () => {
    const [one, other] = [
      await explore(smallWorld('sent-twice', 1), 'atomic'),
      await explore(smallWorld('sent-twice', 1), 'atomic'),
    ];
    expect(one).toEqual(other);
  });
});
