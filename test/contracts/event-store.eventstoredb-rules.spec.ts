/** What an event store may answer that counts event ids as EventStoreDB does: use cases must bear it, so the simulation must have it. */
import { describe, expect, it } from '@jest/globals';
import { InMemoryEventStore } from '../../src/adapters/in-memory/in-memory-event-store.js';
import { newEvent, newEvents, newStream, write } from '../support/new-events.js';

const open = () => new InMemoryEventStore({ sequential: true, eventIds: 'eventstoredb' });

describe('An in-memory event store with the event ids of EventStoreDB', () => {
  it('answers `appended` to a write that expects no stream and repeats its first event, whatever the rest is', async () => {
    const store = open();
    const [stream, first] = [newStream(), newEvent()];
    const [original] = await store.append([write(stream, 'no-stream', [first])]);
    const outcomes = await store.append([write(stream, 'no-stream', [first, ...newEvents(2)]), write(newStream(), 'no-stream')]);
    expect(outcomes).toMatchObject([original, { outcome: 'appended' }]);
    expect(await store.readStream(stream, 0, 9)).toMatchObject({ events: [{ id: first.id }], head: 0 });
  });

  it('refuses a write that expects no stream and begins with another event', async () => {
    const store = open();
    const [stream, first] = [newStream(), newEvent()];
    await store.append([write(stream, 'no-stream', [first])]);
    const outcomes = await store.append([write(stream, 'no-stream', [newEvent(), first])]);
    expect(outcomes).toEqual([{ outcome: 'wrong-expected-revision', head: 0 }]);
  });

  it('does not look at ids when the expected revision fits', async () => {
    const store = open();
    const [stream, event] = [newStream(), newEvent()];
    await store.append([write(stream, 'no-stream', [event])]);
    expect(await store.append([write(stream, 0, [event])])).toMatchObject([{ outcome: 'appended', revision: 1 }]);
  });

  it('compares all ids when a revision was expected', async () => {
    const store = open();
    const [stream, events] = [newStream(), newEvents(2)];
    await store.append([write(stream, 'no-stream'), write(stream, 0, events)]);
    expect(await store.append([write(stream, 0, events)])).toMatchObject([{ outcome: 'appended', revision: 2 }]);
    expect(await store.append([write(stream, 0, [events[0]!, newEvent()])])).toMatchObject([{ head: 2 }]);
  });
});

describe('An in-memory event store that is sequential', () => {
  it('lets others in between the writes of one append', async () => {
    const contested = newStream();
    for (const sequential of [false, true]) {
      const store = new InMemoryEventStore({ sequential });
      const slow = store.append([write(newStream(), 'no-stream'), write(contested, 'no-stream')]);
      const quick = store.append([write(contested, 'no-stream')]);
      const outcomes = [(await slow)[1]!.outcome, (await quick)[0]!.outcome];
      expect(outcomes).toEqual(sequential ? ['wrong-expected-revision', 'appended'] : ['appended', 'wrong-expected-revision']);
    }
  });
});
