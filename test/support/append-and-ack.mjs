/** A process that appends to the event store in a data folder for ever, and prints id and position of each event that was acknowledged. */
import './typescript-hooks.mjs';
import { join } from 'node:path';

const { openDataFolder } = await import('../../src/adapters/sqlite/data-folder.ts');
const { EVENTS_FILE, EVENTS_SCHEMA } = await import('../../src/adapters/sqlite/events-schema.ts');
const { openSqliteDatabase } = await import('../../src/adapters/sqlite/sqlite-database.ts');
const { SqliteEventStore } = await import('../../src/adapters/sqlite/sqlite-event-store.ts');
const { SqliteWriter } = await import('../../src/adapters/sqlite/sqlite-writer.ts');
const { randomUUID } = await import('node:crypto');

const IN_FLIGHT = 16;
const folder = openDataFolder(process.argv[2]);
const connection = openSqliteDatabase(join(folder.path, EVENTS_FILE), EVENTS_SCHEMA, { walAutocheckpoint: 20 });
const store = new SqliteEventStore(new SqliteWriter(connection), { segmentEvents: 400, segmentsPerLevel: 3 });
const recordedAt = 1_790_000_000_000;

async function appendForEver(conversation) {
  for (;;) {
    const events = Array.from({ length: 2 }, () => ({
      id: randomUUID(),
      type: 'SomethingHappened',
      schemaVersion: 1,
      recordedAt,
      feedKey: conversation,
      correlationId: randomUUID(),
      data: '{"text":"hello"}',
    }));
    const outcomes = await store.append([
      { stream: `message-${randomUUID()}`, expected: 'no-stream', events: [events[0]] },
      { stream: conversation, expected: 'any', events: [events[1]] },
    ]);
    for (const [at, { position }] of outcomes.entries()) process.stdout.write(`${events[at].id} ${position}\n`);
  }
}

await Promise.all(Array.from({ length: IN_FLIGHT }, () => appendForEver(`conversation-${randomUUID()}`)));
