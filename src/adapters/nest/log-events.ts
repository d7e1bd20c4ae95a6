/**
 * TABLE log events: every line that Sottovoce writes, its level, its fields, what it means and what to do about it.
 * Names are stored names: alerts and searches of operators hang on them, so one is never renamed. A name or a field that
 * is not here does not compile, and is not written either; `docs/reference/log-events.md` is generated (ADR 0030).
 */

/** All fields there are. None holds content, a token, a number or an address. */
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

export interface LogEventRow {
  readonly level: 'info' | 'warn' | 'error';
  readonly fields: readonly (keyof LogFields)[];
  readonly means: string;
  readonly toDo: string;
}

export const logEvents = {
  started: {
    level: 'info',
    fields: ['url'],
    means: 'The server listens at `url`. It is ready when `/health/ready` says so.',
    toDo: 'Nothing.',
  },
  'operators-door-open': {
    level: 'info',
    fields: ['url'],
    means: "The operators' door listens at `url`: `/metrics`, `/health/live`, `/health/ready`.",
    toDo: 'Nothing; it must be reachable by operators only.',
  },
  'code-sent': {
    level: 'info',
    fields: ['verificationId', 'kind', 'code'],
    means: 'The development code sender has written a one-time code to `data/dev-codes`, and into this line.',
    toDo: 'On a laptop, use it. Anywhere else, keep this log and that folder from everybody: who reads them can sign in as anybody.',
  },
  'request-failed': {
    level: 'error',
    fields: ['requestId', 'route', 'error'],
    means:
      'A request was answered with `internal`: nobody foresaw this error. The client was told the request id and nothing else.',
    toDo: 'Report it with the line. If `error.code` is one of the disk, see the incidents in the operations page.',
  },
  'frame-failed': {
    level: 'error',
    fields: ['requestId', 'error'],
    means: 'A frame of a socket was answered with `internal`: nobody foresaw this error. The socket stays open.',
    toDo: 'As for `request-failed`.',
  },
  'accept-backlog-capped': {
    level: 'warn',
    fields: ['count'],
    means: 'The machine lets fewer connections wait to be accepted than the server asks for; `count` is how many.',
    toDo: 'Raise `net.core.somaxconn` to 4096 or more, or expect refused connections when many come back at once.',
  },
  'traffic-not-limited': {
    level: 'warn',
    fields: ['name', 'error'],
    means:
      'A limit on traffic (`name`) could not be counted, and what it was asked for was let pass. Said once a minute at most.',
    toDo: 'More networks or accounts asked within a minute than can be counted: likely a flood from many addresses. Filter it in front.',
  },
  'idempotent-answer-not-kept': {
    level: 'warn',
    fields: ['requestId', 'error'],
    means: 'What a request with an `Idempotency-Key` did stands, but its answer could not be kept for a repetition.',
    toDo: 'The accounts file cannot be written: look at the disk.',
  },
  'socket-failed': {
    level: 'error',
    fields: ['error'],
    means: 'A socket was closed with 1011: nobody foresaw this error. No other socket was touched.',
    toDo: 'As for `request-failed`.',
  },
  'catch-up-failed': {
    level: 'error',
    fields: ['error'],
    means: 'A socket could not be brought up to date and was closed with 1011; its device comes again.',
    toDo: 'One alone is harmless. Many at once: look at the projector and at the disk.',
  },
  'liveness-unknown': {
    level: 'error',
    fields: ['error'],
    means: 'Whether the device of a new socket was revoked could not be read; the socket was closed with 1011.',
    toDo: 'The accounts file cannot be read: look at the disk.',
  },
  'control-unavailable': {
    level: 'warn',
    fields: ['folder'],
    means: 'The path of the data folder is too long for a socket file: `npm run sottovoce` cannot reach this server.',
    toDo: 'Choose a shorter data folder, or start the server from a folder above it.',
  },
  'control-failed': {
    level: 'error',
    fields: ['name', 'error'],
    means: 'A command of an operator (`name`) was answered with `failed`: nobody foresaw this error. Nobody else was touched.',
    toDo: 'As for `request-failed`.',
  },
  'view-rebuilt': {
    level: 'info',
    fields: ['name', 'kind', 'position', 'count', 'durationMs'],
    means:
      'A view (`name`) was built anew from `count` events. `kind` is `switched` when readers see it now, `kept` when the old one stays.',
    toDo: 'Nothing.',
  },
  'view-differed': {
    level: 'warn',
    fields: ['name', 'count'],
    means: 'The view that stood and the one that was built anew differ in so many documents.',
    toDo: 'Look at the differences that the command has named. Accept them only when you know why.',
  },
  'job-done': {
    level: 'info',
    fields: ['name', 'count'],
    means: 'A turn of a job in the background (`name`) has done so many things.',
    toDo: 'Nothing.',
  },
  'job-failed': {
    level: 'warn',
    fields: ['name', 'error'],
    means: 'A turn of a job in the background could not reach a store. It is tried again at its next turn.',
    toDo: 'One alone is harmless. When it repeats, look at the disk.',
  },
  'checkpoints-failed': {
    level: 'warn',
    fields: ['error'],
    means: 'The thread that copies write-ahead logs has ended. Commits copy them from now on, with longer pauses.',
    toDo: 'Look at the disk, and restart the server when it suits you.',
  },
  'process-failed': {
    level: 'error',
    fields: ['name', 'error'],
    means:
      'A part of the server (`name`) has ended by an error. The server stops, since a part that stands still must not look alive.',
    toDo: 'Let the supervisor start it again. If it comes back at once, see "A projector has failed" in the operations page.',
  },
  'stop-failed': {
    level: 'error',
    fields: ['error'],
    means: 'The server could not let go of everything. The process ends all the same, and loses nothing that was acknowledged.',
    toDo: 'Start it again; report it if it repeats.',
  },
  'uncaught-exception': {
    level: 'error',
    fields: ['error'],
    means: 'An exception that nobody caught. The server stops at once in good order.',
    toDo: 'Let the supervisor start it again, and report it with the line.',
  },
} as const satisfies Readonly<Record<string, LogEventRow>>;

export type LogEvent = keyof typeof logEvents;

type Row<Name extends LogEvent> = (typeof logEvents)[Name];

/** The events that are written at a level. */
export type LogEventAt<Level extends LogEventRow['level']> = {
  readonly [Name in LogEvent]: Row<Name>['level'] extends Level ? Name : never;
}[LogEvent];

/** What a line of that name may carry. */
export type FieldsOf<Name extends LogEvent> = Pick<LogFields, Row<Name>['fields'][number]>;
