/**
 * TABLE server frames: everything that the server sends, as open schemas. A client ignores what it does not know; a test
 * checks every frame that the server sends in any test against these.
 */
import { z } from 'zod';
import { uuid } from '../nest/message-body.js';
import { ackData } from './frames.js';

const instant = z.iso.datetime({ precision: 3 });
const seq = z.int().min(1);
/** A snapshot from before the first fact names -1: all facts follow. */
const revision = z.int().min(-1);
const version = z.int().min(1);
const memberId = uuid;
const conversationId = uuid;
const messageId = uuid;
const cursor = z.string().min(1);

const problem = z.looseObject({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  code: z.string(),
  retryable: z.boolean(),
  requestId: z.string(),
  retryAfterMs: z.number().optional(),
  errors: z.array(z.object({ pointer: z.string(), code: z.string() })).optional(),
});

/** One flat object for every kind of content. */
const content = z.looseObject({
  type: z.string(),
  text: z.string().optional(),
  scheme: z.string().optional(),
  epoch: z.int().optional(),
  header: z.string().optional(),
  ciphertext: z.string().optional(),
});

const message = z.looseObject({
  conversationId,
  messageId: messageId.optional(),
  seq,
  class: z.string(),
  senderId: memberId.optional(),
  postedAt: instant.optional(),
  version,
  state: z.string(),
  content: content.optional(),
  relations: z.looseObject({ replyTo: uuid.optional(), threadId: uuid.optional(), forwardOf: z.int().optional() }).optional(),
  hints: z
    .looseObject({ mentions: z.array(uuid).optional(), silent: z.boolean().optional(), urgent: z.boolean().optional() })
    .optional(),
  mediaIds: z.array(uuid).optional(),
  commitment: z.string().optional(),
  composedAt: instant.optional(),
  expiresAt: instant.optional(),
});

const conversation = z.looseObject({
  conversationId,
  kind: z.string(),
  title: z.string().optional(),
  createdAt: instant,
  activeAt: instant,
  lastSeq: z.int().min(0),
  revision,
  membersVersion: z.int().min(0),
  membersCount: z.int().optional(),
  unread: z.int().min(0),
  membership: z.looseObject({ memberId, role: z.string(), state: z.string(), joinedAt: instant, fromSeq: seq }),
});

const member = z.looseObject({ memberId, accountId: uuid.optional(), role: z.string(), joinedAt: instant });
const mark = z.looseObject({ conversationId, memberId, seq });
const device = z.looseObject({
  deviceId: uuid,
  version,
  name: z.string().optional(),
  linkedAt: instant.optional(),
  revokedAt: instant.optional(),
});
const account = z.looseObject({ accountId: uuid, version, displayName: z.string().optional(), changedAt: instant });

/** What each fact says, by its public name. */
export const factData = {
  'conversation-created': z.looseObject({ conversationId, kind: z.string(), title: z.string().optional(), createdAt: instant }),
  'conversation-snapshot': z.looseObject({ conversation, members: z.array(member).optional() }),
  'member-added': z.looseObject({
    conversationId,
    memberId,
    accountId: uuid.optional(),
    role: z.string(),
    addedBy: memberId,
    seq,
    addedAt: instant,
  }),
  'member-removed': z.looseObject({ conversationId, memberId, removedBy: memberId, seq, removedAt: instant }),
  'member-left': z.looseObject({ conversationId, memberId, seq, leftAt: instant }),
  'owner-changed': z.looseObject({ conversationId, memberId, changedAt: instant }),
  'message-posted': message,
  'message-removed': z.looseObject({
    conversationId,
    messageId,
    seq,
    removedBy: memberId,
    reason: z.string(),
    removedAt: instant,
  }),
  'delivered-up-to': mark,
  'read-up-to': mark,
  'account-registered': account,
  'profile-changed': account,
  'device-linked': device,
  'device-renamed': device,
  'device-revoked': device,
} as const;

const welcome = z.looseObject({
  serverTimeAt: instant,
  sessionExpiresAt: instant,
  capabilities: z.array(z.string()),
  limits: z.looseObject({ frameBytesMax: z.int(), inFlightMax: z.int(), pingMs: z.int() }),
});

const factFrames = Object.fromEntries(
  Object.entries(factData).map(([type, data]) => [
    type,
    z.looseObject({ type: z.literal(type), scope: z.string(), revision: revision.optional(), data }),
  ]),
);

/** By `type`. `ack` carries what its command answers. */
export const serverFrames: Readonly<Record<string, z.ZodType>> = {
  ...factFrames,
  welcome: z.looseObject({ type: z.literal('welcome'), replyTo: uuid, data: welcome }),
  ack: z.looseObject({
    type: z.literal('ack'),
    replyTo: uuid,
    data: z.union([ackData['send-message'], ackData.authenticate, z.strictObject({})]),
  }),
  error: z.looseObject({ type: z.literal('error'), replyTo: uuid, problem }),
  limited: z.looseObject({ type: z.literal('limited'), data: z.looseObject({ conversationId, fromSeq: seq, toSeq: seq }) }),
  mark: z.looseObject({ type: z.literal('mark'), data: z.looseObject({ cursor }) }),
  reauth: z.looseObject({ type: z.literal('reauth'), data: z.looseObject({ deadlineAt: instant }) }),
  resync: z.looseObject({ type: z.literal('resync'), data: z.looseObject({}) }),
  'caught-up': z.looseObject({ type: z.literal('caught-up'), data: z.looseObject({ cursor }) }),
};
