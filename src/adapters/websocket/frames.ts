/**
 * TABLE frames: everything that travels on the socket, as zod schemas. They check what comes in, describe what goes out
 * in `docs/reference/asyncapi.json`, and check in tests every frame that the server sends.
 */
import { z } from 'zod';
import { limits } from '../../domain/kernel/limits.js';
import { messageBody, uuid } from '../nest/message-body.js';

export const SUB_PROTOCOL = 'sottovoce.v1.json';
export const TICKET_PREFIX = 'sottovoce.ticket.';

export const socketLimits = {
  frameBytesMax: limits.frameBytesMax,
  /** Commands of one socket that are under way at once. */
  inFlightMax: 64,
  /** Commands refused for that limit, after which the socket is not read from until half of those under way are done. */
  refusedMax: 64,
  /** Frames refused for a limit on traffic before its window has ended; at the next one the socket is closed. Twice `inFlightMax`. */
  limitedMax: 128,
  /** Between two pings; a socket that misses two is closed. */
  pingMs: 25_000,
  helloWithinMs: 10_000,
  /** How long before the end of its access token a session is asked for a newer one. */
  reauthBeforeMs: 120_000,
  markEveryMs: 5_000,
  /** For a socket to which nothing new was written. A session in the background gets what was held back with it, at the latest. */
  idleMarkEveryMs: 60_000,
  /** Facts held back for one session in the background. */
  heldFactsMax: 1_000,
  /** Unsent bytes of one socket, above which it reads too slowly: it gets no more facts until it has read them. */
  unsentBytesMax: 1_024 * 1_024,
  /** The same in frames, for many small ones. */
  unsentFramesMax: 8_192,
  /** How long a socket may take to read them. */
  readWithinMs: 30_000,
  /** Facts that wait for one socket while it catches up; with more it catches up once more. */
  waitingFactsMax: 4_096,
} as const;

export const closeCodes = {
  goingAway: 1001,
  wrongDataType: 1003,
  failure: 1011,
  restart: 1012,
  malformed: 4400,
  tokenExpired: 4401,
  deviceRevoked: 4403,
  tooSlow: 4408,
  replaced: 4409,
  tooMany: 4429,
} as const;

const CURSOR_CHARACTERS_MAX = 2_048;
const CAPABILITIES_MAX = 64;

const cursor = z.string().min(1).max(CURSOR_CHARACTERS_MAX);
const instant = z.iso.datetime({ precision: 3 });
const capability = z
  .string()
  .regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/)
  .max(64);
const conversationId = uuid;
const seq = z.int().min(1);

/** Commands of a client: each has an id of its own, which its reply names. */
export const commandData = {
  hello: z.strictObject({
    cursor: cursor.optional(),
    capabilities: z.array(capability).max(CAPABILITIES_MAX),
    client: z.strictObject({ name: z.string().min(1).max(64), version: z.string().min(1).max(64) }),
    background: z.boolean().optional(),
  }),
  'send-message': messageBody.extend({ conversationId, messageId: uuid, composedAt: instant.optional() }),
  'remove-message': z.strictObject({ conversationId, messageId: uuid }),
  'mark-read': z.strictObject({ conversationId, seq }),
  received: z.strictObject({ cursor }),
  'set-background': z.strictObject({ background: z.boolean() }),
  authenticate: z.strictObject({ accessToken: z.string().regex(/^[A-Za-z0-9._-]{1,2048}$/) }),
} as const;

export type CommandType = keyof typeof commandData;
export type CommandData<Type extends CommandType> = z.infer<(typeof commandData)[Type]>;

export const commandEnvelope = z.strictObject({
  type: z.string().min(1).max(64),
  id: uuid,
  data: z.record(z.string(), z.unknown()),
});

/** What `ack` carries, by the command that it answers. */
export const ackData = {
  'send-message': z.object({ messageId: uuid, seq, postedAt: instant, revision: z.int().min(0) }),
  'remove-message': z.object({}),
  'mark-read': z.object({}),
  received: z.object({}),
  'set-background': z.object({}),
  authenticate: z.object({ sessionExpiresAt: instant }),
} as const;
