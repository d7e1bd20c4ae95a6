/**
 * What every event store promises. Method: callers resend identically until they are told an outcome, as use cases do, so
 * that the same cases hold for a store that dies between any two writes. A restart is a second store over what the first left.
 */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { EventStore, RemovalMeta, StoredEvent, Write } from '../../src/application/ports/event-store.js';
import { STREAM_REMOVED } from '../../src/application/ports/event-store.js';
import { Unavailable } from '../../src/application/ports/failures.js';
import { newEvent, newEvents, newStream, removalMeta, untilKnown, write } from '../support/new-events.js';
import { until } from '../support/until.js';

export interface EventStoreUnderTest {
  readonly store: EventStore;
  /** The store that the next process finds. */
  restart(): Promise<EventStore>;
  /** Ends the store for its callers; what it has stays. */
  shut(): Promise<void>;
  close(): Promise<void>;
}

const ALL = 10_000;
const never = (): AbortSignal => new AbortController().signal;

export function eventStoreContract(name: string, open: () => Promise<EventStoreUnderTest>): void {
  describe(`EventStore: ${name}`, () => {
    let under: EventStoreUnderTest;
    let store: EventStore;

    const append = (...writes: Write[]) => untilKnown(() => store.append(writes));
    const remove = (stream: string, revision: number, meta: RemovalMeta = removalMeta()) =>
      untilKnown(() => store.remove(stream, revision, meta));
    const truncate = (stream: string, before: number) => untilKnown(() => store.truncate(stream, before));
    const idsIn = async (stream: string): Promise<string[]> => {
      const slice = await store.readStream(stream, 0, ALL);
      return slice.status === 'found' ? slice.events.map(({ id }) => id) : [slice.status];
    };
    const idsOf = (...events: { readonly id: string }[]): string[] => events.map(({ id }) => id);

    beforeEach(async () => {
      under = await open();
      store = under.store;
    });
    afterEach(() => under.close());

    it('The append-only store of sealed events: streams with dense revisions in one global order of positions.', async () => {
      const [one, other] = [newStream(), newStream()];
      const plain = newEvent({ data: '{"text":"Zoë \\u0000 😀","n":1}' });
      const caused = newEvent({ causationId: plain.id, type: 'Other', schemaVersion: 7, feedKey: 'key-2' });
      const last = newEvents(2);
      await append(write(one, 'no-stream', [plain]), write(other, 'no-stream'));
      await append(write(one, 0, [caused]));
      await append(write(one, 1, last));
      const all = await store.readAll(0, ALL);
      expect(all.map(({ stream, revision }) => [stream, revision])).toEqual([
        [one, 0],
        [other, 0],
        [one, 1],
        [one, 2],
        [one, 3],
      ]);
      expect(all.every(({ position }, at) => position > (all[at - 1]?.position ?? 0))).toBe(true);
      const inOne = all.filter(({ stream }) => stream === one);
      const expected = [plain, caused, ...last].map((event, at) => ({
        ...event,
        stream: one,
        revision: at,
        position: inOne[at]!.position,
      }));
      expect(inOne).toStrictEqual(expected);
      expect(await store.readStream(one, 0, ALL)).toStrictEqual({ status: 'found', events: expected, head: 3 });
    });

    it('No use case may need atomicity over several writes: an adapter may stop between any two of them.', async () => {
      const [content, post] = [newStream(), newStream()];
      await append(write(post, 'no-stream'));
      const writes = [write(content, 'no-stream'), write(post, 0), write(newStream(), 'no-stream')];
      await append(writes[0]!);
      const outcomes = await append(...writes);
      expect(outcomes.map(({ outcome }) => outcome)).toEqual(['appended', 'appended', 'appended']);
      expect(await idsIn(content)).toEqual(idsOf(...writes[0]!.events));
      expect((await store.readAll(0, ALL)).length).toBe(4);
    });

    it('What `append` has acknowledged is on disk (ADR 0011).', async () => {
      const streams = Array.from({ length: 5 }, newStream);
      await Promise.all(streams.map((stream) => append(write(stream, 'no-stream', newEvents(3)))));
      await append(write(streams[0]!, 2));
      const before = await store.readAll(0, ALL);
      expect(before.length).toBe(16);
      store = await under.restart();
      expect(await store.readAll(0, ALL)).toStrictEqual(before);
      expect(await append(write(streams[0]!, 2))).toEqual([{ outcome: 'wrong-expected-revision', head: 3 }]);
      const [outcome] = await append(write(streams[1]!, 2));
      expect(outcome).toMatchObject({ outcome: 'appended', revision: 3 });
    });

    it('The type of the record that `remove` leaves in the feed; its data is `{ "stream": name }`.', async () => {
      const stream = newStream();
      await append(write(stream, 'no-stream'));
      await remove(stream, 0);
      const record = (await store.readAll(0, ALL)).at(-1)!;
      expect([record.type, record.stream, record.schemaVersion]).toEqual([STREAM_REMOVED, stream, 1]);
      expect(JSON.parse(record.data)).toEqual({ stream });
    });

    it('A write has at least one event.', async () => {
      const stream = newStream();
      await expect(append(write(newStream(), 'no-stream'), write(stream, 'no-stream', []))).rejects.toThrow(Error);
      expect(await store.readStream(stream, 0, ALL)).toEqual({ status: 'absent' });
    });

    it("Revision and position of the write's last event.", async () => {
      const stream = newStream();
      const [outcome] = await append(write(stream, 'no-stream', newEvents(3)));
      const last = (await store.readAll(0, ALL)).at(-1)!;
      expect(outcome).toEqual({ outcome: 'appended', revision: 2, position: last.position });
    });

    it("The stream's head as it is; -1 when there is no stream.", async () => {
      const stream = newStream();
      const refused = (head: number) => ({ outcome: 'wrong-expected-revision', head });
      expect(await append(write(stream, 0))).toEqual([refused(-1)]);
      expect(await remove(stream, 0)).toEqual(refused(-1));
      expect(await remove(stream, -1)).toEqual(refused(-1));
      await append(write(stream, 'no-stream', newEvents(3)));
      expect(await append(write(stream, 'no-stream'))).toEqual([refused(2)]);
      expect(await append(write(stream, 1))).toEqual([refused(2)]);
      expect(await append(write(stream, 3))).toEqual([refused(2)]);
      expect(await remove(stream, 1)).toEqual(refused(2));
      expect((await idsIn(stream)).length).toBe(3);
    });

    it('Writes apply in order and stop at the first that is not appended; earlier ones stay.', async () => {
      const [first, second, third] = [newStream(), newStream(), newStream()];
      const writes = [write(first, 'no-stream'), write(first, 0), write(second, 5), write(third, 'no-stream')];
      await append(...writes);
      expect(await idsIn(first)).toEqual(idsOf(...writes[0]!.events, ...writes[1]!.events));
      expect(await idsIn(second)).toEqual(['absent']);
      expect(await idsIn(third)).toEqual(['absent']);
    });

    it('The answer has one outcome per write that was tried.', async () => {
      const stream = newStream();
      const kinds = async (...writes: Write[]) => (await append(...writes)).map(({ outcome }) => outcome);
      expect(await kinds(write(stream, 'no-stream'), write(stream, 0))).toEqual(['appended', 'appended']);
      expect(await kinds(write(stream, 1), write(stream, 1), write(stream, 2))).toEqual(['appended', 'wrong-expected-revision']);
      expect(await kinds(write(stream, 9), write(stream, 2))).toEqual(['wrong-expected-revision']);
      expect(await append()).toEqual([]);
    });

    it('A write that expects `any` is appended behind whatever the stream holds.', async () => {
      const stream = newStream();
      const standing: string[] = [];
      for (let round = 0; round < 3; round += 1) {
        const events = newEvents(2);
        const [outcome] = await append(write(stream, 'any', events));
        if (outcome?.outcome !== 'appended') throw new Error('A write that expects any was refused.');
        const ids = await idsIn(stream);
        expect(ids.slice(0, standing.length)).toEqual(standing);
        expect(ids.slice(outcome.revision - 1)).toEqual(idsOf(...events));
        standing.push(...ids.slice(standing.length));
      }
    });

    it('A write whose events, by their ids, stand already right where it wanted them is answered `appended` and adds nothing.', async () => {
      const stream = newStream();
      const first = write(stream, 'no-stream', newEvents(2));
      const second = write(stream, 1, newEvents(2));
      const third = write(stream, 3);
      const original = [...(await append(first)), ...(await append(second)), ...(await append(third))];
      expect(await append(first)).toEqual([original[0]]);
      expect(await append(second)).toEqual([original[1]]);
      expect(await append(first, second)).toEqual(original.slice(0, 2));
      expect(await store.readStream(stream, 0, 0)).toMatchObject({ head: 4 });

      const refused = { outcome: 'wrong-expected-revision', head: 4 };
      expect(await append(write(stream, 0, second.events))).toEqual([refused]);
      expect(await append(write(stream, 2, second.events))).toEqual([refused]);
      expect(await append(write(stream, 'no-stream', [first.events[0]!, newEvent()]))).toEqual([refused]);
      expect(await append(write(stream, 3))).toEqual([refused]);
      expect(await append(write(stream, 3, [...third.events, newEvent()]))).toEqual([refused]);
      expect((await store.readAll(0, ALL)).length).toBe(5);

      store = await under.restart();
      expect(await append(second, write(stream, 4))).toMatchObject([original[1], { outcome: 'appended', revision: 5 }]);
      const twice = write(newStream(), 'no-stream', newEvents(3));
      const [one, other] = await Promise.all([append(twice), append(twice)]);
      expect(one).toEqual(other);
      expect((await store.readAll(0, ALL)).length).toBe(9);
    });

    it('Of N writers with the same expected revision exactly one wins.', async () => {
      const stream = newStream();
      for (const expected of ['no-stream', 0, 1] as const) {
        const writers = Array.from({ length: 24 }, () => write(stream, expected));
        const outcomes = await Promise.all(writers.map((each) => append(each, write(newStream(), 'no-stream'))));
        const winners = writers.filter((_writer, at) => outcomes[at]![0]!.outcome === 'appended');
        expect(winners).toHaveLength(1);
        expect((await idsIn(stream)).at(-1)).toBe(winners[0]!.events[0]!.id);
      }
      expect((await idsIn(stream)).length).toBe(3);
    });

    it('A removed stream answers `removed` to every expectation.', async () => {
      const stream = newStream();
      const first = write(stream, 'no-stream', newEvents(2));
      await append(first);
      await remove(stream, 1);
      for (let round = 0; round < 2; round += 1) {
        for (const expected of ['no-stream', 'any', 0, 1, 2] as const) {
          expect(await append(write(stream, expected), write(newStream(), 'no-stream'))).toEqual([{ outcome: 'removed' }]);
        }
        expect(await append(first)).toEqual([{ outcome: 'removed' }]);
        store = await under.restart();
      }
    });

    it('Throws `Unavailable` when nothing was written, `OutcomeUnknown` when that cannot be told.', async () => {
      const [kept, stream] = [newStream(), newStream()];
      await append(write(kept, 'no-stream'));
      await under.shut();
      await expect(append(write(kept, 0), write(stream, 'no-stream'))).rejects.toBeInstanceOf(Unavailable);
      await expect(remove(kept, 0)).rejects.toBeInstanceOf(Unavailable);
      await expect(truncate(kept, 0)).rejects.toBeInstanceOf(Unavailable);
      await expect(store.readAll(0, ALL)).rejects.toBeInstanceOf(Unavailable);
      await expect(store.readStream(kept, 0, ALL)).rejects.toBeInstanceOf(Unavailable);
      store = await under.restart();
      expect((await store.readAll(0, ALL)).map((event) => event.stream)).toEqual([kept]);
    });

    it('Removes the events of a stream for ever, if its head is at the revision.', async () => {
      const [gone, kept] = [newStream(), newStream()];
      await append(write(gone, 'no-stream', newEvents(2)), write(kept, 'no-stream'), write(gone, 1));
      expect(await remove(gone, 1)).toEqual({ outcome: 'wrong-expected-revision', head: 2 });
      expect((await idsIn(gone)).length).toBe(3);
      expect(await remove(gone, 2)).toEqual({ outcome: 'removed' });
      for (let round = 0; round < 2; round += 1) {
        expect(await store.readStream(gone, 0, ALL)).toEqual({ status: 'removed' });
        expect((await store.readAll(0, ALL)).map(({ stream, type }) => [stream, type])).toEqual([
          [kept, 'SomethingHappened'],
          [gone, STREAM_REMOVED],
        ]);
        store = await under.restart();
      }
    });

    it('The removal is a record of its own in the feed, under the feed key that it is given.', async () => {
      const stream = newStream();
      await append(write(stream, 'no-stream', newEvents(2)));
      const before = await store.headPosition();
      const meta = removalMeta({ feedKey: 'the-conversation' });
      await remove(stream, 1, meta);
      const records = await store.readAll(before, ALL);
      expect(records).toHaveLength(1);
      expect(records[0]).toMatchObject({ ...meta, type: STREAM_REMOVED, stream, revision: 2 });
    });

    it('Removing a removed stream is answered `removed` and adds nothing.', async () => {
      const stream = newStream();
      await append(write(stream, 'no-stream'));
      await remove(stream, 0);
      const head = await store.headPosition();
      for (const revision of [-1, 0, 1]) expect(await remove(stream, revision)).toEqual({ outcome: 'removed' });
      expect(await store.headPosition()).toBe(head);
      expect(await store.readAll(head, ALL)).toEqual([]);
    });

    it('Takes the events of a stream below a revision away for good: no reader meets them again, in the stream or in the log.', async () => {
      const [stream, other] = [newStream(), newStream()];
      const events = newEvents(700);
      await append(
        write(stream, 'no-stream', events.slice(0, 400)),
        write(other, 'no-stream'),
        write(stream, 399, events.slice(400)),
      );
      expect(await truncate(stream, 600)).toEqual({ outcome: 'truncated', first: 600 });
      for (let round = 0; round < 2; round += 1) {
        expect(await idsIn(stream)).toEqual(idsOf(...events.slice(600)));
        expect((await store.readAll(0, ALL)).map(({ id }) => id)).toEqual([
          ...(await idsIn(other)),
          ...idsOf(...events.slice(600)),
        ]);
        store = await under.restart();
      }
    });

    it('What is left keeps its revision and position, and the stream its head and every expectation.', async () => {
      const stream = newStream();
      await append(write(stream, 'no-stream', newEvents(10)));
      const before = await store.readStream(stream, 6, ALL);
      await truncate(stream, 6);
      expect(await store.readStream(stream, 6, ALL)).toStrictEqual(before);
      for (let revision = 9; revision < 12; revision += 1) {
        const refused = { outcome: 'wrong-expected-revision', head: revision };
        for (const expected of ['no-stream', 4, revision - 1] as const)
          expect(await append(write(stream, expected))).toEqual([refused]);
        expect(await remove(stream, 5)).toEqual(refused);
        expect(await append(write(stream, revision))).toMatchObject([{ outcome: 'appended', revision: revision + 1 }]);
        store = await under.restart();
      }
      expect(await append(write(stream, 'any'))).toMatchObject([{ outcome: 'appended' }]);
    });

    it('The newest event of a stream stays, whatever the revision.', async () => {
      const stream = newStream();
      const last = newEvent();
      await append(write(stream, 'no-stream', [...newEvents(3), last]));
      expect(await truncate(stream, 1_000)).toEqual({ outcome: 'truncated', first: 3 });
      expect(await idsIn(stream)).toEqual([last.id]);
      store = await under.restart();
      expect(await append(write(stream, 3))).toMatchObject([{ outcome: 'appended', revision: 4 }]);
    });

    it('Reading from a revision that is gone begins with the first that is left.', async () => {
      const stream = newStream();
      await append(write(stream, 'no-stream', newEvents(20)));
      await truncate(stream, 12);
      const revisions = async (from: number, max: number) => {
        const slice = await store.readStream(stream, from, max);
        return slice.status === 'found' ? [slice.head, ...slice.events.map(({ revision }) => revision)] : [];
      };
      expect(await revisions(0, 3)).toEqual([19, 12, 13, 14]);
      expect(await revisions(11, 1)).toEqual([19, 12]);
      expect(await revisions(12, 2)).toEqual([19, 12, 13]);
      expect(await revisions(18, ALL)).toEqual([19, 18, 19]);
      expect(await revisions(0, 0)).toEqual([19]);
    });

    it('A write is still recognised when it is sent again, if all its events are left.', async () => {
      const stream = newStream();
      const [first, second] = [write(stream, 'no-stream', newEvents(4)), write(stream, 3, newEvents(4))];
      await append(first);
      const [original] = await append(second);
      await truncate(stream, 4);
      expect(await append(second)).toEqual([original]);
      expect(await append(first)).toEqual([{ outcome: 'wrong-expected-revision', head: 7 }]);
      await truncate(stream, 6);
      expect(await append(second)).toEqual([{ outcome: 'wrong-expected-revision', head: 7 }]);
      expect((await store.readAll(0, ALL)).length).toBe(2);
    });

    it('Truncating again, or at a lower revision, changes nothing.', async () => {
      const stream = newStream();
      await append(write(stream, 'no-stream', newEvents(9)));
      await truncate(stream, 5);
      const before = await store.readAll(0, ALL);
      for (const revision of [5, 3, 0, -1]) {
        expect(await truncate(stream, revision)).toEqual({ outcome: 'truncated', first: 5 });
        store = await under.restart();
      }
      expect(await store.readAll(0, ALL)).toStrictEqual(before);
    });

    it('Nothing of it shows in the feed, and a reader with an old position goes on at the next event that is left.', async () => {
      const [stream, other] = [newStream(), newStream()];
      for (let round = 0; round < 6; round += 1) await append(write(stream, 'any'), write(other, 'any'));
      const all = await store.readAll(0, ALL);
      const head = await store.headPosition();
      await truncate(stream, 4);
      expect(await store.headPosition()).toBe(head);
      const left = all.filter((event) => event.stream === other || event.revision >= 4);
      for (const { position } of all) {
        expect(await store.readAll(position, ALL)).toStrictEqual(left.filter((event) => event.position > position));
      }
    });

    it('It is on disk when it is answered; cut off on the way, it leaves a stream that begins somewhere between, without a hole.', async () => {
      const stream = newStream();
      await append(write(stream, 'no-stream', newEvents(800)));
      const under800 = store.truncate(stream, 799).catch((error: unknown) => error);
      await Promise.race([under800, new Promise((resolve) => setImmediate(resolve))]);
      store = await under.restart();
      await under800;
      const slice = await store.readStream(stream, 0, ALL);
      if (slice.status !== 'found') throw new Error(slice.status);
      const [{ revision: first }] = slice.events as [StoredEvent];
      expect(slice.events.map(({ revision }) => revision)).toEqual(Array.from({ length: 800 - first }, (_, at) => first + at));
      expect(await store.readAll(0, ALL)).toStrictEqual(slice.events);
      expect(await truncate(stream, 799)).toEqual({ outcome: 'truncated', first: 799 });
      store = await under.restart();
      expect((await idsIn(stream)).length).toBe(1);
    });

    it('A stream that is absent or removed is answered so, and stays so; a truncated one is removed like any other.', async () => {
      const [absent, stream] = [newStream(), newStream()];
      expect(await truncate(absent, 5)).toEqual({ outcome: 'absent' });
      expect(await store.readStream(absent, 0, ALL)).toEqual({ status: 'absent' });
      await append(write(stream, 'no-stream', newEvents(5)));
      await truncate(stream, 3);
      expect(await remove(stream, 4)).toEqual({ outcome: 'removed' });
      for (let round = 0; round < 2; round += 1) {
        expect(await truncate(stream, 5)).toEqual({ outcome: 'removed' });
        expect(await store.readStream(stream, 0, ALL)).toEqual({ status: 'removed' });
        expect((await store.readAll(0, ALL)).map(({ revision, type }) => [revision, type])).toEqual([[5, STREAM_REMOVED]]);
        store = await under.restart();
      }
    });

    it("The events of one stream in order, from a revision on, at most `max` of them, with the stream's head at that moment.", async () => {
      const [stream, other] = [newStream(), newStream()];
      for (let revision = -1; revision < 9; revision += 2) {
        await append(write(stream, revision < 0 ? 'no-stream' : revision, newEvents(2)), write(other, 'any'));
      }
      const revisions = async (from: number, max: number) => {
        const slice = await store.readStream(stream, from, max);
        if (slice.status !== 'found') throw new Error(slice.status);
        expect(slice.head).toBe(9);
        expect(slice.events.every((event) => event.stream === stream)).toBe(true);
        return slice.events.map(({ revision }) => revision);
      };
      expect(await revisions(0, ALL)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
      expect(await revisions(3, 4)).toEqual([3, 4, 5, 6]);
      expect(await revisions(8, ALL)).toEqual([8, 9]);
      expect(await revisions(10, ALL)).toEqual([]);
      expect(await revisions(0, 0)).toEqual([]);
      expect(await store.readStream(newStream(), 0, ALL)).toEqual({ status: 'absent' });
    });

    it('All events in the order of positions, after a position, at most `max` of them.', async () => {
      expect(await store.readAll(0, ALL)).toEqual([]);
      const streams = Array.from({ length: 20 }, newStream);
      for (const stream of streams) await append(write(stream, 'no-stream'));
      await remove(streams[3]!, 0);
      const all = await store.readAll(0, ALL);
      expect(all).toHaveLength(20);
      const paged: StoredEvent[] = [];
      for (let page = await store.readAll(0, 7); page.length > 0; page = await store.readAll(page.at(-1)!.position, 7)) {
        expect(page.length).toBeLessThanOrEqual(7);
        paged.push(...page);
      }
      expect(paged).toStrictEqual(all);
    });

    it('A reader never sees a hole that fills later.', async () => {
      let open = 40;
      const writers = Array.from({ length: open }, async () => {
        const [one, other] = [newStream(), newStream()];
        await append(write(one, 'no-stream'), write(other, 'no-stream'), write(one, 0));
        open -= 1;
      });
      let seen: string[] = [];
      await until('all have written', async () => {
        const now = idsOf(...(await store.readAll(0, ALL)));
        expect(now.slice(0, seen.length)).toEqual(seen);
        seen = now;
        return open === 0;
      });
      await Promise.all(writers);
      expect(idsOf(...(await store.readAll(0, ALL))).slice(0, seen.length)).toEqual(seen);
    });

    it('The position of the newest event; 0 when there is none.', async () => {
      expect(await store.headPosition()).toBe(0);
      const [outcome] = await append(write(newStream(), 'no-stream', newEvents(2)));
      expect(outcome).toMatchObject({ position: await store.headPosition() });
      store = await under.restart();
      expect(outcome).toMatchObject({ position: await store.headPosition() });
    });

    it('Resolves as soon as an event after the position exists, or the signal is aborted.', async () => {
      await append(write(newStream(), 'no-stream'));
      await store.appendedAfter(0, never());
      await store.appendedAfter(100, AbortSignal.abort());
      const head = await store.headPosition();
      const woken: string[] = [];
      const abort = new AbortController();
      const waits = [
        store.appendedAfter(head, never()).then(() => woken.push('next')),
        store.appendedAfter(head + 1, never()).then(() => woken.push('after next')),
        store.appendedAfter(head, abort.signal).then(() => woken.push('next too')),
        store.appendedAfter(head + 9, abort.signal).then(() => woken.push('aborted')),
      ];
      await append(write(newStream(), 'no-stream'));
      await until('the next event wakes', () => woken.length === 2);
      await store.readAll(0, ALL);
      expect(woken.sort()).toEqual(['next', 'next too']);
      await append(write(newStream(), 'no-stream'));
      await until('the event after wakes', () => woken.includes('after next'));
      expect(woken).not.toContain('aborted');
      abort.abort();
      await Promise.all(waits);
    });
  });
}
