/**
 * Goal: what a projection may not say does not compile. Method: the compiler reads this file, and an expected error that
 * does not come is an error; at run time only the declarations that it cannot see through are checked.
 */
import { describe, expect, it } from '@jest/globals';
import type { AccountId } from '../../../src/domain/kernel/ids.js';
import type { Instant } from '../../../src/domain/kernel/instant.js';
import { collectionOf } from '../../../src/projections/kernel/collection.js';
import { defineProjection, type Handlers, type Op } from '../../../src/projections/kernel/projection.js';
import { allProjections, projections } from '../../../src/projections/projections.js';

interface Probe {
  readonly accountId: AccountId;
  readonly changedAt?: Instant;
  readonly names?: readonly string[];
  readonly label?: string;
}

const collection = collectionOf<Probe>()({
  name: 'probe.v2',
  fields: { accountId: 'text', label: 'text' },
  key: ['accountId'],
  indexes: { byLabel: ['label'] },
  personal: ['label'],
});

const define = defineProjection(collection);
const key = { accountId: 'ada' as AccountId };

const probe = (on: Handlers<Probe, 'accountId', 'byLabel'>) => define({ name: 'probe', version: 2, on });
const op = (one: Op<Probe, 'accountId', 'byLabel'>) => one;
const remove = (accountId: AccountId) => op({ verb: 'remove', key: { accountId } });

/** Never run: each line below a comment must not compile. */
const refused = [
  // @ts-expect-error an event that does not exist
  () => probe({ AccountFrozen: () => [] }),
  // @ts-expect-error content is joined to its post and is no event of its own
  () => probe({ MessageComposed: () => [] }),
  // @ts-expect-error a field that the event lacks
  () => probe({ ProfileChanged: ({ data }) => [remove(data.owner)] }),
  // @ts-expect-error a field that the document lacks
  () => op({ verb: 'patch', key, set: { colour: 'red' } }),
  // @ts-expect-error a value of another type
  () => op({ verb: 'patch', key, set: { label: 7 } }),
  // @ts-expect-error a maximum of what is no number
  () => op({ verb: 'patch', key, max: { label: 7 } }),
  // @ts-expect-error taking out what every document has
  () => op({ verb: 'patch', key, unset: ['accountId'] }),
  // @ts-expect-error a set that is no list
  () => op({ verb: 'add', key, field: 'label', values: ['a'] }),
  // @ts-expect-error an index that is not declared
  () => op({ verb: 'forget', index: 'byName', equal: {} }),
  // @ts-expect-error an increment
  () => op({ verb: 'increment', key, field: 'changedAt' }),
  // @ts-expect-error another name than the collection is stored under
  () => define({ name: 'prober', version: 2, on: {} }),
  // @ts-expect-error another version than the collection is stored under
  () => define({ name: 'probe', version: 3, on: {} }),
];

describe('a declaration', () => {
  it('compiles when it names what there is', () => {
    const declared = define({
      name: 'probe',
      version: 2,
      on: {
        ProfileChanged: ({ data: { accountId, changedAt } }, { position }) => [
          { verb: 'patch', key: { accountId }, max: { changedAt }, unset: ['label'], onlyIf: { label: `${position}` } },
          { verb: 'add', key: { accountId }, field: 'names', values: ['a'] },
          { verb: 'forget', index: 'byLabel', equal: { label: 'a' } },
        ],
      },
    });
    expect(declared).toMatchObject({ name: 'probe', version: 2, collection: { name: 'probe.v2' } });
  });

  it('is refused by the compiler otherwise, as the lines above show', () => {
    expect(refused).toHaveLength(12);
  });

  it('says the type of every field of a key or an index', () => {
    const untyped = () =>
      collectionOf<Probe>()({
        name: 'probe.v1',
        fields: { accountId: 'text' },
        key: ['accountId'],
        indexes: { byLabel: ['label'] },
        personal: [],
      });
    expect(untyped).toThrow('does not say what type its field label has');
  });
});

describe('the table of projections', () => {
  it('has each under its stored name and version, with the questions that it answers', () => {
    for (const [name, { version, projection, queries }] of Object.entries(projections)) {
      expect([projection.name, projection.version, projection.collection.name]).toEqual([name, version, `${name}.v${version}`]);
      expect(Object.entries(queries).map(([query, ask]) => [query, ask.name])).toEqual(
        Object.keys(queries).map((query) => [query, query]),
      );
    }
    expect(allProjections).toHaveLength(Object.keys(projections).length);
  });

  it('forgets every personal field that a document keeps sealed', () => {
    const personal = Object.fromEntries(allProjections.map(({ name, collection: { personal: fields } }) => [name, fields]));
    expect(personal).toEqual({
      accounts: ['identifier', 'displayName'],
      devices: ['name', 'publicKey'],
      'conversation-list': ['title'],
      'conversation-members': ['account', 'handle'],
      'conversation-timeline': ['body', 'account', 'title'],
      receipts: [],
    });
  });
});
