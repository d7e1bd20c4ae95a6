/**
 * What the event store on SQLite promises beyond the port: segments, restarts, removal across both, and kill -9.
 * Method: thresholds so small that a few hundred events seal, merge and drop many segments; every restart may fall into
 * the middle of that, which is what a crash leaves as well, since the upkeep has no other memory than the file.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import Database from 'better-sqlite3';
import type { SqliteEventStore } from '../../src/adapters/sqlite/sqlite-event-store.js';
import type { StreamIndexOptions } from '../../src/adapters/sqlite/stream-index.js';
import type { EventStore, StoredEvent } from '../../src/application/ports/event-store.js';
import { EventsFolder } from '../support/events-folder.js';
import { newEvent, newEvents, newStream, removalMeta, write } from '../support/new-events.js';
import { until } from '../support/until.js';

const SMALL: StreamIndexOptions = { segmentEvents: 400, segmentsPerLevel: 3, headsMax: 5 };
const ALL = 100_000;

describe('SqliteEventStore', () => {
  let folder: EventsFolder;
  beforeEach(async () => {
    folder = await EventsFolder.make();
  });
  afterEach(() => folder.remove());

  const rows = (sql: string): unknown[] => folder.writer.connection.prepare(sql).pluck().all();
  const levels = () => rows('SELECT level FROM index_segments ORDER BY last_position');
  /** Segments that have pages and are not listed: half written, or not dropped yet. */
  const unlisted = () =>
    rows('SELECT DISTINCT page / 4194304 FROM index_pages WHERE page / 4194304 NOT IN (SELECT segment FROM index_segments)');

  /** A hot stream in every append, and streams of one event. */
  async function fill(store: EventStore, hot: string, appends: number): Promise<void> {
    for (let done = 0; done < appends; done += 50) {
      const writes = Array.from({ length: 50 }, () => [write(newStream(), 'no-stream'), write(hot, 'any')]);
      await Promise.all(writes.map((each) => store.append(each)));
    }
  }

  async function expectIndexed(store: EventStore, all: readonly StoredEvent[]): Promise<void> {
    const streams = [...Map.groupBy(all, ({ stream }) => stream)];
    for (const [stream, events] of streams) {
      expect(await store.readStream(stream, 0, ALL)).toStrictEqual({ status: 'found', events, head: events.length - 1 });
    }
    const refusals = await Promise.all(streams.map(([stream]) => store.append([write(stream, 'no-stream')])));
    expect(refusals).toEqual(streams.map(([, { length }]) => [{ outcome: 'wrong-expected-revision', head: length - 1 }]));
  }

  it('seals the tail into segments, merges them level by level, and drops what was merged', async () => {
    const store = folder.open(SMALL);
    const hot = newStream();
    await fill(store, hot, 2_600);
    const all = await store.readAll(0, ALL);
    expect(all).toHaveLength(5_200);
    expect(Math.max(...(levels() as number[]))).toBe(2);
    expect(levels()).toEqual([...(levels() as number[])].sort().reverse());
    await expectIndexed(store, all);
    await until(
      'upkeep is done',
      () => unlisted().length === 0,
      () => fill(store, newStream(), 50),
    );
    const next = folder.open(SMALL);
    await expectIndexed(next, await next.readAll(0, ALL));
  });

  it('finds the page of a revision in a stream that fills many pages of many segments', async () => {
    let store = folder.open(SMALL);
    const hot = newStream();
    await fill(store, hot, 1_300);
    for (let start = 0; start < 2; start += 1) {
      for (const from of [0, 1, 167, 168, 169, 200, 599, 600, 1_100, 1_298, 1_299]) {
        const slice = await store.readStream(hot, from, 70);
        const revisions = slice.status === 'found' ? slice.events.map(({ revision }) => revision) : [];
        expect(revisions).toEqual(Array.from({ length: Math.min(70, 1_300 - from) }, (_, at) => from + at));
      }
      store = folder.open(SMALL);
    }
  });

  it('begins a segment again that a crash left half written, and never uses its id', async () => {
    let store = folder.open(SMALL);
    await fill(store, newStream(), 200);
    let halfWritten = 0;
    for (let round = 0; round < 12; round += 1) {
      await store.append([write(newStream(), 'no-stream')]);
      halfWritten += unlisted().length;
      store = folder.open(SMALL);
    }
    expect(halfWritten).toBeGreaterThan(0);
    await until(
      'the segment is sealed',
      () => levels().length > 0,
      () => store.append([write(newStream(), 'no-stream')]),
    );
    await until(
      'leftovers are dropped',
      () => unlisted().length === 0,
      () => store.append([write(newStream(), 'no-stream')]),
    );
    await expectIndexed(store, await store.readAll(0, ALL));
  });

  it('reads only the tail at a start, and refuses one that is damaged', async () => {
    await fill(folder.open(SMALL), newStream(), 400);
    const sealed = Math.max(...(rows('SELECT last_position FROM index_segments') as number[]));
    folder.writer.connection.prepare("UPDATE events SET stream = 'read' WHERE position <= ?").run(sealed);
    const store = folder.open(SMALL);
    await expect(store.readAll(0, 1)).rejects.toThrow('damaged');
    expect(await store.readStream('read', 0, 1)).toEqual({ status: 'absent' });
    folder.writer.connection.prepare("UPDATE events SET stream = 'read too' WHERE position > ?").run(sealed);
    expect(() => folder.open(SMALL)).toThrow('damaged');
  });

  it.each([
    ['the newest event of a stream', 'DELETE FROM events WHERE position = 200'],
    ['an event between others', 'DELETE FROM events WHERE position = 120'],
    ['a page of the index', 'DELETE FROM index_pages'],
    [
      'a bit of a page of the index',
      "UPDATE index_pages SET entries = CAST(substr(entries, 1, 8) || x'01' || substr(entries, 10) AS BLOB)",
    ],
    ['a bit of a segment of the index', 'UPDATE index_segments SET level = level + 1, streams = streams + 1'],
  ])('answers nothing from a log that lost %s', async (_, damage) => {
    const one = newStream();
    await fill(folder.open(SMALL), one, 200);
    await fill(folder.open(SMALL), newStream(), 400);
    folder.writer.connection.exec(damage);
    const read = async () => await folder.open(SMALL).readStream(one, 0, ALL);
    await expect(read()).rejects.toThrow('damaged');
  });

  it('tells streams apart whose hashes are equal', async () => {
    const options = { ...SMALL, hashOf: (stream: string) => stream.charCodeAt(stream.length - 1) % 3 };
    let store = folder.open(options);
    const streams = Array.from({ length: 40 }, newStream);
    for (let round = 0; round < 20; round += 1) {
      await Promise.all(streams.map((stream) => store.append([write(stream, round - 1, newEvents(1))])));
      if (round % 6 === 5) store = folder.open(options);
    }
    const removed = streams.splice(0, 10);
    for (const stream of removed) await store.remove(stream, 19, removalMeta());
    store = folder.open(options);
    expect(levels().length).toBeGreaterThan(0);
    const kept = (await store.readAll(0, ALL)).filter(({ stream }) => !removed.includes(stream));
    expect(kept).toHaveLength(600);
    await expectIndexed(store, kept);
    for (const stream of streams) {
      for (let from = 0; from < 20; from += 1) {
        expect(await store.readStream(stream, from, 1)).toMatchObject({ events: [{ stream, revision: from }] });
      }
    }
    for (const stream of removed) expect(await store.readStream(stream, 0, 1)).toEqual({ status: 'removed' });
    expect(await store.append([write(newStream(), 0)])).toEqual([{ outcome: 'wrong-expected-revision', head: -1 }]);
  });

  it('removes events in sealed segments, answers `removed` for ever, and leaves none of their bytes', async () => {
    let store: SqliteEventStore = folder.open(SMALL);
    const [gone, hot] = [newStream(), newStream()];
    const canary = () => newEvent({ data: JSON.stringify({ sealed: 'canary-of-a-removed-stream'.repeat(40) }) });
    for (let round = 0; round < 6; round += 1) {
      await store.append([write(gone, round - 1, [canary()])]);
      await fill(store, hot, 150);
    }
    expect(levels().length).toBeGreaterThan(1);
    store = folder.open(SMALL);
    expect((await folder.bytes()).includes('canary-of-a-removed-stream')).toBe(true);
    expect(await store.remove(gone, 5, removalMeta())).toEqual({ outcome: 'removed' });
    for (let round = 0; round < 3; round += 1) {
      expect(await store.readStream(gone, 0, ALL)).toEqual({ status: 'removed' });
      expect(await store.append([write(gone, 'no-stream')])).toEqual([{ outcome: 'removed' }]);
      await fill(store, hot, 500);
      store = folder.open(SMALL);
    }
    folder.shut();
    expect((await folder.bytes()).includes('canary-of-a-removed-stream')).toBe(false);
  });

  it('truncates in sealed segments, a part at a commit, and tells what it took from what the disk lost', async () => {
    const long = newStream();
    let store = folder.open(SMALL);
    await fill(store, long, 1_000);
    const last = await store.headPosition();
    const truncated = store.truncate(long, 600);
    await new Promise((resolve) => setImmediate(resolve));
    store = folder.open(SMALL);
    await truncated.catch(() => undefined);
    const [first] = rows('SELECT before FROM truncations') as number[];
    expect(first).toBeGreaterThan(0);
    expect(first).toBeLessThan(600);
    expect(await store.readStream(long, 0, 1)).toMatchObject({ events: [{ revision: first }], head: 999 });
    expect(await store.truncate(long, 600)).toEqual({ outcome: 'truncated', first: 600 });
    store = folder.open(SMALL);
    expect(await store.headPosition()).toBe(last);
    expect(await store.readStream(long, 0, ALL)).toMatchObject({ events: { length: 400 } });
    folder.writer.connection.prepare('DELETE FROM events WHERE stream = ? AND revision = 600').run(long);
    await expect(folder.open(SMALL).readStream(long, 0, ALL)).rejects.toThrow('damaged');
    folder.writer.connection.exec('UPDATE truncations SET before = before + 1');
    await expect(folder.open(SMALL).readStream(long, 0, ALL)).rejects.toThrow('damaged');
  });

  it('hands out nothing that was appended and removed in one commit', async () => {
    const store = folder.open(SMALL);
    const [gone, kept] = [newStream(), newStream()];
    await store.append([write(kept, 'no-stream')]);
    const removed = newEvents(2);
    await Promise.all([
      store.append([write(gone, 'no-stream', removed)]),
      store.append([write(kept, 0)]),
      store.remove(gone, 1, removalMeta()),
    ]);
    await store.append([write(kept, 1)]);
    const handedOut = await store.readAll(0, ALL);
    expect(handedOut.map(({ stream, revision }) => [stream, revision])).toEqual([
      [kept, 0],
      [kept, 1],
      [gone, 2],
      [kept, 2],
    ]);
    for (const { position } of handedOut) {
      expect(await store.readAll(position, ALL)).toEqual(handedOut.filter((event) => event.position > position));
    }
  });

  it('never gives a position twice, also when the newest events were removed', async () => {
    let store = folder.open();
    const stream = newStream();
    await store.append([write(stream, 'no-stream', newEvents(3))]);
    await store.remove(stream, 2, removalMeta());
    store = folder.open();
    expect(await store.headPosition()).toBe(4);
    expect(await store.append([write(newStream(), 'no-stream')])).toMatchObject([{ position: 5 }]);
  });

  it('ends every wait when it is closed, twice or not', async () => {
    const store = folder.open();
    const wait = store.appendedAfter(7, new AbortController().signal);
    const last = store.append([write(newStream(), 'no-stream')]);
    store.close();
    store.close();
    await expect(wait).rejects.toThrow('closed');
    expect(await last).toMatchObject([{ outcome: 'appended' }]);
  });
});

describe('SqliteEventStore under kill -9', () => {
  const CHILD = fileURLToPath(new URL('../support/append-and-ack.mjs', import.meta.url));

  it('has every append that it acknowledged, is intact, and starts again at once', async () => {
    const folder = await EventsFolder.make();
    const acknowledged = new Map<string, number>();
    try {
      for (let cycle = 0; cycle < 3; cycle += 1) {
        const lines = await runUntilKilled(
          spawn(process.execPath, [CHILD, folder.path], { stdio: ['ignore', 'pipe', 'inherit'] }),
          400,
        );
        for (const line of lines) acknowledged.set(line.split(' ')[0]!, Number(line.split(' ')[1]));
        const store = folder.open(SMALL);
        for (const [id, position] of acknowledged) {
          expect((await store.readAll(position - 1, 1))[0]).toMatchObject({ id, position });
        }
        const all = await store.readAll(0, ALL);
        for (const [stream, events] of Map.groupBy(all, ({ stream }) => stream)) {
          expect(events.map(({ revision }) => revision)).toEqual(events.map((_event, at) => at));
          expect(await store.readStream(stream, 0, ALL)).toEqual({ status: 'found', events, head: events.length - 1 });
        }
        store.close();
        const file = new Database(folder.file);
        expect(file.pragma('integrity_check', { simple: true })).toBe('ok');
        file.close();
      }
      expect(acknowledged.size).toBeGreaterThanOrEqual(1_200);
    } finally {
      await folder.remove();
    }
  });

  /** The complete lines that a child printed before it was killed, at some moment after it had printed so many. */
  async function runUntilKilled(child: ChildProcess, count: number): Promise<string[]> {
    let printed = '';
    child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      printed += text;
    });
    const hasEnded = new Promise((resolve) => child.once('close', resolve));
    await until('the child has acknowledged enough', () => printed.split('\n').length > count || child.exitCode !== null);
    child.kill('SIGKILL');
    await hasEnded;
    expect(child.signalCode).toBe('SIGKILL');
    return printed.split('\n').slice(0, -1);
  }
});
