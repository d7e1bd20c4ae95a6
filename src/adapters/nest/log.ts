/**
 * The log: JSON lines of an event name and named fields. A field that is not on the list is not written, so content,
 * tokens, codes, numbers and addresses cannot get in; a line holds an account or device, or a conversation, never both.
 */
import pino from 'pino';

export interface LogFields {
  readonly requestId?: string;
  readonly accountId?: string;
  readonly deviceId?: string;
  readonly conversationId?: string;
  readonly verificationId?: string;
  /** The development code sender alone sets this. */
  readonly code?: string;
  readonly kind?: string;
  readonly method?: string;
  /** The route's pattern, never the path. */
  readonly route?: string;
  readonly status?: number;
  readonly durationMs?: number;
  readonly problem?: string;
  readonly name?: string;
  readonly url?: string;
  readonly folder?: string;
  readonly count?: number;
  readonly position?: number;
  readonly error?: unknown;
}

export interface Log {
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
}

/** What is kept of an error: its names and where it was thrown, never a message that may quote data. */
function describe(error: unknown): object {
  if (!(error instanceof Error)) return { name: typeof error };
  const frames = (error.stack ?? '').split('\n').filter((line) => line.startsWith('    at '));
  const cause = error.cause === undefined ? {} : { cause: describe(error.cause) };
  const code = (error as NodeJS.ErrnoException).code;
  return {
    name: error.name,
    ...(code === undefined ? {} : { code }),
    at: frames.slice(0, 8).map((line) => line.trim()),
    ...cause,
  };
}

export function openLog(level: string, destination?: { write(line: string): void }): Log {
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  const out = destination === undefined ? pino(options) : pino(options, destination);
  const write =
    (at: 'info' | 'warn' | 'error') =>
    (event: string, fields: LogFields = {}) => {
      const { error, accountId, deviceId, conversationId, ...rest } = fields;
      const who = conversationId === undefined ? { accountId, deviceId } : { conversationId };
      out[at]({ event, ...who, ...rest, ...(error === undefined ? {} : { error: describe(error) }) });
    };
  return { info: write('info'), warn: write('warn'), error: write('error') };
}
