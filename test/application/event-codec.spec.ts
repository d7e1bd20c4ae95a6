/** Goal: nothing personal reaches a store in clear, and nothing that is stored is passed over or understood wrongly. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import { InMemoryRootKeys } from '../../src/adapters/in-memory/in-memory-root-keys.js';
import { InMemorySubjectKeys } from '../../src/adapters/in-memory/in-memory-subject-keys.js';
import type { EventDraft } from '../../src/application/event-codec.js';
import { EventCodec } from '../../src/application/event-codec.js';
import type { NewEvent, StoredEvent } from '../../src/application/ports/event-store.js';
import { STREAM_REMOVED } from '../../src/application/ports/event-store.js';
import type { SealRequest, SubjectKeys } from '../../src/application/ports/subject-keys.js';
import type {
  AccountId,
  ComposeId,
  ConversationId,
  CorrelationId,
  DeviceId,
  EventId,
  MemberId,
  MessageId,
} from '../../src/domain/kernel/ids.js';
import { instant } from '../../src/domain/kernel/instant.js';
import type { Sealed } from '../../src/domain/kernel/personal.js';
import { ERASED } from '../../src/domain/kernel/personal.js';
import { fieldProblems } from '../support/event-fields.js';
import { exampleId } from '../support/example-ids.js';
import { TestClock } from '../support/test-clock.js';

const ada = exampleId<AccountId>(1);
const bob = exampleId<AccountId>(2);
const conversationId = exampleId<ConversationId>(3);
const at = instant(1_700_000_000_000);

const meta = (number: number) => ({
  id: exampleId<EventId>(0x100 + number),
  recordedAt: at,
  correlationId: exampleId<CorrelationId>(0x200),
});
const joining = (number: number, account: AccountId | Sealed | typeof ERASED): EventDraft => ({
  ...meta(number),
  stream: `conversation-${conversationId}`,
  event: {
    type: 'MemberAdded',
    data: {
      conversationId,
      memberId: exampleId<MemberId>(0x300 + number),
      account,
      role: 'member',
      addedBy: exampleId<MemberId>(0x301),
      fromSeq: 1,
      seq: number,
      count: 0,
      addedAt: at,
    },
  },
});
const composing = (number: number, actor?: AccountId): EventDraft => ({
  ...meta(number),
  stream: `message-${exampleId(0x400)}`,
  ...(actor === undefined ? {} : { actor }),
  event: {
    type: 'MessageComposed',
    data: {
      messageId: exampleId<MessageId>(0x400),
      conversationId,
      memberId: exampleId<MemberId>(0x301),
      composeId: exampleId<ComposeId>(0x500 + number),
      baseRevision: 3,
      bodyMac: 'm'.repeat(43),
      body: { content: { type: 'text', text: 'Rehearsal at eight' }, deviceId: exampleId<DeviceId>(6) },
    },
  },
});
const renaming = (number: number): EventDraft => ({
  ...meta(number),
  stream: `account-${ada}`,
  event: { type: 'ProfileChanged', data: { accountId: ada, displayName: 'Ada', changedAt: at } },
});
const leaving = (number: number): EventDraft => ({
  ...meta(number),
  stream: `conversation-${conversationId}`,
  event: {
    type: 'MemberLeft',
    data: { conversationId, memberId: exampleId<MemberId>(0x301), seq: 4, count: 0, leftAt: at },
  },
});

let keys: SubjectKeys;
let codec: EventCodec;

beforeEach(async () => {
  keys = await InMemorySubjectKeys.open(new InMemoryRootKeys(), new TestClock());
  codec = new EventCodec(keys);
  await Promise.all([ada, bob, conversationId].map((subject) => keys.register(subject)));
});

const recordOf = (answer: NewEvent | 'fenced' | 'erased' | undefined): NewEvent => {
  if (answer === undefined || typeof answer === 'string') throw new Error(`No record: ${answer}`);
  return answer;
};
const storedOf = (record: NewEvent): StoredEvent => ({ ...record, stream: 'any', revision: 0, position: 1 });

describe('encoding', () => {
  it('seals what is personal, each for its event and field, and leaves the rest', async () => {
    const drafts = [renaming(1), joining(2, bob), composing(3, ada), leaving(4)];
    const records = (await codec.encode(drafts)).map(recordOf);
    const values = ['Ada', bob, { content: { type: 'text', text: 'Rehearsal at eight' }, deviceId: exampleId(6) }];
    const fields = ['displayName', 'account', 'body'];
    for (const [index, record] of records.entries()) {
      const { event, id } = drafts[index]!;
      const data = JSON.parse(record.data) as Record<string, unknown>;
      expect(fieldProblems(event.type, data)).toEqual([]);
      const field = fields[index];
      expect({ ...data, ...(field && { [field]: null }) }).toEqual({ ...event.data, ...(field && { [field]: null }) });
      if (field === undefined) continue;
      const [opened] = await keys.open([data[field] as Sealed]);
      expect(opened).toEqual({ value: values[index], eventType: event.type, eventId: id, fieldPath: field });
    }
  });

  it('writes metadata that is a closed list', async () => {
    const causationId = exampleId<EventId>(9);
    const [record] = await codec.encode([{ ...leaving(1), causationId }]);
    const { id, recordedAt, correlationId } = meta(1);
    const data = JSON.stringify(leaving(1).event.data);
    expect(record).toEqual({
      id,
      type: 'MemberLeft',
      schemaVersion: 1,
      recordedAt,
      feedKey: conversationId,
      correlationId,
      causationId,
      data,
    });
    expect(Object.keys(recordOf((await codec.encode([leaving(1)]))[0]))).not.toContain('causationId');
  });

  it('orders by conversation what stands in its message and receipts streams', async () => {
    const records = (await codec.encode([composing(1, ada), renaming(2)])).map(recordOf);
    expect(records.map(({ feedKey }) => feedKey)).toEqual([conversationId, ada]);
  });

  it('asks the keys once, whatever number of events there are, and not at all for what holds nothing personal', async () => {
    const asked: number[] = [];
    const counting = new EventCodec({
      seal: (requests: readonly SealRequest[]) => {
        asked.push(requests.length);
        return keys.seal(requests);
      },
    });
    await counting.encode(Array.from({ length: 40 }, (_, index) => joining(index, index % 2 ? ada : bob)));
    await counting.encode([leaving(1)]);
    expect(asked).toEqual([40]);
  });

  it('pads names and not content', async () => {
    const lengthOf = async (draft: EventDraft, field: string): Promise<number> => {
      const [record] = await codec.encode([draft]);
      return (JSON.parse(recordOf(record).data) as Record<string, Sealed>)[field]!.sealed.length;
    };
    const named = (displayName: string): EventDraft => ({
      ...renaming(1),
      event: { type: 'ProfileChanged', data: { accountId: ada, displayName, changedAt: at } },
    });
    expect(await lengthOf(named('Al'), 'displayName')).toBe(await lengthOf(named('Alexandrina'), 'displayName'));
  });

  it('answers in order why a subject can no longer be written for, and writes the others', async () => {
    await keys.fence(bob);
    const fenced = await codec.encode([joining(1, ada), joining(2, bob), leaving(3), composing(4, bob)]);
    expect(fenced.map((one) => (typeof one === 'string' ? one : 'record'))).toEqual(['record', 'fenced', 'record', 'fenced']);
    await keys.destroy(bob);
    const erased = await codec.encode([joining(5, bob), joining(6, ada), composing(7, bob)]);
    expect(erased.map((one) => (typeof one === 'string' ? one : 'record'))).toEqual(['erased', 'record', 'erased']);
    expect(await codec.encode([joining(8, exampleId<AccountId>(99))])).toEqual(['erased']);
  });

  it('throws for content without its author', async () => {
    await expect(codec.encode([composing(1)])).rejects.toThrow('MessageComposed.body was written without saying whose it is');
  });

  it('throws for what is sealed or erased already', async () => {
    const [record] = await codec.encode([joining(1, bob)]);
    const { account } = JSON.parse(recordOf(record).data) as { account: Sealed };
    await expect(codec.encode([joining(2, account)])).rejects.toThrow('MemberAdded.account would be sealed twice');
    await expect(codec.encode([joining(2, ERASED)])).rejects.toThrow('MemberAdded.account would be sealed twice');
  });

  it('throws for a type that is not in the catalogue', async () => {
    const event = { type: 'MemberMoved', data: { conversationId } } as unknown as EventDraft['event'];
    await expect(codec.encode([{ ...leaving(1), event }])).rejects.toThrow('MemberMoved is not in the catalogue');
  });

  it('leaves the draft as it was, so that an attempt can be formed from it again', async () => {
    const draft = joining(1, bob);
    await codec.encode([draft]);
    expect(draft).toEqual(joining(1, bob));
  });
});

describe('decoding', () => {
  it('gives the event back with its personal fields sealed', async () => {
    const stored = storedOf(recordOf((await codec.encode([joining(1, bob)]))[0]));
    const { type, data, ...place } = stored;
    expect(codec.decode(stored)).toEqual({ type, data: JSON.parse(data), meta: place });
  });

  it('throws for a newer version than this code knows', async () => {
    const stored = storedOf(recordOf((await codec.encode([leaving(1)]))[0]));
    expect(() => codec.decode({ ...stored, schemaVersion: 2 })).toThrow('MemberLeft has schema version 2, this code knows 1');
    expect(() => codec.decodeFeed({ ...stored, schemaVersion: 2 })).toThrow('older than the store');
  });

  it('throws for a type that this code does not know: skipping would be losing', async () => {
    const stored = storedOf(recordOf((await codec.encode([leaving(1)]))[0]));
    for (const type of ['MemberMoved', 'toString', STREAM_REMOVED]) {
      expect(() => codec.decode({ ...stored, type })).toThrow(`${type} is not in the catalogue`);
    }
    expect(() => codec.decodeFeed({ ...stored, type: 'MemberMoved' })).toThrow('MemberMoved is not in the catalogue');
  });

  it('gives a reader of the feed the records of removed streams', () => {
    const stream = `message-${exampleId(0x400)}`;
    const { id, recordedAt, correlationId } = meta(1);
    const place = { id, recordedAt, correlationId, feedKey: conversationId, schemaVersion: 1, stream, revision: 1, position: 9 };
    const stored: StoredEvent = { ...place, type: STREAM_REMOVED, data: JSON.stringify({ stream }) };
    expect(codec.decodeFeed(stored)).toEqual({ type: STREAM_REMOVED, data: { stream }, meta: place });
  });
});
