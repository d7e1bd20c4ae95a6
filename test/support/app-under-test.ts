/** A whole server in this process, on embedded adapters in temporary folders, as a journey sees it: by its address. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Config } from '../../src/adapters/config/config.js';
import { openLog } from '../../src/adapters/nest/log.js';
import { type TrafficMaxima, trafficClasses } from '../../src/adapters/nest/traffic-limits.js';
import { createServer, type Server } from '../../src/app.module.js';
import { type Foundation, openEmbedded } from '../../src/compose.js';
import type { Instruments } from '../../src/instruments.js';

export interface AppUnderTest {
  readonly url: string;
  readonly folder: string;
  /** Every line that was logged. */
  readonly logged: readonly string[];
  readonly server: Server;
  /** What the server stands on, for a test that must see or forge what no door shows. */
  readonly foundation: Foundation;
  /** The code that the development code sender wrote for a verification. */
  codeOf(verificationId: string): Promise<string>;
  /** Stops the server and starts another on the same folders and another port. */
  restart(): Promise<AppUnderTest>;
  close(): Promise<void>;
}

const ROOMY = { signInsPerTargetHourMax: 1_000, signInsPerAddressHourMax: 10_000, lookupsPerAccountMinuteMax: 10_000 };

/** So many that no test meets a limit which it has not set. */
const UNHURRIED = { accountMax: 1_000_000, addressMax: 1_000_000 };
const ROOMY_TRAFFIC = Object.fromEntries(trafficClasses.map((name) => [name, UNHURRIED])) as unknown as Config['traffic'];

export interface AppOptions {
  readonly limits?: Partial<Config['limits']>;
  readonly traffic?: Partial<TrafficMaxima>;
  readonly trustedProxies?: number;
  readonly origins?: readonly string[];
  readonly connections?: { readonly connectionsMax?: number; readonly connectionsPerAddressMax?: number };
  readonly instruments?: Instruments;
}

export async function openApp(options: AppOptions = {}, at?: string): Promise<AppUnderTest> {
  const folder = at ?? (await mkdtemp(join(tmpdir(), 'sottovoce-journey-')));
  const logged: string[] = [];
  const log = openLog('debug', { write: (line) => void logged.push(line) });
  const config = {
    folders: { data: join(folder, 'data'), keys: join(folder, 'keys') },
    limits: { ...ROOMY, ...options.limits },
    traffic: { ...ROOMY_TRAFFIC, ...options.traffic } as Config['traffic'],
    http: {
      host: '127.0.0.1',
      port: 0,
      origins: options.origins ?? [],
      trustedProxies: options.trustedProxies ?? 0,
      drainMs: 2_000,
      ...options.connections,
    },
  };
  const foundation = await openEmbedded(config, log, options.instruments);
  const server = await createServer(foundation, config, log, options.instruments);
  const url = await server.start();
  const codes = join(config.folders.data, 'dev-codes');
  return {
    url,
    folder,
    logged,
    server,
    foundation,
    codeOf: async (verificationId) => {
      const found = (await readdir(codes)).includes(verificationId);
      if (!found) throw new Error(`No code was sent for ${verificationId}`);
      return (await readFile(join(codes, verificationId), 'utf8')).trim();
    },
    restart: async () => {
      await server.stop();
      return openApp(options, folder);
    },
    close: async () => {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
