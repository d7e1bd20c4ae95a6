/**
 * One measurement of (f), in a process of its own: all views from nothing up to so many events, or the least that reading
 * the same events asks for: scan, parse, decrypt, fold. Prints events a second.
 *
 *   node bench/rebuild.mjs FOLDER EVENTS views|limit
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { openLog } from '../dist/adapters/nest/log.js';
import { openSqliteDatabase } from '../dist/adapters/sqlite/sqlite-database.js';
import { SqliteProjectionWriter } from '../dist/adapters/sqlite/sqlite-projection-writer.js';
import { openEmbedded } from '../dist/compose.js';
import { enricher } from '../dist/projections/kernel/pairing.js';
import { ProjectionRunner } from '../dist/projections/kernel/runner.js';
import { allCollections, allProjections } from '../dist/projections/projections.js';

const [folder, wanted, what] = process.argv.slice(2);
const EVENTS = Number(wanted);
const BATCH_EVENTS_MAX = 2_000;
const COMPOSES_MAX = 1_000;
const LIMITS = { signInsPerTargetHourMax: 1, signInsPerAddressHourMax: 1, lookupsPerAccountMinuteMax: 1 };

const config = { folders: { data: join(folder, 'data'), keys: join(folder, 'keys') }, limits: LIMITS };
const foundation = await openEmbedded(config, openLog('silent'));
const { codec, keys, eventStore, clock } = foundation.deps;

async function* batches() {
  for (let upTo = 0; upTo < EVENTS; ) {
    const events = await eventStore.readAll(upTo, Math.min(BATCH_EVENTS_MAX, EVENTS - upTo));
    if (events.length === 0) return;
    upTo = events.at(-1).position;
    yield { events: events.map((stored) => codec.decodeFeed(stored)), upTo };
  }
}

const sources = {
  open: (sealed) => keys.open(sealed),
  bodies: (asked) =>
    Promise.all(
      asked.map(async ({ messageId, composeId }) => {
        const slice = await eventStore.readStream(`message-${messageId}`, 0, COMPOSES_MAX);
        const events = slice.status === 'found' ? slice.events.map((stored) => codec.decode(stored)) : [];
        return events.find(({ type, data }) => type === 'MessageComposed' && data.composeId === composeId)?.data ?? 'absent';
      }),
    ),
  handles: async (accounts) => {
    const names = await keys.name(accounts.map((subject) => ({ subject, purpose: 'handle', context: subject })));
    return names.map((name) => (typeof name === 'string' ? name : undefined));
  },
};

async function views() {
  const file = join(folder, 'rebuilt.sqlite');
  rmSync(file, { force: true });
  const connection = openSqliteDatabase(file, []);
  connection.pragma('synchronous = NORMAL');
  const writer = new SqliteProjectionWriter(connection, allCollections);
  const runner = new ProjectionRunner({ projections: allProjections, writer, enrich: enricher(sources), time: clock });
  await runner.run(batches());
  connection.close();
  for (const suffix of ['', '-wal', '-shm']) rmSync(`${file}${suffix}`, { force: true });
}

async function limit() {
  const conversations = new Map();
  for await (const { events } of batches()) {
    const sealed = events.flatMap(({ data }) => Object.values(data).filter((value) => value?.sealed !== undefined));
    const opened = await keys.open(sealed);
    for (const { type, data } of events) {
      if (type === 'MessagePosted')
        conversations.set(data.conversationId, { seq: data.seq, messageId: data.messageId, opened: opened.length });
    }
  }
  if (conversations.size === 0) throw new Error('There was nothing to fold.');
}

const startedMs = performance.now();
await (what === 'views' ? views() : limit());
process.stdout.write(`${(EVENTS * 1_000) / (performance.now() - startedMs)}\n`);
await foundation.close();
