/**
 * TABLE problems: every error that either door can answer, one row per code. A code is permanent. A refusal without a
 * row does not compile; `docs/reference/errors.md` is generated from here (ADR 0016).
 */
import type { Rejection } from '../../application/use-cases.js';

export interface ProblemRow {
  readonly status: number;
  /** Whether the same request may succeed later, for clients that do not know the code. */
  readonly retryable: boolean;
  readonly title: string;
  /** Fields named for this code, beside the ones that every problem has. */
  readonly fields?: readonly string[];
}

export const problems = {
  'invalid-request': { status: 400, retryable: false, title: 'The request does not have the required shape', fields: ['errors'] },
  'malformed-json': { status: 400, retryable: false, title: 'The body is not JSON as this server takes it', fields: ['errors'] },
  'invalid-cursor': {
    status: 400,
    retryable: false,
    title: 'The cursor, page token or position was not given out by this server to you',
  },
  'unknown-frame-type': { status: 400, retryable: false, title: 'This server does not know that frame type' },
  'seq-not-found': { status: 400, retryable: false, title: 'The conversation does not reach that far', fields: ['seqMax'] },
  'device-key-unsupported': {
    status: 400,
    retryable: false,
    title: 'The device key is neither P-256 nor Ed25519 as SubjectPublicKeyInfo',
  },
  'target-undeliverable': { status: 400, retryable: false, title: 'No code can be sent to that number or address' },
  unauthenticated: { status: 401, retryable: false, title: 'Sign in, or refresh the access token' },
  'code-wrong': { status: 401, retryable: false, title: 'The code is wrong', fields: ['triesLeft'] },
  'refresh-refused': { status: 401, retryable: false, title: 'The session cannot be refreshed: sign in again' },
  'origin-not-allowed': { status: 403, retryable: false, title: 'Pages of that origin may not use this server' },
  'owner-only': { status: 403, retryable: false, title: 'Only the owner of the group may do that' },
  'not-your-message': {
    status: 403,
    retryable: false,
    title: 'Only the author, or the owner of the group, may remove a message',
  },
  'not-a-member': { status: 403, retryable: false, title: 'You are no longer a member of this conversation' },
  'direct-is-fixed': { status: 403, retryable: false, title: 'The two people of a direct conversation cannot change' },
  'not-found': { status: 404, retryable: false, title: 'There is nothing here for you' },
  'conversation-not-found': { status: 404, retryable: false, title: 'There is no such conversation for you' },
  'member-not-found': { status: 404, retryable: false, title: 'There is no such member in this conversation' },
  'message-not-found': { status: 404, retryable: false, title: 'There is no such message in this conversation' },
  'account-not-found': { status: 404, retryable: false, title: 'There is no such account' },
  'device-not-found': { status: 404, retryable: false, title: 'You have no such device' },
  'method-not-allowed': { status: 405, retryable: false, title: 'That method has no meaning here' },
  'request-timeout': { status: 408, retryable: true, title: 'The request did not arrive in time' },
  'id-reused': { status: 409, retryable: false, title: 'That id already stands for something else' },
  'group-is-full': {
    status: 409,
    retryable: false,
    title: 'The group has as many members as a group can have',
    fields: ['membersMax'],
  },
  'request-in-progress': {
    status: 409,
    retryable: true,
    title: 'The first request with that key is not answered yet: ask again',
  },
  'device-revoked': { status: 409, retryable: false, title: 'The device was revoked' },
  'message-gone': { status: 410, retryable: false, title: 'The message was removed or never sent in time: its id is used up' },
  'verification-gone': { status: 410, retryable: false, title: 'The verification has expired or is used up: start another' },
  'account-erased': { status: 410, retryable: false, title: 'The account is erased or being erased' },
  'cursor-expired': { status: 410, retryable: false, title: 'The cursor is too old or of another store: sync without one' },
  'version-mismatch': {
    status: 412,
    retryable: false,
    title: 'It was changed since that version: read it again',
    fields: ['currentVersion'],
  },
  'content-too-large': {
    status: 413,
    retryable: false,
    title: 'The content is larger than a message may be',
    fields: ['contentBytesMax'],
  },
  'request-too-large': { status: 413, retryable: false, title: 'The request is larger than this server takes' },
  'unsupported-media-type': { status: 415, retryable: false, title: 'Send application/json in UTF-8' },
  'idempotency-key-reused': { status: 422, retryable: false, title: 'That key was used for another request: choose a new one' },
  'protocol-not-supported': { status: 426, retryable: false, title: 'Open the socket with the sub-protocol sottovoce.v1.json' },
  'too-many-requests': { status: 429, retryable: true, title: 'Too many of these in too short a time', fields: ['limit'] },
  internal: { status: 500, retryable: true, title: 'Something is wrong on our side' },
  contended: { status: 503, retryable: true, title: 'Others were faster: try again with the same id' },
  unavailable: { status: 503, retryable: true, title: 'Not available for the moment: try again' },
  'view-behind': { status: 503, retryable: true, title: 'That write is not readable yet: try again' },
} as const satisfies Readonly<Record<string, ProblemRow>>;

export type ProblemCode = keyof typeof problems;

/** Which problem a refusal is. What is hidden from somebody looks like what does not exist. */
export const problemOfRejection = {
  AccountNotFound: 'account-not-found',
  AccountErased: 'account-erased',
  CodeWrong: 'code-wrong',
  ConversationIdReused: 'id-reused',
  ConversationNotFound: 'conversation-not-found',
  Contended: 'contended',
  DeviceKeyUnsupported: 'device-key-unsupported',
  DeviceNotFound: 'device-not-found',
  DeviceRevokedAlready: 'device-revoked',
  DirectIsFixed: 'direct-is-fixed',
  GroupIsFull: 'group-is-full',
  MemberNotFound: 'member-not-found',
  MessageGone: 'message-gone',
  MessageIdReused: 'id-reused',
  MessageNotFound: 'message-not-found',
  NotAMember: 'conversation-not-found',
  NotYourMessage: 'not-your-message',
  OwnerOnly: 'owner-only',
  RefreshRefused: 'refresh-refused',
  SeqNotFound: 'seq-not-found',
  TargetUndeliverable: 'target-undeliverable',
  TooMany: 'too-many-requests',
  VerificationGone: 'verification-gone',
  VersionMismatch: 'version-mismatch',
} as const satisfies Readonly<Record<Rejection['type'], ProblemCode>>;

export interface FieldError {
  /** JSON pointer into the request. */
  readonly pointer: string;
  readonly code: string;
}

export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: ProblemCode;
  readonly retryable: boolean;
  readonly requestId: string;
  readonly detail?: string;
  readonly retryAfterMs?: number;
  readonly errors?: readonly FieldError[];
  readonly [field: string]: unknown;
}

const DOCUMENTATION = 'https://sottovoce.example/errors#';

export function toProblem(code: ProblemCode, requestId: string, extra: Readonly<Record<string, unknown>> = {}): Problem {
  const { status, retryable, title } = problems[code];
  return { type: `${DOCUMENTATION}${code}`, title, status, code, retryable, requestId, ...extra };
}

export function problemOf(rejection: Rejection, requestId: string): Problem {
  const { type, ...fields } = rejection;
  return toProblem(problemOfRejection[type], requestId, fields);
}

/** Thrown by whatever stands before a use case (parsing, guards); the filters of both doors turn it into its problem. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';

  constructor(
    readonly code: ProblemCode,
    readonly extra: Readonly<Record<string, unknown>> = {},
  ) {
    super(problems[code].title);
  }
}
