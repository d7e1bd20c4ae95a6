/** The configuration as the rest of Sottovoce sees it: nested, frozen, units in the names. */
import { resolve } from 'node:path';
import type { Env } from './env.js';

export interface Config {
  readonly http: {
    readonly host: string;
    readonly port: number;
    readonly origins: readonly string[];
    readonly trustedProxies: number;
    readonly drainMs: number;
    /** Absent where a server is put together without the environment: then there is no limit. */
    readonly connectionsMax?: number;
    readonly connectionsPerAddressMax?: number;
  };
  /** The operators' listener; no port, no listener. */
  readonly admin: { readonly host: string; readonly port?: number };
  /** No address, no traces. */
  readonly traces: { readonly url?: string; readonly ratio: number };
  readonly folders: { readonly data: string; readonly keys: string };
  readonly log: { readonly level: Env['SOTTOVOCE_LOG'] };
  readonly limits: {
    readonly signInsPerTargetHourMax: number;
    readonly signInsPerAddressHourMax: number;
    readonly lookupsPerAccountMinuteMax: number;
  };
  /** In a minute, by class of traffic. */
  readonly traffic: {
    readonly [Name in TrafficClass | SignedOutClass]: Name extends TrafficClass ? TrafficMax & AccountMax : TrafficMax;
  };
}

type TrafficClass = 'send' | 'write' | 'receipt' | 'read' | 'sync' | 'ephemeral';
/** Before sign-in there is no account to count for. */
type SignedOutClass = 'sign-in' | 'public';

interface TrafficMax {
  readonly addressMax: number;
}

interface AccountMax {
  readonly accountMax: number;
}

export function toConfig(env: Env): Config {
  return Object.freeze({
    http: Object.freeze({
      host: env.SOTTOVOCE_HOST,
      port: env.PORT,
      origins: Object.freeze([...env.SOTTOVOCE_ORIGINS]),
      trustedProxies: env.SOTTOVOCE_TRUSTED_PROXIES,
      drainMs: env.SOTTOVOCE_DRAIN_MS,
      connectionsMax: env.SOTTOVOCE_CONNECTIONS_MAX,
      connectionsPerAddressMax: env.SOTTOVOCE_CONNECTIONS_PER_ADDRESS_MAX,
    }),
    admin: Object.freeze({
      host: env.SOTTOVOCE_ADMIN_HOST,
      ...(env.SOTTOVOCE_ADMIN_PORT === undefined ? {} : { port: env.SOTTOVOCE_ADMIN_PORT }),
    }),
    traces: Object.freeze({
      ratio: env.SOTTOVOCE_TRACES_RATIO,
      ...(env.SOTTOVOCE_TRACES_URL === undefined ? {} : { url: env.SOTTOVOCE_TRACES_URL }),
    }),
    folders: Object.freeze({ data: resolve(env.SOTTOVOCE_DATA), keys: resolve(env.SOTTOVOCE_KEYS) }),
    log: Object.freeze({ level: env.SOTTOVOCE_LOG }),
    limits: Object.freeze({
      signInsPerTargetHourMax: env.SOTTOVOCE_SIGN_INS_PER_TARGET_HOUR_MAX,
      signInsPerAddressHourMax: env.SOTTOVOCE_SIGN_INS_PER_ADDRESS_HOUR_MAX,
      lookupsPerAccountMinuteMax: env.SOTTOVOCE_LOOKUPS_PER_ACCOUNT_MINUTE_MAX,
    }),
    traffic: toTraffic(env),
  });
}

function toTraffic(env: Env): Config['traffic'] {
  const both = (accountMax: number, addressMax: number) => Object.freeze({ accountMax, addressMax });
  return Object.freeze({
    'sign-in': Object.freeze({ addressMax: env.SOTTOVOCE_SIGN_IN_CALLS_PER_ADDRESS_MINUTE_MAX }),
    public: Object.freeze({ addressMax: env.SOTTOVOCE_PUBLIC_CALLS_PER_ADDRESS_MINUTE_MAX }),
    send: both(env.SOTTOVOCE_SENDS_PER_ACCOUNT_MINUTE_MAX, env.SOTTOVOCE_SENDS_PER_ADDRESS_MINUTE_MAX),
    write: both(env.SOTTOVOCE_WRITES_PER_ACCOUNT_MINUTE_MAX, env.SOTTOVOCE_WRITES_PER_ADDRESS_MINUTE_MAX),
    receipt: both(env.SOTTOVOCE_RECEIPTS_PER_ACCOUNT_MINUTE_MAX, env.SOTTOVOCE_RECEIPTS_PER_ADDRESS_MINUTE_MAX),
    read: both(env.SOTTOVOCE_READS_PER_ACCOUNT_MINUTE_MAX, env.SOTTOVOCE_READS_PER_ADDRESS_MINUTE_MAX),
    sync: both(env.SOTTOVOCE_SYNCS_PER_ACCOUNT_MINUTE_MAX, env.SOTTOVOCE_SYNCS_PER_ADDRESS_MINUTE_MAX),
    ephemeral: both(env.SOTTOVOCE_EPHEMERALS_PER_ACCOUNT_MINUTE_MAX, env.SOTTOVOCE_EPHEMERALS_PER_ADDRESS_MINUTE_MAX),
  });
}
