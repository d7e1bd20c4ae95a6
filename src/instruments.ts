/**
 * What an operator looks through: numbers on a listener of their own. It is put together here, and only when the
 * configuration asks for it; without, a server pays a check for each thing that could have been counted (ADR 0030).
 */
import type { Config } from './adapters/config/config.js';
import type { MetricsRegistry } from './adapters/metrics/registry.js';
import type { DoorObserver } from './adapters/nest/door-observer.js';
import { NOBODY } from './adapters/nest/door-observer.js';
import type { Health } from './adapters/nest/health.js';
import type { Log } from './adapters/nest/log.js';
import { version } from './adapters/nest/version.js';
import type { CommitObserver } from './adapters/sqlite/sqlite-writer.js';
import { closeCodes, commandData } from './adapters/websocket/frames.js';
import type { SessionHub } from './adapters/websocket/session-hub.js';
import type { Ports } from './application/ports/ports.js';
import { workerJobNames } from './application/worker/jobs.js';
import type { WorkerReport } from './application/worker/worker.js';
import type { Foundation } from './compose.js';
import type { Processes } from './processes.js';

/** The parts of a running server that numbers are read off. */
export interface Watched {
  readonly foundation: Foundation;
  readonly processes: Processes;
  readonly hub: SessionHub;
  readonly health: Health;
  readonly log: Log;
}

export interface Instruments {
  readonly doors: DoorObserver;
  readonly commits?: CommitObserver;
  readonly jobs?: WorkerReport;
  watch(ports: Ports): Ports;
  /** Begins to show what the parts say; the operators' door is open when this answers. */
  attach(parts: Watched): Promise<void>;
  close(): Promise<void>;
}

export const NO_INSTRUMENTS: Instruments = {
  doors: NOBODY,
  watch: (ports) => ports,
  attach: async () => undefined,
  close: async () => undefined,
};

const MS = 1_000;

export async function openInstruments({
  admin: { host, port },
  traces,
}: Pick<Config, 'admin'> & Partial<Pick<Config, 'traces'>>): Promise<Instruments> {
  const numbers = port === undefined ? undefined : await openMetrics(host, port);
  const told = traces?.url === undefined ? undefined : await openTraces(traces.url, traces.ratio);
  if (numbers !== undefined && told !== undefined) return bothOf(numbers, told);
  return numbers ?? told ?? NO_INSTRUMENTS;
}

function bothOf(numbers: Instruments, told: Instruments): Instruments {
  return {
    ...numbers,
    doors: {
      ...numbers.doors,
      ...(told.doors.entered === undefined ? {} : { entered: told.doors.entered }),
      request: (...parameters) => both(numbers.doors.request, told.doors.request)(...parameters),
      frame: (...parameters) => both(numbers.doors.frame, told.doors.frame)(...parameters),
      command: (...parameters) => both(numbers.doors.command, told.doors.command)(...parameters),
    },
    watch: (ports) => told.watch(numbers.watch(ports)),
    close: async () => {
      await numbers.close();
      await told.close();
    },
  };
}

const both =
  <Parameters extends readonly unknown[]>(
    one: ((...parameters: Parameters) => void) | undefined,
    other: ((...parameters: Parameters) => void) | undefined,
  ) =>
  (...parameters: Parameters): void => {
    one?.(...parameters);
    other?.(...parameters);
  };

/** The libraries are loaded only here: a server without traces does not wait for them at its start. */
async function openTraces(url: string, ratio: number): Promise<Instruments> {
  const [{ Spans }, { DoorSpans }, { tracedPorts }] = await Promise.all([
    import('./adapters/tracing/spans.js'),
    import('./adapters/tracing/door-spans.js'),
    import('./adapters/tracing/traced-ports.js'),
  ]);
  const spans = new Spans({ url, ratio, version });
  const doors = new DoorSpans(spans);
  const known = new Set(Object.keys(commandData));
  return {
    doors: {
      entered: () => doors.entered(),
      request: (operation, status, durationMs, entry) => doors.left(`request ${operation}`, String(status), durationMs, entry),
      frame: (type, outcome, durationMs, entry) =>
        doors.left(`frame ${known.has(type) ? type : 'other'}`, outcome, durationMs, entry),
      command: (name, outcome, durationMs, correlationId) => doors.command(name, outcome, durationMs, correlationId),
    },
    watch: (ports) => tracedPorts(ports, spans),
    attach: async () => undefined,
    close: () => spans.close().catch(() => undefined),
  };
}

const countedDoors = (registry: MetricsRegistry): DoorObserver => ({
  request: (operation, status, durationMs) => {
    registry.count('sottovoce_http_requests_total', [operation, String(status)]);
    registry.observe('sottovoce_http_request_duration_seconds', durationMs / MS, [operation]);
  },
  frame: (type, outcome, durationMs) => {
    registry.count('sottovoce_socket_frames_total', [type, outcome]);
    registry.observe('sottovoce_socket_frame_duration_seconds', durationMs / MS, [type]);
  },
  command: (name, outcome, durationMs) => {
    registry.count('sottovoce_commands_total', [name, outcome]);
    registry.observe('sottovoce_command_duration_seconds', durationMs / MS, [name]);
  },
  socketOpened: () => registry.count('sottovoce_sockets_opened_total'),
  socketClosed: (code) => registry.count('sottovoce_sockets_closed_total', [String(code)]),
  upgradeRefused: (reason) => registry.count('sottovoce_socket_upgrades_refused_total', [reason]),
  limited: (name, kind, outcome) => {
    const metric = outcome === 'refused' ? 'sottovoce_traffic_refusals_total' : 'sottovoce_traffic_failures_total';
    registry.count(metric, [name, kind]);
  },
});

function countedJobs(registry: MetricsRegistry): WorkerReport {
  // From the start there is a line for each job: one that never succeeds must be seen too.
  for (const job of workerJobNames) registry.set('sottovoce_job_last_success_timestamp_seconds', 0, [job]);
  const turned = (job: string, outcome: 'ok' | 'failed', durationMs: number): void => {
    registry.count('sottovoce_job_turns_total', [job, outcome]);
    registry.observe('sottovoce_job_turn_duration_seconds', durationMs / MS, [job]);
  };
  return {
    done: (job, count, { at, durationMs }) => {
      turned(job, 'ok', durationMs);
      registry.count('sottovoce_job_items_total', [job], count);
      registry.set('sottovoce_job_last_success_timestamp_seconds', at / MS, [job]);
    },
    failed: (job, _, { durationMs }) => turned(job, 'failed', durationMs),
  };
}

async function openMetrics(host: string, port: number): Promise<Instruments> {
  const [{ MetricsRegistry }, { watchedPorts }, { takeReadings }, { OperatorsDoor }] = await Promise.all([
    import('./adapters/metrics/registry.js'),
    import('./adapters/metrics/watched-ports.js'),
    import('./adapters/metrics/readings.js'),
    import('./adapters/metrics/operators-door.js'),
  ]);
  const codes = [1000, 1001, 1005, 1006, ...Object.values(closeCodes)].map(String);
  const registry = new MetricsRegistry({ frame: Object.keys(commandData), code: codes, job: workerJobNames });
  let door: Awaited<ReturnType<typeof OperatorsDoor.open>> | undefined;
  return {
    doors: countedDoors(registry),
    commits: {
      began: () => performance.now(),
      committed: (works, startedMs) => {
        registry.observe('sottovoce_store_commit_duration_seconds', (performance.now() - startedMs) / MS);
        registry.observe('sottovoce_store_commit_works', works);
      },
      failed: (failure) => registry.count('sottovoce_store_commits_failed_total', [failure]),
    },
    jobs: countedJobs(registry),
    watch: (ports) => watchedPorts(ports, registry),
    attach: async ({ foundation, processes, hub, health, log }) => {
      const readings = {
        ports: foundation.deps,
        projectionWriter: foundation.projectionWriter,
        sockets: hub,
        positions: { 'fan-out': () => processes.fanOut.upTo, projector: () => processes.projector.position() },
        encodings: () => processes.fanOut.encodings,
        caches: foundation.caches,
        isReady: async () => (await health.check()).isReady,
        folders: foundation.folders,
        version,
      };
      const show = async () => {
        await takeReadings(readings, registry);
        return registry.show();
      };
      const metrics = { contentType: registry.contentType, show };
      door = await OperatorsDoor.open({ host, port, metrics, health: () => health.check() });
      log.info('operators-door-open', { url: door.url });
    },
    close: async () => door?.close(),
  };
}
