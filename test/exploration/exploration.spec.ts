/**
 * Goal: in small worlds of sending nothing goes wrong, in whatever order things happen; and the walk would see it if it
 * did. Method: every way through a few of them; then the same worlds with one rule of sending switched off.
 */
import { describe, expect, it } from '@jest/globals';
import { copyWith } from '../support/mutants.js';
import { mutants } from '../support/send-mutants.js';
import type { StoreKind } from '../support/send-world.js';
import { Choices } from './choices.js';
import { explore } from './explore.js';
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
  ['collects a draft without a proof', 'draft-collected', 'sequential'],
  ['collects by a head that was read before the stream', 'draft-collected', 'eventstoredb'],
  ['gives the ack of a post to whoever names its id', 'another-text', 'sequential'],
  ['acknowledges before the append', 'sent-twice', 'atomic'],
];

describe('in a small world of sending, whatever the order', () => {
  it.each([
    ['sent-twice', 'atomic', 1],
    ['sent-twice', 'eventstoredb', 1],
    ['another-text', 'sequential', 0],
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

describe('the walk', () => {
  it('takes every way once, and comes to an end', () => {
    const walked: string[] = [];
    const branches: (readonly number[])[] = [[]];
    for (let branch = branches.pop(); branch !== undefined; branch = branches.pop()) {
      const choices = new Choices(branch);
      const first = choices.choose(3);
      const second = first === 1 ? choices.choose(2) : 0;
      walked.push(`${first}${second}`);
      branches.push(...choices.branches);
    }
    expect(walked.sort()).toEqual(['00', '10', '11', '20']);
  });

  it('counts what it has left when it is stopped', async () => {
    const stopped = await explore(smallWorld('sent-twice', 1), 'sequential', { goesOn: ({ ways }) => ways < 5 });
    expect(stopped).toMatchObject({ ways: 5, left: expect.any(Number) });
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
