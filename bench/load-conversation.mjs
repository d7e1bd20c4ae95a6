/**
 * How long a conversation takes to load: from its start, and from a snapshot and its tail; with many posts, and with many
 * members. Each load is by states that know nothing yet, and the tail behind the snapshot is the longest there can be.
 *
 *   node bin/run-on-node24.cjs bench/load-conversation.mjs [posts] [rounds]
 */
import '../test/support/typescript-hooks.mjs';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const { EVENTS_SCHEMA } = await import('../src/adapters/sqlite/events-schema.ts');
const { openSqliteDatabase } = await import('../src/adapters/sqlite/sqlite-database.ts');
const { SqliteEventStore } = await import('../src/adapters/sqlite/sqlite-event-store.ts');
const { openSnapshots, SqliteSnapshots } = await import('../src/adapters/sqlite/sqlite-snapshots.ts');
const { SqliteWriter } = await import('../src/adapters/sqlite/sqlite-writer.ts');
const { SNAPSHOT_EVERY_EVENTS } = await import('../src/application/conversation-snapshots.ts');
const { ConversationStates } = await import('../src/application/conversation-states.ts');
const { EventCodec } = await import('../src/application/event-codec.ts');

const POSTS = Number(process.argv[2] ?? 100_000);
const ROUNDS = Number(process.argv[3] ?? 9);
const MEMBERS = 1_024;
const BATCH = 500;

const folder = mkdtempSync(join(tmpdir(), 'sottovoce-bench-load-'));
const eventStore = new SqliteEventStore(new SqliteWriter(openSqliteDatabase(join(folder, 'events.sqlite'), EVENTS_SCHEMA)));
const connection = openSnapshots(join(folder, 'snapshots.sqlite'));
const snapshots = new SqliteSnapshots(connection);
const codec = new EventCodec({ seal: () => Promise.reject(new Error('Nothing is sealed here.')) });
const clock = { now: () => Date.now(), monotonicMs: () => performance.now(), wait: async () => undefined };
const states = (kept) => new ConversationStates({ eventStore, codec, clock, ...(kept ? { snapshots } : {}) });

async function store(members, posts) {
  const conversationId = randomUUID();
  const ids = Array.from({ length: members }, () => randomUUID());
  const at = clock.now();
  const data = [{ type: 'ConversationCreated', data: { conversationId, kind: 'group', createdAt: at } }];
  for (const [n, memberId] of ids.entries()) {
    const account = { sealed: 'x'.repeat(180) };
    const rest = { role: n ? 'member' : 'owner', addedBy: ids[0], fromSeq: 1, seq: n + 1, count: 0, addedAt: at };
    data.push({ type: 'MemberAdded', data: { conversationId, memberId, account, ...rest } });
  }
  for (let n = 0; n < posts; n += 1) {
    const post = { messageId: randomUUID(), memberId: ids[n % members], composeId: randomUUID(), class: 'post', postedAt: at };
    data.push({ type: 'MessagePosted', data: { conversationId, ...post, seq: members + n + 1, count: n + 1 } });
  }
  await append(conversationId, 0, data);
  return { conversationId, data };
}

async function append(conversationId, first, data) {
  const at = clock.now();
  for (let from = 0; from < data.length; from += BATCH) {
    const events = data.slice(from, from + BATCH).map((event) => ({
      ...{ id: randomUUID(), type: event.type, data: JSON.stringify(event.data), schemaVersion: 1, recordedAt: at },
      ...{ feedKey: conversationId, correlationId: randomUUID() },
    }));
    const [outcome] = await eventStore.append([
      { stream: `conversation-${conversationId}`, expected: first + from === 0 ? 'no-stream' : first + from - 1, events },
    ]);
    if (outcome.outcome !== 'appended') throw new Error(outcome.outcome);
  }
}

async function median(load) {
  const spans = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const startedMs = performance.now();
    await load();
    spans.push(performance.now() - startedMs);
  }
  return spans.sort((one, other) => one - other)[ROUNDS >> 1].toFixed(1);
}

try {
  for (const [name, members, posts] of [
    ['posts', 5, POSTS],
    ['members', MEMBERS, 0],
  ]) {
    const { conversationId: id, data } = await store(members, posts);
    const fromStart = await median(() => states(false).head(id));
    const first = states(true);
    await first.head(id);
    await first.snapshots.write(1);
    const tail = SNAPSHOT_EVERY_EVENTS - 1 - (data.length % SNAPSHOT_EVERY_EVENTS);
    await append(
      id,
      data.length,
      Array.from({ length: tail }, () => data.at(-1)),
    );
    const fromSnapshot = await median(() => states(true).head(id));
    console.log(
      `${members} members, ${posts} posts (${name}), tail of ${tail}: ${fromStart} ms from the start, ${fromSnapshot} ms from a snapshot`,
    );
  }
} finally {
  eventStore.close();
  connection.close();
  rmSync(folder, { recursive: true, force: true });
}
