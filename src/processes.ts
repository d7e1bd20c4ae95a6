/**
 * What runs in a server beside the doors: the projector, the reactions, the worker, the fan-out and the heartbeat of the sockets.
 * Whatever of it ends by an error ends the process: a part that stands still must not look alive.
 */
import type { Log } from './adapters/nest/log.js';
import type { Reads } from './adapters/nest/reads.js';
import type { Sync } from './adapters/nest/sync.js';
import type { SyncWaits } from './adapters/nest/sync-waits.js';
import { drainSockets } from './adapters/websocket/drain-sockets.js';
import { FanOut } from './adapters/websocket/fan-out.js';
import { beat } from './adapters/websocket/heartbeat.js';
import type { SessionHub } from './adapters/websocket/session-hub.js';
import { aggregates } from './application/aggregates.js';
import type { EventFeed } from './application/ports/event-feed.js';
import { reactions, runReaction } from './application/reactions.js';
import { type WorkerStores, workerJobs } from './application/worker/jobs.js';
import { runWorker, type WorkerReport } from './application/worker/worker.js';
import type { Foundation } from './compose.js';
import type { AccountId, Handle } from './domain/kernel/ids.js';
import { isErased } from './domain/kernel/personal.js';
import type { EnrichSources } from './projections/kernel/pairing.js';
import { enricher } from './projections/kernel/pairing.js';
import type { RebuildSources } from './projections/kernel/rebuild.js';
import type { Batch } from './projections/kernel/runner.js';
import { ProjectionRunner } from './projections/kernel/runner.js';
import { allProjections } from './projections/projections.js';
import { Rebuilds } from './projections/rebuilds.js';

const PROJECTOR = 'projector';
const BATCH_EVENTS_MAX = 1_000;
const GATHER_MS = 20;
const COMPOSES_MAX = 1_000;

export interface Processes {
  readonly projector: ProjectionRunner;
  readonly fanOut: FanOut;
  readonly waits: SyncWaits;
  readonly rebuilds: Rebuilds;
  /** Rejects when a part has failed; the process must then end. */
  readonly failed: Promise<never>;
  start(): Promise<void>;
  /** Each socket is closed when its commands are answered, and all of them at the latest after the span. */
  drainSockets(withinMs: number): Promise<void>;
  stop(): Promise<void>;
}

interface ProcessDeps {
  readonly foundation: Foundation;
  readonly reads: Reads;
  readonly sync: Sync;
  readonly waits: SyncWaits;
  readonly hub: SessionHub;
  readonly log: Log;
  /** Is told of the worker's turns beside the log. */
  readonly jobs?: WorkerReport | undefined;
}

export function createProcesses({ foundation, reads, sync, waits, hub, log, jobs }: ProcessDeps): Processes {
  const { deps, views, projectionWriter: writer } = foundation;
  const { clock, codec, credentials, eventFeed, eventStore, ids } = deps;
  const ending = new AbortController();
  const { signal } = ending;
  const projector = new ProjectionRunner({
    projections: allProjections,
    writer,
    enrich: enricher(sources(foundation)),
    time: clock,
    ...{ gatherMs: GATHER_MS, signal },
  });
  const fanOut = new FanOut({
    ...{ eventFeed, codec, views, reads, clock, hub },
    headPosition: () => eventStore.headPosition(),
    join: enricher(sources(foundation)),
    viewsReach: async (position, withinMs) => (await projector.waitFor(position, withinMs)) === 'reached',
  });

  const rebuilds = new Rebuilds(rebuildSources(foundation, (work) => projector.between(work)));
  const workerStores = storesOfWorker(foundation, projector);

  let fail: (cause: unknown) => void = () => undefined;
  const failed = new Promise<never>((_, reject) => {
    fail = reject;
  });
  failed.catch(() => undefined);
  const running: Promise<void>[] = [];
  const run = (name: string, process: Promise<void>): void => {
    running.push(
      process.catch((error: unknown) => {
        log.error('process-failed', { name, error });
        fail(error);
      }),
    );
  };

  return {
    projector,
    fanOut,
    waits,
    rebuilds,
    failed,
    start: async () => {
      const source = batches(eventFeed, codec.decodeFeed.bind(codec), await projector.resumeFrom(), signal);
      run(PROJECTOR, projector.run(telling(waits, source)));
      for (const name of Object.keys(reactions)) run(name, runReaction(deps, name, signal));
      run('fan-out', fanOut.run(signal));
      run('worker', runWorker(workerJobs(deps, workerStores), deps, workerReport(log, jobs), signal));
      run('heartbeat', beat({ hub, fanOut, sync, credentials, clock, log }, signal));
    },
    drainSockets: (withinMs) => drainSockets({ hub, clock, ids }, withinMs),
    stop: async () => {
      ending.abort();
      await Promise.all(running);
    },
  };
}

const storesOfWorker = ({ expiring, viewBuilds }: Foundation, projector: ProjectionRunner): WorkerStores => ({
  expiring,
  sweepViews: () => viewBuilds.sweep(),
  viewsReach: () => projector.resumeFrom(),
});

async function* batches(
  feed: EventFeed,
  decode: (stored: Parameters<Foundation['deps']['codec']['decodeFeed']>[0]) => Batch['events'][number],
  after: number,
  signal: AbortSignal,
): AsyncGenerator<Batch> {
  for await (const { events, upTo } of feed.follow(PROJECTOR, { from: { after }, batchMax: BATCH_EVENTS_MAX, signal })) {
    yield { events: events.map(decode), upTo };
  }
}

/** Who asks for the next batch has applied the last one: then whoever waits for something of it is told. */
async function* telling(waits: SyncWaits, source: AsyncIterable<Batch>): AsyncGenerator<Batch> {
  for await (const batch of source) {
    yield batch;
    await waits.applied(batch.events);
  }
}

/** What a rebuild needs of a process; `between` runs something while its projector writes nothing. */
export const rebuildSources = (foundation: Foundation, between: RebuildSources['between']): RebuildSources => ({
  ...{ builds: foundation.viewBuilds, writer: foundation.projectionWriter, time: foundation.deps.clock, between },
  enrich: () => enricher(sources(foundation)),
  read: (after, upTo, isWanted) => stretch(foundation, after, upTo, isWanted),
  headPosition: () => foundation.deps.eventStore.headPosition(),
});

const workerReport = (log: Log, jobs?: WorkerReport): WorkerReport => ({
  done: (name, count, taken) => {
    if (count > 0) log.info('job-done', { name, count });
    jobs?.done(name, count, taken);
  },
  failed: (name, error, taken) => {
    log.warn('job-failed', { name, error });
    jobs?.failed(name, error, taken);
  },
});

/** A stretch of the log, of which the rest is not even decoded. */
async function* stretch(
  { deps: { eventStore, codec } }: Foundation,
  after: number,
  upTo: number,
  isWanted: (type: string) => boolean,
): AsyncGenerator<Batch> {
  for (let reached = after; reached < upTo; ) {
    const stored = await eventStore.readAll(reached, BATCH_EVENTS_MAX);
    const wanted = stored.filter(({ position, type }) => position <= upTo && isWanted(type));
    reached = Math.min(upTo, stored.at(-1)?.position ?? upTo);
    yield { events: wanted.map((event) => codec.decodeFeed(event)), upTo: reached };
  }
}

/** What joining needs of the write side: composed content, and people's handles. */
function sources({ deps }: Foundation): EnrichSources {
  return {
    open: (sealed) => deps.keys.open(sealed),
    bodies: (wanted) =>
      Promise.all(
        wanted.map(async ({ messageId, composeId }) => {
          const slice = await deps.eventStore.readStream(aggregates.message.stream(messageId), 0, COMPOSES_MAX);
          const events = slice.status === 'found' ? slice.events.map((stored) => deps.codec.decode(stored)) : [];
          const found = events.find((event) => event.type === 'MessageComposed' && event.data.composeId === composeId);
          return found?.type === 'MessageComposed' ? found.data : 'absent';
        }),
      ),
    handles: async (accounts: readonly AccountId[]) => {
      const requests = accounts.map((accountId) => ({ subject: accountId, purpose: 'handle', context: accountId }) as const);
      return (await deps.keys.name(requests)).map((name) => (isErased(name) ? undefined : (name as Handle)));
    },
  };
}
