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
import type { EventFeed } from './application/ports/event-feed.js';
import { reactions, runReaction } from './application/reactions.js';
import { type WorkerStores, workerJobs } from './application/worker/jobs.js';
import { runWorker, type WorkerReport } from './application/worker/worker.js';
import type { Foundation } from './compose.js';
import { joinSources, stretchOf } from './log-for-views.js';
import { enricher } from './projections/kernel/pairing.js';
import type { RebuildSources } from './projections/kernel/rebuild.js';
import type { Batch } from './projections/kernel/runner.js';
import { ProjectionRunner } from './projections/kernel/runner.js';
import { allProjections } from './projections/projections.js';
import { Rebuilds } from './projections/rebuilds.js';

const PROJECTOR = 'projector';
const BATCH_EVENTS_MAX = 1_000;
const GATHER_MS = 50;

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
    enrich: enricher(joinSources(foundation.deps)),
    time: clock,
    ...{ gatherMs: GATHER_MS, signal },
  });
  const fanOut = new FanOut({
    ...{ eventFeed, codec, views, reads, clock, hub },
    headPosition: () => eventStore.headPosition(),
    join: enricher(joinSources(foundation.deps)),
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
  enrich: () => enricher(joinSources(foundation.deps)),
  read: (after, upTo, isWanted) => stretchOf(foundation.deps, { after, upTo, isWanted }),
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
