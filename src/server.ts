/** The entry: reads the configuration, starts the server, says where it is, and stops it cleanly. */
import 'reflect-metadata';
import { welcome } from './adapters/cli/welcome.js';
import { toConfig } from './adapters/config/config.js';
import { readEnv } from './adapters/config/env.js';
import { openLog } from './adapters/nest/log.js';
import { createServer } from './app.module.js';
import { StartRefused } from './application/ports/failures.js';
import { openEmbedded } from './compose.js';
import { openInstruments } from './instruments.js';

const START_FAILED = 1;

async function main(): Promise<void> {
  const config = toConfig(readEnv());
  const log = openLog(config.log.level);
  const instruments = await openInstruments(config);
  const foundation = await openEmbedded(config, log, instruments, { checkpointsBeside: true });
  const server = await createServer(foundation, config, log, instruments).catch(async (error: unknown) => {
    await foundation.close();
    throw error;
  });
  let isStopping = false;
  const stop = (code: number): void => {
    if (isStopping) return;
    isStopping = true;
    server.stop().then(
      () => process.exit(code),
      (error: unknown) => {
        log.error('stop-failed', { error });
        process.exit(START_FAILED);
      },
    );
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => stop(0));
  process.on('uncaughtException', (error) => {
    log.error('uncaught-exception', { error });
    stop(START_FAILED);
  });
  server.processes.failed.catch(() => stop(START_FAILED));
  const url = await server.start().catch((error: unknown) => Promise.reject(refusedPort(error, config.http)));
  log.info('started', { url });
  process.stdout.write(welcome({ url, ...config.folders }));
}

function refusedPort(error: unknown, http: { readonly host: string; readonly port: number }): unknown {
  // The listener that failed says where; it may have been the operators'.
  const {
    code,
    address: host = http.host,
    port = http.port,
  } = error as NodeJS.ErrnoException & { address?: string; port?: number };
  if (code === 'EADDRINUSE')
    return new StartRefused(
      `Port ${port} is in use: stop what listens there, or set PORT (or SOTTOVOCE_ADMIN_PORT) to another one.`,
    );
  if (code === 'EADDRNOTAVAIL' || code === 'EACCES')
    return new StartRefused(`Sottovoce cannot listen on ${host} port ${port} (${code}): set SOTTOVOCE_HOST and PORT.`);
  return error;
}

main().catch((error: unknown) => {
  process.stderr.write(
    error instanceof StartRefused ? `${error.message}\n` : `Sottovoce could not start: ${(error as Error)?.stack ?? error}\n`,
  );
  process.exit(START_FAILED);
});
