/** Messages and sync over REST: parse, ask or execute, answer. An ack leaves only after the disk has it. */
import { Body, Controller, Delete, Get, Inject, Param, Post, Query, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import type { ConversationId, MessageId } from '../../domain/kernel/ids.js';
import { instant } from '../../domain/kernel/instant.js';
import type { Session } from '../nest/access-tokens.js';
import type { Caller } from '../nest/dispatch.js';
import { Dispatch } from '../nest/dispatch.js';
import { LongPoll } from '../nest/long-poll.js';
import { readBody } from '../nest/message-body.js';
import { present } from '../nest/present.js';
import { Reads } from '../nest/reads.js';
import { Route } from './answers.js';
import { IdParam } from './id-param.js';
import { Message, MessageAck, MessagePaging, Messages, SendMessage } from './message.dto.js';
import { Asking, Me } from './signed-in.guard.js';
import { SyncPage, SyncQuery } from './sync.dto.js';

const HTTP_OK = 200;

@ApiTags('messages')
@Controller('v1')
export class MessageController {
  constructor(
    @Inject(Dispatch) private readonly dispatch: Dispatch,
    @Inject(Reads) private readonly reads: Reads,
    @Inject(LongPoll) private readonly polls: LongPoll,
  ) {}

  @Post('conversations/:conversationId/messages')
  @Route('sendMessage', {
    summary: 'Send a message; repeat it with the same id until it is answered',
    status: 201,
    does: 'write',
    repeat: true,
    answer: MessageAck,
    problems: ['conversation-not-found', 'id-reused', 'message-gone', 'content-too-large', 'account-erased', 'contended'],
  })
  async sendMessage(
    @Param('conversationId', IdParam) conversationId: string,
    @Body() request: SendMessage,
    @Asking() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<MessageAck> {
    const { messageId, composedAt, ...rest } = request;
    const input = {
      conversationId: conversationId as ConversationId,
      messageId: messageId as MessageId,
      body: readBody(rest),
      ...(composedAt === undefined ? {} : { composedAt: instant(Date.parse(composedAt)) }),
    };
    const { position: _, isNew, ...ack } = await this.dispatch.value('sendMessage', input, caller);
    if (!isNew) void reply.status(HTTP_OK);
    return present(ack);
  }

  @Get('conversations/:conversationId/messages')
  @Route('listMessages', {
    summary: 'The history, newest page first, both ways',
    status: 200,
    does: 'read',
    isLarge: true,
    answer: Messages,
    problems: ['conversation-not-found', 'invalid-cursor', 'account-erased'],
  })
  listMessages(@Param('conversationId', IdParam) conversationId: string, @Query() paging: MessagePaging, @Me() me: Session) {
    return this.reads.messages(me, conversationId as ConversationId, paging);
  }

  @Get('conversations/:conversationId/messages/:messageId')
  @Route('getMessage', {
    summary: 'One message',
    status: 200,
    does: 'read',
    answer: Message,
    problems: ['message-not-found', 'account-erased'],
  })
  getMessage(
    @Param('conversationId', IdParam) conversationId: string,
    @Param('messageId', IdParam) messageId: string,
    @Me() me: Session,
  ) {
    return this.reads.message(me, conversationId as ConversationId, messageId as MessageId);
  }

  @Delete('conversations/:conversationId/messages/:messageId')
  @Route('removeMessage', {
    summary: 'Remove a message for everybody',
    status: 204,
    does: 'write',
    problems: ['conversation-not-found', 'message-not-found', 'not-your-message', 'account-erased', 'contended'],
  })
  async removeMessage(
    @Param('conversationId', IdParam) conversationId: string,
    @Param('messageId', IdParam) messageId: string,
    @Asking() caller: Caller,
  ): Promise<void> {
    await this.dispatch.value(
      'removeMessage',
      { conversationId: conversationId as ConversationId, messageId: messageId as MessageId },
      caller,
    );
  }

  @Get('sync')
  @Route('sync', {
    summary: 'Everything that was missed since a cursor, or what comes next',
    status: 200,
    does: 'read',
    isLarge: true,
    answer: SyncPage,
    problems: ['invalid-cursor', 'cursor-expired', 'account-erased'],
  })
  sync(@Query() { cursor, waitMs }: SyncQuery, @Me() me: Session, @Res({ passthrough: true }) reply: FastifyReply) {
    const gone = new AbortController();
    reply.raw.once('close', () => gone.abort());
    return this.polls.page(me, { cursor, waitMs, gone: gone.signal });
  }
}
