/**
 * Goal: what is stored says what the catalogue says and no more, and an event that was once stored is understood for
 * ever. Method: the frozen examples, and probes of each kind of field.
 */
import { describe, expect, it } from '@jest/globals';
import type { StoredDomainEvent } from '../../src/application/event-catalogue.js';
import { eventCatalogue } from '../../src/application/event-catalogue.js';
import { EventCodec } from '../../src/application/event-codec.js';
import { isUuid } from '../../src/domain/kernel/ids.js';
import { fieldProblems, fieldsOf, words } from '../support/event-fields.js';
import { goldenEvents } from '../support/golden-events.js';

const types = Object.keys(eventCatalogue) as StoredDomainEvent['type'][];
const codec = new EventCodec({ seal: () => Promise.reject(new Error('Reading seals nothing.')) });
const byFile = goldenEvents.map((golden) => [golden.file, golden] as const);
const dataOf = (type: StoredDomainEvent['type']) => goldenEvents.find(({ stored }) => stored.type === type)!.data;

describe('every frozen event', () => {
  it.each(byFile)('%s is understood as it was stored, its personal fields left sealed', (_, { stored, data }) => {
    const { data: _data, type, ...meta } = stored;
    expect(codec.decode(stored)).toEqual({ type, data, meta });
    expect(codec.decodeFeed(stored)).toEqual(codec.decode(stored));
  });

  it.each(byFile)('%s says what the catalogue says, and no more', (_, { stored, data }) => {
    expect(fieldProblems(stored.type, data)).toEqual([]);
  });

  it.each(byFile)('%s shows every field of its type', (_, { stored, data }) => {
    expect(Object.keys(data).sort()).toEqual(Object.keys(fieldsOf(stored.type)).sort());
  });

  it.each(byFile)('%s is ordered by the field that the catalogue names', (_, { stored, data }) => {
    expect(stored.feedKey).toBe(data[eventCatalogue[stored.type].feedKey]);
    expect(isUuid(stored.feedKey)).toBe(true);
  });

  it('is there for every type', () => {
    expect(new Set(goldenEvents.map(({ stored }) => stored.type))).toEqual(new Set(types));
  });
});

describe('the catalogue', () => {
  it.each(types)('orders %s by one of its own ids', (type) => {
    expect(fieldsOf(type)[eventCatalogue[type].feedKey]).toBe('id');
  });

  it.each(types)('says whose the personal fields of %s are, by a field that it has', (type) => {
    for (const field of Object.values(fieldsOf(type))) {
      if (typeof field === 'string' || field.whose === 'actor') continue;
      expect(fieldsOf(type)).toHaveProperty(field.whose);
    }
  });

  it.each(types)('finds the context of the personal fields of %s', (type) => {
    const needsConversation = Object.values(fieldsOf(type)).some(
      (field) => typeof field !== 'string' && field.context === 'conversation',
    );
    if (needsConversation) expect(fieldsOf(type)).toHaveProperty('conversationId', 'id');
  });

  it('has no field of words whose words are not listed, and no list without a field', () => {
    const named = types.flatMap((type) =>
      Object.entries(fieldsOf(type)).flatMap(([name, kind]) => (kind === 'word' ? [name] : [])),
    );
    expect([...new Set(named)].sort()).toEqual(Object.keys(words).sort());
  });
});

describe('a probe', () => {
  const refused = (type: StoredDomainEvent['type'], change: Record<string, unknown>) =>
    expect(fieldProblems(type, { ...dataOf(type), ...change })).toHaveLength(1);

  it('of a text that nobody declared is refused', () => {
    refused('MessagePosted', { preview: 'Rehearsal at eight.' });
    refused('MessagePosted', { toString: 'Ada' });
  });

  it('of a personal field in clear, erased, half sealed or beside its seal is refused', () => {
    const { name } = dataOf('DeviceLinked') as { name: { sealed: string } };
    expect(fieldProblems('DeviceLinked', { ...dataOf('DeviceLinked'), name })).toEqual([]);
    for (const value of ['Kitchen tablet', { erased: true }, { sealed: 'Kitchen' }, { ...name, clear: 'Kitchen' }, null]) {
      refused('DeviceLinked', { name: value });
    }
    refused('MemberAdded', { account: '00000000-0000-4000-8000-0000000000a1' });
  });

  it('of an id that is no UUID is refused', () => {
    for (const value of ['Ada', '00000000-0000-4000-8000-0000000000A1', 7]) refused('MemberLeft', { memberId: value });
  });

  it('of a word that is not listed, or that says more than a word, is refused', () => {
    for (const value of ['admin', 'Ada Lovelace', 'toString', 1]) refused('MemberAdded', { role: value });
  });

  it('of a number or an instant that is something else is refused', () => {
    for (const value of ['3', 1.5, Number.NaN, -2]) refused('MemberLeft', { seq: value });
    for (const value of ['2026-01-02', 0, 1.5]) refused('MemberLeft', { leftAt: value });
  });

  it('of a code of another form is refused', () => {
    for (const value of ['secret', 'a'.repeat(42), `${'a'.repeat(42)}=`]) refused('MessageComposed', { bodyMac: value });
  });
});
