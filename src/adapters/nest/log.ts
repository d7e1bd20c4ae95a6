/**
 * The log: JSON lines of an event name and named fields. A field that is not on the list is not written, so content,
 * tokens, codes, numbers and addresses cannot get in; a line holds an account or device, or a conversation, never both.
 */
import pino from 'pino';
import { type FieldsOf, type LogEvent, type LogEventAt, type LogEventRow, type LogFields, logEvents } from './log-events.js';

export interface Log {
  info<Name extends LogEventAt<'info'>>(event: Name, fields?: FieldsOf<Name>): void;
  warn<Name extends LogEventAt<'warn'>>(event: Name, fields?: FieldsOf<Name>): void;
  error<Name extends LogEventAt<'error'>>(event: Name, fields?: FieldsOf<Name>): void;
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
    (event: LogEvent, fields: LogFields = {}) => {
      out[at]({ event, ...written(event, fields) });
    };
  return { info: write('info'), warn: write('warn'), error: write('error') };
}

/** The listed fields of the event that are set; of an account or device and a conversation, the conversation alone. */
function written(event: LogEvent, fields: LogFields): object {
  const listed = (logEvents[event] as LogEventRow | undefined)?.fields ?? [];
  const isOfConversation = listed.includes('conversationId') && fields.conversationId !== undefined;
  const named = listed
    .filter((field) => fields[field] !== undefined && !(isOfConversation && (field === 'accountId' || field === 'deviceId')))
    .map((field) => [field, field === 'error' ? describe(fields.error) : fields[field]] as const);
  return Object.fromEntries(named);
}
