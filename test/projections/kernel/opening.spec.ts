import { describe, expect, it } from '@jest/globals';
import { ERASED, type Personal, type Sealed } from '../../../src/domain/kernel/personal.js';
import { type Open, opened } from '../../../src/projections/kernel/opening.js';
import { fakeKeys, sealed } from '../../support/fake-keys.js';

interface Answer {
  readonly items: readonly {
    readonly name: Personal<string>;
    readonly at: number;
    readonly deep?: { readonly body: Personal<object> };
  }[];
  readonly nothing?: undefined;
}

describe('opened', () => {
  it('opens all that is sealed in an answer, wherever it stands, in one call', async () => {
    const calls: (readonly Sealed[])[] = [];
    const { open } = fakeKeys(new Set(['dead']));
    const counting: Open = (values) => {
      calls.push(values);
      return open(values);
    };
    const name = (subject: string) => sealed(subject, subject) as Personal<string>;
    const answer: Answer = {
      items: [
        { name: name('ada'), at: 1, deep: { body: sealed('ada', { text: 'hi' }) } },
        { name: name('dead'), at: 2 },
        { name: ERASED, at: 3 },
        { name: 'clear', at: 4 },
      ],
    };
    expect(await opened(answer, counting)).toEqual({
      items: [
        { name: 'ada', at: 1, deep: { body: { text: 'hi' } } },
        { name: ERASED, at: 2 },
        { name: ERASED, at: 3 },
        { name: 'clear', at: 4 },
      ],
    });
    expect(calls.map((values) => values.length)).toEqual([3]);
  });

  it('asks nobody when nothing is sealed', async () => {
    const never: Open = () => Promise.reject(new Error('It was asked.'));
    for (const plain of ['hidden', undefined, 7, { a: [1, { b: ERASED }] }]) expect(await opened(plain, never)).toEqual(plain);
  });

  it('does not take a missing answer for an empty value', async () => {
    await expect(opened({ a: sealed('ada', 'a') }, async () => [])).rejects.toThrow('Fewer values came back');
  });
});
