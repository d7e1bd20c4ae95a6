/**
 * What is read off when somebody asks for the numbers, and costs nothing in between: positions, lags, sockets, sizes.
 * A lag in seconds is the age of the oldest event that is waiting, by the store's own times.
 */
import { stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { Ports } from '../../application/ports/ports.js';
import { reactions } from '../../application/reactions.js';
import type { ProjectionWriter } from '../../projections/kernel/views.js';
import { projections } from '../../projections/projections.js';
import type { MetricsRegistry } from './registry.js';

/** As much of a socket as its budgets are read off. */
export interface SocketReading {
  readonly socket: { readonly bufferedAmount: number };
  readonly inFlight: number;
  readonly waitingFacts: number;
}

export interface Readings {
  readonly ports: Pick<Ports, 'eventStore' | 'eventFeed' | 'clock'>;
  readonly projectionWriter: Pick<ProjectionWriter, 'checkpoint'>;
  readonly sockets: { all(): Iterable<SocketReading> };
  /** Consumers that keep no checkpoint, by name. */
  readonly positions: Readonly<Record<string, () => number>>;
  /** Facts made into bytes since the start. */
  readonly encodings: () => number;
  /** Counted by the caches themselves since the start. */
  readonly caches: Readonly<Record<string, { readonly hits: number; readonly misses: number }>>;
  readonly isReady: () => Promise<boolean>;
  readonly folders: { readonly data: string; readonly keys: string };
  readonly version: string;
}

const FILES = ['events', 'keys', 'accounts', 'read'] as const;
const MS = 1_000;

/** Reads everything into the registry. What cannot be read is left as it was: a broken disk must not hide the rest. */
export async function takeReadings(readings: Readings, registry: MetricsRegistry): Promise<void> {
  registry.set('sottovoce_info', 1, [readings.version]);
  readSockets(readings, registry);
  readCaches(readings, registry);
  registry.countTo('sottovoce_facts_encoded_total', readings.encodings(), []);
  await Promise.allSettled([
    readings.isReady().then((isReady) => registry.set('sottovoce_ready', isReady ? 1 : 0)),
    readLags(readings, registry),
    readFiles(readings, registry),
    readDisk(readings, registry),
  ]);
}

function readSockets({ sockets }: Readings, registry: MetricsRegistry): void {
  const sums = { open: 0, unsent: 0, unsentMax: 0, waiting: 0, inFlight: 0 };
  for (const { socket, inFlight, waitingFacts } of sockets.all()) {
    sums.open += 1;
    sums.unsent += socket.bufferedAmount;
    sums.unsentMax = Math.max(sums.unsentMax, socket.bufferedAmount);
    sums.waiting += waitingFacts;
    sums.inFlight += inFlight;
  }
  registry.set('sottovoce_sockets_open', sums.open);
  registry.set('sottovoce_socket_unsent_bytes', sums.unsent);
  registry.set('sottovoce_socket_unsent_bytes_max', sums.unsentMax);
  registry.set('sottovoce_socket_waiting_facts', sums.waiting);
  registry.set('sottovoce_socket_commands_in_flight', sums.inFlight);
}

function readCaches({ caches }: Readings, registry: MetricsRegistry): void {
  for (const [cache, { hits, misses }] of Object.entries(caches)) {
    registry.countTo('sottovoce_cache_lookups_total', hits, [cache, 'hit']);
    registry.countTo('sottovoce_cache_lookups_total', misses, [cache, 'miss']);
  }
}

async function readLags(readings: Readings, registry: MetricsRegistry): Promise<void> {
  const { ports, projectionWriter, positions } = readings;
  const head = await ports.eventStore.headPosition();
  registry.set('sottovoce_store_head_position', head);
  for (const [name, { projection }] of Object.entries(projections)) {
    const position = await projectionWriter.checkpoint(projection.collection);
    registry.set('sottovoce_projection_position', position, [name]);
    registry.set('sottovoce_projection_lag_events', Math.max(0, head - position), [name]);
    registry.set('sottovoce_projection_lag_seconds', await lagSeconds(readings, position), [name]);
  }
  const consumers = new Map<string, number>();
  for (const name of Object.keys(reactions)) consumers.set(name, await ports.eventFeed.committed(name));
  for (const [name, position] of Object.entries(positions)) consumers.set(name, position());
  for (const [name, position] of consumers) {
    registry.set('sottovoce_consumer_lag_events', Math.max(0, head - position), [name]);
    registry.set('sottovoce_consumer_lag_seconds', await lagSeconds(readings, position), [name]);
  }
}

async function lagSeconds({ ports: { eventStore, clock } }: Readings, position: number): Promise<number> {
  const [oldest] = await eventStore.readAll(position, 1);
  return oldest === undefined ? 0 : Math.max(0, (clock.now() - oldest.recordedAt) / MS);
}

async function readFiles({ folders }: Readings, registry: MetricsRegistry): Promise<void> {
  for (const name of FILES) {
    for (const [part, ending] of [
      ['data', ''],
      ['wal', '-wal'],
    ] as const) {
      const size = await stat(join(folders.data, `${name}.sqlite${ending}`)).then(
        (found) => found.size,
        () => 0,
      );
      registry.set('sottovoce_file_bytes', size, [name, part]);
    }
  }
}

async function readDisk({ folders }: Readings, registry: MetricsRegistry): Promise<void> {
  for (const [name, path] of Object.entries(folders)) {
    const { bavail, bsize } = await statfs(path);
    registry.set('sottovoce_disk_free_bytes', bavail * bsize, [name]);
  }
}
