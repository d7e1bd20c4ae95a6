/**
 * TABLE commands: what a frame asks for, and what its ack carries. An ack leaves only after the disk has it.
 */
import type { Clock } from '../../application/ports/clock.js';
import type { Credentials } from '../../application/ports/credentials.js';
import type { ConversationId, MessageId } from '../../domain/kernel/ids.js';
import { instant } from '../../domain/kernel/instant.js';
import type { AccessTokens } from '../nest/access-tokens.js';
import type { Dispatch } from '../nest/dispatch.js';
import { toBody } from '../nest/message-body.js';
import { present, rfc3339 } from '../nest/present.js';
import { type ProblemCode, ProblemError } from '../nest/problems.js';
import type { Sync } from '../nest/sync.js';
import type { CommandData, CommandType } from './frames.js';
import { closeCodes } from './frames.js';
import type { SocketSession } from './session.js';

export interface CommandDeps {
  readonly dispatch: Dispatch;
  readonly sync: Sync;
  readonly tokens: Pick<AccessTokens, 'verify'>;
  readonly credentials: Pick<Credentials, 'isLive'>;
  readonly clock: Pick<Clock, 'now'>;
}

/** A refusal after which the socket is closed. */
export class Farewell extends ProblemError {
  constructor(
    code: ProblemCode,
    readonly closeCode: number,
    readonly reason: string,
    extra: Readonly<Record<string, unknown>> = {},
  ) {
    super(code, extra);
  }
}

type Commands = {
  readonly [Type in Exclude<CommandType, 'hello'>]: (
    deps: CommandDeps,
    data: CommandData<Type>,
    session: SocketSession,
  ) => Promise<object>;
};

const callerOf = ({ principal: { accountId, deviceId } }: SocketSession) => ({ principal: { accountId, deviceId } });

export const commands: Commands = {
  'send-message': async ({ dispatch }, { conversationId, messageId, composedAt, ...body }, session) => {
    const input = {
      conversationId: conversationId as ConversationId,
      messageId: messageId as MessageId,
      body: toBody(body),
      ...(composedAt === undefined ? {} : { composedAt: instant(Date.parse(composedAt)) }),
    };
    const { position: _position, isNew: _isNew, ...ack } = await dispatch.value('sendMessage', input, callerOf(session));
    return present(ack);
  },

  'remove-message': async ({ dispatch }, { conversationId, messageId }, session) => {
    const input = { conversationId: conversationId as ConversationId, messageId: messageId as MessageId };
    await dispatch.value('removeMessage', input, callerOf(session));
    return {};
  },

  'mark-read': async ({ dispatch }, { conversationId, seq }, session) => {
    await dispatch.value('markRead', { conversationId: conversationId as ConversationId, seq }, callerOf(session));
    return {};
  },

  received: async ({ dispatch, sync }, { cursor }, session) => {
    const delivered = await sync.deliveredThrough(session.principal, cursor);
    await dispatch.value('confirmReceived', { delivered }, callerOf(session));
    return {};
  },

  'set-background': async (_deps, { background }, session) => {
    session.setBackground(background);
    return {};
  },

  authenticate: async ({ tokens, credentials, clock }, { accessToken }, session) => {
    const { accountId, deviceId } = session.principal;
    const shown = await tokens.verify(accessToken);
    if (shown?.accountId === accountId && shown.deviceId === deviceId) {
      session.renew(shown.expiresAt);
      return { sessionExpiresAt: rfc3339(session.expiresAt) };
    }
    const isLive = await credentials.isLive(deviceId, clock.now());
    if (!isLive) throw new Farewell('unauthenticated', closeCodes.deviceRevoked, 'the device was revoked');
    throw new Farewell('unauthenticated', closeCodes.tokenExpired, 'not a living access token of this device');
  },
};
