/** Every store of the embedded shape, on disk in a temporary folder, over a clock of the test's own. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NodeKeyProofs } from '../../src/adapters/crypto/node-key-proofs.js';
import { FileRootKeys } from '../../src/adapters/files/file-root-keys.js';
import { InMemoryCodeSender } from '../../src/adapters/in-memory/in-memory-code-sender.js';
import { EVENTS_FILE, EVENTS_SCHEMA } from '../../src/adapters/sqlite/events-schema.js';
import { KEYS_FILE, KEYS_SCHEMA } from '../../src/adapters/sqlite/keys-schema.js';
import { SqliteCredentials } from '../../src/adapters/sqlite/sqlite-credentials.js';
import { type Connection, openSqliteDatabase } from '../../src/adapters/sqlite/sqlite-database.js';
import { SqliteDirectory } from '../../src/adapters/sqlite/sqlite-directory.js';
import { SqliteEventFeed } from '../../src/adapters/sqlite/sqlite-event-feed.js';
import { SqliteEventStore } from '../../src/adapters/sqlite/sqlite-event-store.js';
import { SqliteIdempotencyLedger } from '../../src/adapters/sqlite/sqlite-idempotency-ledger.js';
import { SqlitePostedIndex } from '../../src/adapters/sqlite/sqlite-posted-index.js';
import { SqliteProjectionWriter } from '../../src/adapters/sqlite/sqlite-projection-writer.js';
import { SqliteRateLimiter } from '../../src/adapters/sqlite/sqlite-rate-limiter.js';
import { SqliteSubjectKeys } from '../../src/adapters/sqlite/sqlite-subject-keys.js';
import { SqliteViews } from '../../src/adapters/sqlite/sqlite-views.js';
import { SqliteWriter } from '../../src/adapters/sqlite/sqlite-writer.js';
import { EventCodec } from '../../src/application/event-codec.js';
import type { Ports } from '../../src/application/ports/ports.js';
import type { Handle } from '../../src/domain/kernel/ids.js';
import { isErased } from '../../src/domain/kernel/personal.js';
import { type EnrichSources, enricher } from '../../src/projections/kernel/pairing.js';
import { ProjectionRunner } from '../../src/projections/kernel/runner.js';
import { allCollections, allProjections } from '../../src/projections/projections.js';
import { CountingIdSource } from './counting-id-source.js';
import { TickingClock } from './ticking-clock.js';

export interface EmbeddedStores {
  readonly ports: Ports;
  readonly codes: InMemoryCodeSender;
  readonly views: SqliteViews;
  /** By the name of the store. */
  readonly connections: Readonly<Record<'events' | 'keys' | 'accounts' | 'read', Connection>>;
  readonly projectionWriter: SqliteProjectionWriter;
  /** Brings the views up to the newest event; from nothing when they are to be built anew. */
  project(from?: 'checkpoint' | 'nothing'): Promise<void>;
  /** Shuts everything and answers all bytes of all files, by path. */
  shut(): Promise<ReadonlyMap<string, Buffer>>;
}

export async function openEmbeddedStores(): Promise<EmbeddedStores> {
  const folder = await mkdtemp(join(tmpdir(), 'sottovoce-test-stores-'));
  const clock = new TickingClock();
  const ids = new CountingIdSource('embedded-stores');
  const rootKeys = await FileRootKeys.open({ folder: join(folder, 'root'), mayCreate: true });
  const open = (file: string, schema: readonly string[]) => openSqliteDatabase(join(folder, file), schema);
  const keysFile = open(KEYS_FILE, KEYS_SCHEMA);
  const writer = new SqliteWriter(open(EVENTS_FILE, EVENTS_SCHEMA));
  const [accounts, read] = [open('accounts.sqlite', []), open('read.sqlite', [])];
  const secret = async (purpose: string) => Buffer.from(await rootKeys.mac(purpose, 'v1'));
  const keys = await SqliteSubjectKeys.open(keysFile, rootKeys, clock);
  const eventStore = new SqliteEventStore(writer);
  const views = new SqliteViews(read, allCollections);
  const codes = new InMemoryCodeSender();
  const ports: Ports = {
    ...{ eventStore, keys, rootKeys, clock, ids, codeSender: codes },
    eventFeed: new SqliteEventFeed(eventStore, writer),
    postedIndex: new SqlitePostedIndex(views),
    directory: new SqliteDirectory(accounts, await secret('directory')),
    credentials: new SqliteCredentials(accounts, await secret('credentials'), ids),
    idempotencyLedger: new SqliteIdempotencyLedger(accounts, await secret('idempotency-ledger'), ids),
    rateLimiter: new SqliteRateLimiter(accounts, await secret('rate-limiter')),
    keyProofs: new NodeKeyProofs(),
  };
  const connections = { events: writer.connection, keys: keysFile, accounts, read };
  const projectionWriter = new SqliteProjectionWriter(read, allCollections);
  return {
    ...{ ports, codes, views, connections, projectionWriter },
    project: async (from = 'checkpoint') => {
      if (from === 'nothing') for (const collection of allCollections) await projectionWriter.clear(collection);
      await projectAll(ports, projectionWriter);
    },
    shut: async () => {
      for (const connection of [keysFile, accounts, read]) connection.close();
      writer.close();
      const bytes = await bytesUnder(folder);
      await rm(folder, { recursive: true });
      return bytes;
    },
  };
}

async function projectAll(ports: Ports, writer: SqliteProjectionWriter): Promise<void> {
  const codec = new EventCodec(ports.keys);
  const enrich = enricher(sourcesOf(ports, codec));
  const runner = new ProjectionRunner({ projections: allProjections, writer, enrich, time: ports.clock });
  const events = (await ports.eventStore.readAll(await runner.resumeFrom(), 1_000_000)).map((stored) => codec.decodeFeed(stored));
  const upTo = await ports.eventStore.headPosition();
  await runner.run(
    (async function* () {
      yield { events, upTo };
    })(),
  );
}

function sourcesOf({ keys, eventStore }: Ports, codec: EventCodec): EnrichSources {
  return {
    open: (sealed) => keys.open(sealed),
    handles: async (accounts) => {
      const names = await keys.name(accounts.map((subject) => ({ subject, purpose: 'handle', context: subject })));
      return names.map((name) => (isErased(name) ? undefined : (name as Handle)));
    },
    bodies: (wanted) =>
      Promise.all(
        wanted.map(async ({ messageId, composeId }) => {
          const slice = await eventStore.readStream(`message-${messageId}`, 0, 100);
          const events = slice.status === 'found' ? slice.events.map((stored) => codec.decode(stored)) : [];
          const found = events.find((event) => event.type === 'MessageComposed' && event.data.composeId === composeId);
          return found?.type === 'MessageComposed' ? found.data : 'absent';
        }),
      ),
  };
}

async function bytesUnder(folder: string): Promise<ReadonlyMap<string, Buffer>> {
  const bytes = new Map<string, Buffer>();
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile()) bytes.set(path.slice(folder.length + 1), await readFile(path));
  }
  return bytes;
}
