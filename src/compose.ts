/**
 * The embedded shape: one process, one data folder, one key folder. This file and `app.module.ts` are the only ones that
 * know adapters; another shape is another function beside this one (ADR 0008).
 */
import { join } from 'node:path';
import type { Config } from './adapters/config/config.js';
import { NodeKeyProofs } from './adapters/crypto/node-key-proofs.js';
import { FileRootKeys } from './adapters/files/file-root-keys.js';
import { readOrCreateId } from './adapters/files/id-file.js';
import { InMemoryRateLimiter } from './adapters/in-memory/in-memory-rate-limiter.js';
import { type CodeLine, LogCodeSender } from './adapters/log/log-code-sender.js';
import type { Log } from './adapters/nest/log.js';
import { Checkpoints } from './adapters/sqlite/checkpoints.js';
import { openDataFolder } from './adapters/sqlite/data-folder.js';
import { EVENTS_FILE, EVENTS_SCHEMA } from './adapters/sqlite/events-schema.js';
import { KEYS_FILE, KEYS_SCHEMA } from './adapters/sqlite/keys-schema.js';
import { SqliteCredentials } from './adapters/sqlite/sqlite-credentials.js';
import { type Connection, openSqliteDatabase, type SqliteOptions } from './adapters/sqlite/sqlite-database.js';
import { SqliteDirectory } from './adapters/sqlite/sqlite-directory.js';
import { SqliteEventFeed } from './adapters/sqlite/sqlite-event-feed.js';
import { SqliteEventStore } from './adapters/sqlite/sqlite-event-store.js';
import { SqliteIdempotencyLedger } from './adapters/sqlite/sqlite-idempotency-ledger.js';
import { SqlitePostedIndex } from './adapters/sqlite/sqlite-posted-index.js';
import { SqliteProjectionWriter } from './adapters/sqlite/sqlite-projection-writer.js';
import { SqliteRateLimiter } from './adapters/sqlite/sqlite-rate-limiter.js';
import { openSnapshots, SNAPSHOTS_FILE, SqliteSnapshots } from './adapters/sqlite/sqlite-snapshots.js';
import { SqliteSubjectKeys } from './adapters/sqlite/sqlite-subject-keys.js';
import { SqliteViewBuilds } from './adapters/sqlite/sqlite-view-builds.js';
import { SqliteViews } from './adapters/sqlite/sqlite-views.js';
import { SqliteWriter } from './adapters/sqlite/sqlite-writer.js';
import { VIEWS_FILE } from './adapters/sqlite/view-registry.js';
import { ViewTables } from './adapters/sqlite/view-tables.js';
import { SystemClock } from './adapters/system/system-clock.js';
import { UuidIdSource } from './adapters/system/uuid-id-source.js';
import { rebuildDirectory } from './application/account/rebuild-directory.js';
import { ConversationStates } from './application/conversation-states.js';
import { EventCodec } from './application/event-codec.js';
import type { Clock } from './application/ports/clock.js';
import { StartRefused } from './application/ports/failures.js';
import type { IdSource } from './application/ports/id-source.js';
import type { Ports } from './application/ports/ports.js';
import type { RateLimiter } from './application/ports/rate-limiter.js';
import { ReceiptMarks } from './application/receipts/receipt-marks.js';
import type { Deps, Settings } from './application/use-case.js';
import type { WorkerStores } from './application/worker/jobs.js';
import { finishRestore } from './backup.js';
import type { Instant } from './domain/kernel/instant.js';
import { type Instruments, NO_INSTRUMENTS } from './instruments.js';
import type { ProjectionWriter, ViewBuilds, Views } from './projections/kernel/views.js';
import { allCollections } from './projections/projections.js';

const ACCOUNTS_FILE = 'accounts.sqlite';
/** Each batch of views touches pages all over the file: copied rarely, and kept at hand meanwhile. */
const VIEWS_OPTIONS: SqliteOptions = { isDerived: true, walAutocheckpoint: 8_000, cacheBytes: 64 * 1_024 * 1_024 };
const DEV_CODES_FOLDER = 'dev-codes';
const LOG_ID_FILE = 'log-id';

interface DatabaseOptions extends SqliteOptions {
  readonly closes?: boolean;
}

/** What a process stands on: the ports, the read side's two, and how to let go of them. */
export interface Foundation {
  readonly deps: Deps;
  readonly views: Views;
  readonly projectionWriter: ProjectionWriter;
  readonly viewBuilds: ViewBuilds;
  /** Stores of short-lived rows, each by its way to forget what has ended. */
  readonly expiring: WorkerStores['expiring'];
  /** Counts traffic, by its own measure: what it has counted ends with the process (ADR 0024). */
  readonly trafficLimiter: RateLimiter;
  /** Names the log that positions count in. */
  readonly logId: string;
  /** Keeps a secret of the server itself the same over restarts, without storing it. */
  readonly secret: (purpose: string) => Promise<Buffer>;
  /** How often caches had what was asked of them. */
  readonly caches: Readonly<Record<string, { readonly hits: number; readonly misses: number }>>;
  readonly folders: Config['folders'];
  readonly close: () => Promise<void>;
}

/** Use cases see the ports through this record; everything here lives as long as the process. */
export function toDeps(ports: Ports, settings: Settings): Deps {
  const codec = new EventCodec(ports.keys);
  const withCodec = { ...ports, codec, settings };
  return { ...withCodec, conversations: new ConversationStates(withCodec), receiptMarks: new ReceiptMarks(withCodec) };
}

export interface OpenOptions {
  /** Copies write-ahead logs in a thread of its own. For processes that run the built files. */
  readonly checkpointsBeside?: boolean;
}

export async function openEmbedded(
  config: Pick<Config, 'folders' | 'limits'>,
  log: Log,
  instruments: Instruments = NO_INSTRUMENTS,
  { checkpointsBeside = false }: OpenOptions = {},
): Promise<Foundation> {
  const opened: (() => void | Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    for (const letGo of opened.splice(0).reverse()) await letGo();
  };
  try {
    const foundation = await open(config, log, opened, instruments);
    if (checkpointsBeside) opened.push(startCheckpoints(config.folders.data, log));
    return { ...foundation, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function startCheckpoints(folder: string, log: Log): () => Promise<void> {
  const files = [EVENTS_FILE, VIEWS_FILE].map((name) => join(folder, name));
  const checkpoints = new Checkpoints(files, (error) => log.warn('checkpoints-failed', { error }));
  return () => checkpoints.stop();
}

async function open(
  config: Pick<Config, 'folders' | 'limits'>,
  log: Log,
  opened: (() => void | Promise<void>)[],
  instruments: Instruments,
): Promise<Omit<Foundation, 'close'>> {
  const clock = new SystemClock();
  const ids = new UuidIdSource();
  const folder = openDataFolder(config.folders.data);
  opened.push(() => folder.close());
  const file = (name: string) => join(folder.path, name);
  const database = (name: string, schema: readonly string[], { closes = true, ...options }: DatabaseOptions = {}) => {
    const connection = openSqliteDatabase(file(name), schema, options);
    if (closes) opened.push(() => void connection.close());
    return connection;
  };

  const writer = new SqliteWriter(database(EVENTS_FILE, EVENTS_SCHEMA, { closes: false }), instruments.commits);
  opened.push(() => writer.close());
  const eventStore = new SqliteEventStore(writer);
  const hasEvents = (await eventStore.headPosition()) > 0;
  const { rootKeys, keys } = await openKeys(database(KEYS_FILE, KEYS_SCHEMA), config.folders.keys, hasEvents, clock);
  const secret = async (purpose: string) => Buffer.from(await rootKeys.mac(purpose, 'v1'));
  const accounts = database(ACCOUNTS_FILE, []);
  const { views, projectionWriter, viewBuilds } = openViews(database(VIEWS_FILE, [], VIEWS_OPTIONS));
  const snapshots = openSnapshots(file(SNAPSHOTS_FILE));
  opened.push(() => void snapshots.close());
  const codeSender = await LogCodeSender.open({ folder: file(DEV_CODES_FOLDER), clock, log: codeLine(log) });
  opened.push(() => codeSender.close());

  const { expiring, ...ofAccounts } = await openAccounts(accounts, secret, ids);
  const ports: Ports = {
    eventStore,
    eventFeed: new SqliteEventFeed(eventStore, writer),
    keys,
    rootKeys,
    postedIndex: new SqlitePostedIndex(views),
    ...ofAccounts,
    codeSender,
    keyProofs: new NodeKeyProofs(),
    snapshots: new SqliteSnapshots(snapshots),
    clock,
    ids,
  };
  const logId = await readOrCreateId(file(LOG_ID_FILE), ids.uuid());
  const deps = toDeps(instruments.watch(ports), config.limits);
  await finishRestore(folder.path, () => rebuildDirectory(deps));
  return {
    deps,
    caches: { conversations: deps.conversations.lookups, keys: keys.lookups },
    folders: config.folders,
    views,
    projectionWriter,
    expiring,
    viewBuilds,
    trafficLimiter: new InMemoryRateLimiter(await secret('traffic-limiter')),
    logId,
    secret,
  };
}

/** What is mutable and short-lived, in one file; three of its stores have rows that end by themselves. */
async function openAccounts(accounts: Connection, secret: Foundation['secret'], ids: IdSource) {
  const credentials = new SqliteCredentials(accounts, await secret('credentials'), ids);
  const rateLimiter = new SqliteRateLimiter(accounts, await secret('rate-limiter'));
  const idempotencyLedger = new SqliteIdempotencyLedger(accounts, await secret('idempotency-ledger'), ids);
  const directory = new SqliteDirectory(accounts, await secret('directory'));
  const expiring = {
    credentials: (at: Instant) => credentials.sweep(at),
    'rate-limiter': (at: Instant) => rateLimiter.sweep(at),
    'idempotency-ledger': (at: Instant) => idempotencyLedger.purge(at),
  };
  return { directory, credentials, rateLimiter, idempotencyLedger, expiring };
}

/** Views can be built anew from the log at any time: what a power cut takes back is projected again. */
function openViews(read: Connection) {
  read.pragma('synchronous = NORMAL');
  const tables = new ViewTables(read, allCollections);
  return {
    views: new SqliteViews(read, allCollections, tables),
    projectionWriter: new SqliteProjectionWriter(read, allCollections, tables),
    viewBuilds: new SqliteViewBuilds(read, tables),
  };
}

const codeLine =
  (log: Log) =>
  ({ verificationId, kind, code }: CodeLine): void =>
    log.info('code-sent', { verificationId, kind, ...(code === undefined ? {} : { code }) });

/** A new key store beside old events would answer that everybody was erased: that must stop the start. */
async function openKeys(database: Connection, folder: string, hasEvents: boolean, clock: Clock) {
  const isNew = database.prepare('SELECT count(*) FROM settings').pluck().get() === 0;
  if (isNew && hasEvents) {
    throw new StartRefused(
      `${KEYS_FILE} is missing or empty although there are events: restore it from its own backup before you start.`,
    );
  }
  const rootKeys = await FileRootKeys.open({ folder, mayCreate: isNew });
  return { rootKeys, keys: await SqliteSubjectKeys.open(database, rootKeys, clock) };
}
