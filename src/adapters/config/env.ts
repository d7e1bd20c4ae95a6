/**
 * The only reader of the environment. All problems are reported together, by name, never with the rejected value.
 * Every variable that Sottovoce knows stands here; `docs/reference/configuration.md` is generated from this schema.
 */
import { z } from 'zod';
import { StartRefused } from '../../application/ports/failures.js';

const wholeNumber = (min: number, max: number) => z.coerce.number().int().min(min).max(max);

/** A limit on traffic. */
const perMinute = (standard: number, whose: 'account' | 'address', what: string) =>
  wholeNumber(1, 100_000_000)
    .default(standard)
    .describe(`${what}: per minute and ${whose === 'account' ? 'account' : 'network address (IPv6: one /64)'}.`);

const origins = z
  .string()
  .transform((text) =>
    text
      .split(',')
      .map((one) => one.trim())
      .filter((one) => one !== ''),
  )
  .pipe(z.array(z.url({ protocol: /^https?$/ })));

export const envSchema = z.object({
  PORT: wholeNumber(0, 65_535).default(3_000).describe('Port of both doors, REST and socket. 0 takes a free one.'),
  SOTTOVOCE_HOST: z
    .string()
    .min(1)
    .default('127.0.0.1')
    .describe('Address to listen on. The default is reachable from this machine only.'),
  SOTTOVOCE_DATA: z.string().min(1).default('./data').describe('Folder of the stores. One server at a time.'),
  SOTTOVOCE_KEYS: z
    .string()
    .min(1)
    .default('./keys')
    .describe(
      'Folder of the key files. Outside the data folder, and never in the same backup: with both, an erased person comes back.',
    ),
  SOTTOVOCE_LOG: z.enum(['silent', 'error', 'warn', 'info', 'debug']).default('info').describe('How much is logged.'),
  SOTTOVOCE_ORIGINS: origins
    .default([])
    .describe(
      'Origins of web pages that may use the API and open sockets, separated by commas, each exactly as a browser sends it. None by default.',
    ),
  SOTTOVOCE_TRUSTED_PROXIES: wholeNumber(0, 8)
    .default(0)
    .describe('How many proxies stand in front. Only so many entries of X-Forwarded-For are believed.'),
  SOTTOVOCE_SIGN_INS_PER_TARGET_HOUR_MAX: wholeNumber(1, 100_000)
    .default(10)
    .describe('One-time codes sent to one number or address per hour.'),
  SOTTOVOCE_SIGN_INS_PER_ADDRESS_HOUR_MAX: wholeNumber(1, 1_000_000)
    .default(200)
    .describe('One-time codes asked for from one network address per hour.'),
  SOTTOVOCE_LOOKUPS_PER_ACCOUNT_MINUTE_MAX: wholeNumber(1, 100_000)
    .default(60)
    .describe('Accounts that one account may look up per minute.'),
  SOTTOVOCE_SIGN_IN_CALLS_PER_ADDRESS_MINUTE_MAX: perMinute(3_000, 'address', 'Calls of sign-in and of refreshing'),
  SOTTOVOCE_PUBLIC_CALLS_PER_ADDRESS_MINUTE_MAX: perMinute(6_000, 'address', 'Pages, documents and paths that do not exist'),
  SOTTOVOCE_SENDS_PER_ACCOUNT_MINUTE_MAX: perMinute(1_800, 'account', 'Messages sent'),
  SOTTOVOCE_SENDS_PER_ADDRESS_MINUTE_MAX: perMinute(36_000, 'address', 'Messages sent'),
  SOTTOVOCE_WRITES_PER_ACCOUNT_MINUTE_MAX: perMinute(1_200, 'account', 'Changes other than messages sent'),
  SOTTOVOCE_WRITES_PER_ADDRESS_MINUTE_MAX: perMinute(24_000, 'address', 'Changes other than messages sent'),
  SOTTOVOCE_RECEIPTS_PER_ACCOUNT_MINUTE_MAX: perMinute(3_600, 'account', 'Marks of what was received and read'),
  SOTTOVOCE_RECEIPTS_PER_ADDRESS_MINUTE_MAX: perMinute(72_000, 'address', 'Marks of what was received and read'),
  SOTTOVOCE_READS_PER_ACCOUNT_MINUTE_MAX: perMinute(3_600, 'account', 'Reads'),
  SOTTOVOCE_READS_PER_ADDRESS_MINUTE_MAX: perMinute(72_000, 'address', 'Reads'),
  SOTTOVOCE_SYNCS_PER_ACCOUNT_MINUTE_MAX: perMinute(1_200, 'account', 'Pages of sync, sockets opened, hellos'),
  SOTTOVOCE_SYNCS_PER_ADDRESS_MINUTE_MAX: perMinute(48_000, 'address', 'Pages of sync, sockets opened, hellos'),
  SOTTOVOCE_EPHEMERALS_PER_ACCOUNT_MINUTE_MAX: perMinute(1_200, 'account', 'Frames that leave no trace, and unknown ones'),
  SOTTOVOCE_EPHEMERALS_PER_ADDRESS_MINUTE_MAX: perMinute(24_000, 'address', 'Frames that leave no trace, and unknown ones'),
  SOTTOVOCE_CONNECTIONS_MAX: wholeNumber(1, 1_000_000)
    .default(20_000)
    .describe('Connections held at once. One more is ended before anything of it is read.'),
  SOTTOVOCE_CONNECTIONS_PER_ADDRESS_MAX: wholeNumber(1, 1_000_000)
    .default(12_000)
    .describe(
      'Connections held at once from one network address (IPv6: one /64). Behind trusted proxies there is no such limit.',
    ),
  SOTTOVOCE_ADMIN_PORT: wholeNumber(0, 65_535)
    .optional()
    .describe(
      'Port of the operators: `/metrics` and health. 0 takes a free one. Without it there is none, and nothing is counted.',
    ),
  SOTTOVOCE_ADMIN_HOST: z
    .string()
    .min(1)
    .default('127.0.0.1')
    .describe('Address that the port of the operators listens on. It has no sign-in: only operators may reach it.'),
  SOTTOVOCE_TRACES_URL: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe(
      'Where an OpenTelemetry receiver takes traces as OTLP over HTTP, with its path `/v1/traces`. Without it none are made.',
    ),
  SOTTOVOCE_TRACES_RATIO: z.coerce
    .number()
    .min(0)
    .max(1)
    .default(0.01)
    .describe('The part of all commands whose traces are kept.'),
  SOTTOVOCE_DRAIN_MS: wholeNumber(0, 600_000)
    .default(10_000)
    .describe('How long a server that was told to stop waits for what is under way, in milliseconds.'),
});

export type Env = z.infer<typeof envSchema>;

/** The environment as it is, for whoever says what is wrong with it. */
export const givenEnv = (): Readonly<Record<string, string | undefined>> => process.env;

/** Reads and checks the environment. Throws `StartRefused` naming every variable that is wrong. */
export function readEnv(source: Readonly<Record<string, string | undefined>> = givenEnv()): Env {
  const parsed = envSchema.safeParse(source);
  if (parsed.success) return parsed.data;
  const names = [...new Set(parsed.error.issues.map((issue) => String(issue.path[0])))];
  const unknown = names.map((name) => `${name} (${envSchema.shape[name as keyof typeof envSchema.shape].description})`);
  throw new StartRefused(`These settings cannot be used: ${unknown.join('; ')}`);
}
