/** What operators may ask of a running server, over the socket file of its data folder: see `adapters/control` (ADR 0027). */
import { ControlRefused, controlPath } from './adapters/control/control-commands.js';
import { type ControlHandlers, ControlServer, type Turn } from './adapters/control/control-server.js';
import type { Health } from './adapters/nest/health.js';
import type { Log } from './adapters/nest/log.js';
import { version } from './adapters/nest/version.js';
import type { Clock } from './application/ports/clock.js';
import type { Processes } from './processes.js';
import type { RebuildReport } from './projections/kernel/rebuild-report.js';

interface ControlParts {
  readonly health: Health;
  readonly processes: Processes;
  readonly log: Log;
  readonly clock: Clock;
  readonly dataFolder: string;
}

/** Without a path that a socket can have there is no channel, and the log says so: messages are served all the same. */
export function controlOf({ health, processes, log, clock, dataFolder }: ControlParts): ControlServer | undefined {
  const path = controlPath(dataFolder);
  if (path === undefined) {
    log.warn('control-unavailable', { folder: dataFolder });
    return undefined;
  }
  const handlers: ControlHandlers = {
    'server-status': async () => ({ version, ...(await health.check()) }),
    'projections-rebuild': ({ name, acceptDifferences }, turn) => rebuildView({ processes, log }, name, acceptDifferences, turn),
  };
  return new ControlServer({
    ...{ path, handlers, clock },
    failed: (command, error) => log.error('control-failed', { name: command, error }),
  });
}

async function rebuildView(
  { processes, log }: Pick<ControlParts, 'processes' | 'log'>,
  name: string,
  acceptDifferences: boolean,
  turn: Turn,
): Promise<RebuildReport> {
  const outcome = await processes.rebuilds.rebuild(name, { pace: 'served', acceptDifferences, ...turn });
  if (typeof outcome === 'string') throw new ControlRefused(outcome);
  const { collection, position, events, durationMs, differences } = outcome;
  const kind = outcome.outcome;
  log.info('view-rebuilt', { name: collection, kind, position, count: events, durationMs });
  if (differences > 0) log.warn('view-differed', { name: collection, count: differences });
  return outcome;
}
