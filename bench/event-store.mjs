/**
 * How much of the disk's and SQLite's own rate the event store leaves to a sender: appends of the `sendMessage` shape
 * (a new message stream, then one of 16 conversations at an exact revision, about 700 bytes) against a bare log of the
 * same bytes with the same pragmas and the same group commit, interleaved in one run. Only the ratios say something.
 *
 *   node bin/run-on-node24.cjs bench/event-store.mjs [seconds] [rounds]
 */
import '../test/support/typescript-hooks.mjs';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import Database from 'better-sqlite3';

const { EVENTS_SCHEMA } = await import('../src/adapters/sqlite/events-schema.ts');
const { openSqliteDatabase } = await import('../src/adapters/sqlite/sqlite-database.ts');
const { SqliteEventStore } = await import('../src/adapters/sqlite/sqlite-event-store.ts');
const { SqliteWriter } = await import('../src/adapters/sqlite/sqlite-writer.ts');

const SECONDS = Number(process.argv[2] ?? 2);
const ROUNDS = Number(process.argv[3] ?? 5);
const IN_FLIGHT = [1, 64, 1_024];
const CONVERSATIONS = Array.from({ length: 16 }, () => randomUUID());
const PRELOADED_EVENTS = 300_000;
const CONTENT = JSON.stringify({ sealed: 'x'.repeat(110) });
const POST = JSON.stringify({ messageId: randomUUID(), seq: 12_345, count: 12_345, class: 'post' });

const event = (type, feedKey, data) => ({
  id: randomUUID(),
  schemaVersion: 1,
  recordedAt: 1_790_000_000_000,
  feedKey,
  correlationId: randomUUID(),
  type,
  data,
});

/** The two events of one message, made outside the measured contest as far as possible: both sides pay for them equally. */
function message() {
  const conversation = CONVERSATIONS[Math.floor(Math.random() * CONVERSATIONS.length)];
  return {
    conversation,
    streams: [`message-${randomUUID()}`, `conversation-${conversation}`],
    events: [event('MessageComposed', conversation, CONTENT), event('MessagePosted', conversation, POST)],
  };
}

const bytesOf = (stream, { id, type, feedKey, correlationId, data }) =>
  stream.length + id.length + type.length + feedKey.length + correlationId.length + data.length + 8;

function openStore(file) {
  const store = new SqliteEventStore(new SqliteWriter(openSqliteDatabase(file, EVENTS_SCHEMA)));
  const revisions = new Map();
  return {
    async send() {
      const { conversation, streams, events } = message();
      const expected = revisions.get(conversation) ?? -1;
      revisions.set(conversation, expected + 1);
      const outcomes = await store.append([
        { stream: streams[0], expected: 'no-stream', events: [events[0]] },
        { stream: streams[1], expected: expected < 0 ? 'no-stream' : expected, events: [events[1]] },
      ]);
      if (outcomes[1]?.outcome !== 'appended') throw new Error(JSON.stringify(outcomes));
    },
    close: () => store.close(),
  };
}

const PRAGMAS = ['journal_mode = WAL', 'synchronous = FULL', 'secure_delete = ON', 'mmap_size = 0', 'wal_autocheckpoint = 2000'];

/** The least that SQLite asks for the same bytes: one row for each event, no stream, no revision, no index. */
function openFloor(file, Connection) {
  const connection = new Connection(file);
  for (const pragma of PRAGMAS) connection.exec(`PRAGMA ${pragma}`);
  connection.exec('CREATE TABLE log (position INTEGER PRIMARY KEY, record TEXT NOT NULL)');
  const [begin, commit, insert] = ['BEGIN IMMEDIATE', 'COMMIT', 'INSERT INTO log (position, record) VALUES (?, ?)'].map((sql) =>
    connection.prepare(sql),
  );
  const filler = 'x'.repeat(1_024);
  let position = 0;
  let waiting = [];
  const flush = () => {
    const batch = waiting;
    waiting = [];
    begin.run();
    for (const { records } of batch) for (const record of records) insert.run(++position, record);
    commit.run();
    for (const { resolve } of batch) resolve();
  };
  return {
    send() {
      const { streams, events } = message();
      const records = events.map((one, at) => filler.slice(0, bytesOf(streams[at], one)));
      return new Promise((resolve) => {
        if (waiting.push({ records, resolve }) === 1) setImmediate(flush);
      });
    },
    close: () => connection.close(),
  };
}

/** Closed loop: so many senders, each of which sends again when it has its answer. */
async function rate(target, inFlight, ms) {
  const latencies = [];
  const end = performance.now() + ms;
  const sender = async () => {
    for (let now = performance.now(); now < end; ) {
      const sentAt = now;
      await target.send();
      now = performance.now();
      latencies.push(now - sentAt);
    }
  };
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: inFlight }, sender));
  const perSecond = (latencies.length * 1_000) / (performance.now() - startedAt);
  latencies.sort((one, other) => one - other);
  return { perSecond, p99: latencies[Math.floor(latencies.length * 0.99)] };
}

const folder = mkdtempSync(join(tmpdir(), 'sottovoce-bench-'));
const quantile = (values, q) => [...values].sort((one, other) => one - other)[Math.floor((values.length - 1) * q)];
const show = (values) =>
  `${quantile(values, 0.5).toFixed(2)} [${quantile(values, 0.25).toFixed(2)}-${quantile(values, 0.75).toFixed(2)}]`;

try {
  const targets = {
    floor: openFloor(join(folder, 'floor.sqlite'), Database),
    store: openStore(join(folder, 'store.sqlite')),
    'store with 300,000 events': openStore(join(folder, 'filled.sqlite')),
    'floor on node:sqlite': openFloor(join(folder, 'node.sqlite'), DatabaseSync),
  };
  for (let sent = 0; sent < PRELOADED_EVENTS / 2; sent += 1_000) {
    await Promise.all(Array.from({ length: 1_000 }, () => targets['store with 300,000 events'].send()));
  }
  const names = Object.keys(targets);
  for (const inFlight of IN_FLIGHT) {
    const results = Object.fromEntries(names.map((name) => [name, []]));
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const name of round % 2 === 0 ? names : [...names].reverse()) {
        results[name].push(await rate(targets[name], inFlight, SECONDS * 1_000));
      }
    }
    console.log(`\n${inFlight} in flight`);
    for (const name of names) {
      const ratios = results[name].map(({ perSecond }, at) => perSecond / results.floor[at].perSecond);
      const tails = results[name].map(({ p99 }, at) => p99 / results.floor[at].p99);
      const median = quantile(
        results[name].map(({ perSecond }) => perSecond),
        0.5,
      );
      console.log(`  ${name.padEnd(28)} rate/floor ${show(ratios)}   p99/floor ${show(tails)}   ${Math.round(median)} appends/s`);
    }
  }
  for (const target of Object.values(targets)) target.close();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
