/** Conversations and their members over REST: parse, ask or execute, answer. Every rule stands behind the seam. */
import { Body, Controller, Delete, Get, Inject, Param, Post, Put, Query, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import type { AccountId, ConversationId, MemberId } from '../../domain/kernel/ids.js';
import type { Session } from '../nest/access-tokens.js';
import type { Caller } from '../nest/dispatch.js';
import { Dispatch } from '../nest/dispatch.js';
import { Reads } from '../nest/reads.js';
import { KEY_LIFE_MS, Route } from './answers.js';
import {
  AddMember,
  Conversation,
  ConversationRef,
  Conversations,
  CreateDirect,
  CreateGroup,
  MarkRead,
  MemberRef,
  Members,
  Paging,
  Receipts,
} from './conversation.dto.js';
import { IdParam } from './id-param.js';
import { Asking, Me } from './signed-in.guard.js';
import { IfMatch } from './versions.js';

const HTTP_OK = 200;
const OF_THE_MEMBERS = 'of the members (`membersVersion`)';

@ApiTags('conversations')
@Controller('v1')
export class ConversationController {
  constructor(
    @Inject(Dispatch) private readonly dispatch: Dispatch,
    @Inject(Reads) private readonly reads: Reads,
  ) {}

  @Post('direct-conversations')
  @Route('createDirect', {
    summary: 'Open the conversation with one other person',
    status: 201,
    does: 'write',
    keyLifeMs: KEY_LIFE_MS,
    repeat: true,
    answer: ConversationRef,
    problems: ['account-not-found', 'account-erased', 'contended'],
  })
  async createDirect(
    @Body() { accountId }: CreateDirect,
    @Asking() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ConversationRef> {
    const { conversationId, isNew } = await this.dispatch.value('createDirect', { accountId: accountId as AccountId }, caller);
    if (!isNew) void reply.status(HTTP_OK);
    return { conversationId };
  }

  @Post('group-conversations')
  @Route('createGroup', {
    summary: 'Create a group',
    status: 201,
    does: 'write',
    repeat: true,
    answer: ConversationRef,
    problems: ['account-not-found', 'account-erased', 'id-reused', 'group-is-full', 'contended'],
  })
  async createGroup(
    @Body() body: CreateGroup,
    @Asking() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ConversationRef> {
    const { title } = body;
    const input = { title, conversationId: body.conversationId as ConversationId, accountIds: body.accountIds as AccountId[] };
    const { conversationId, isNew } = await this.dispatch.value('createGroup', input, caller);
    if (!isNew) void reply.status(HTTP_OK);
    return { conversationId };
  }

  @Get('conversations')
  @Route('listConversations', {
    summary: 'The own conversations, most recently active first',
    status: 200,
    does: 'read',
    isLarge: true,
    answer: Conversations,
    problems: ['invalid-cursor', 'account-erased'],
  })
  listConversations(@Query() paging: Paging, @Me() me: Session): Promise<Conversations> {
    return this.reads.conversations(me, paging);
  }

  @Get('conversations/:conversationId')
  @Route('getConversation', {
    summary: 'One conversation',
    status: 200,
    does: 'read',
    answer: Conversation,
    problems: ['conversation-not-found', 'account-erased'],
    // The reader's own marks stand in it, and change it without a revision.
    tag: ({ revision, membership: { deliveredSeq, readSeq } }: Conversation) => `${revision}.${deliveredSeq}.${readSeq}`,
  })
  getConversation(@Param('conversationId', IdParam) conversationId: string, @Me() me: Session): Promise<Conversation> {
    return this.reads.conversation(me, conversationId as ConversationId);
  }

  @Get('conversations/:conversationId/members')
  @Route('listMembers', {
    summary: 'Who is in it',
    status: 200,
    does: 'read',
    answer: Members,
    problems: ['conversation-not-found', 'not-a-member', 'invalid-cursor', 'account-erased'],
    tag: ({ membersVersion }: Members) => membersVersion,
  })
  listMembers(
    @Param('conversationId', IdParam) conversationId: string,
    @Query() paging: Paging,
    @Me() me: Session,
  ): Promise<Members> {
    return this.reads.members(me, conversationId as ConversationId, paging);
  }

  @Post('conversations/:conversationId/members')
  @Route('addMember', {
    summary: 'Add a person to a group',
    status: 201,
    does: 'write',
    keyLifeMs: KEY_LIFE_MS,
    repeat: true,
    answer: MemberRef,
    problems: [
      'conversation-not-found',
      'account-not-found',
      'owner-only',
      'direct-is-fixed',
      'group-is-full',
      'account-erased',
      'contended',
    ],
    ifMatch: OF_THE_MEMBERS,
  })
  async addMember(
    @Param('conversationId', IdParam) conversationId: string,
    @Body() { accountId }: AddMember,
    @IfMatch() ifVersion: number | undefined,
    @Asking() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<MemberRef> {
    const input = { conversationId: conversationId as ConversationId, accountId: accountId as AccountId, ifVersion };
    const { memberId, isNew } = await this.dispatch.value('addMember', input, caller);
    if (!isNew) void reply.status(HTTP_OK);
    return { memberId };
  }

  @Delete('conversations/:conversationId/members/:memberId')
  @Route('removeMember', {
    summary: 'Remove a member from a group',
    status: 204,
    does: 'write',
    problems: ['conversation-not-found', 'member-not-found', 'owner-only', 'direct-is-fixed', 'account-erased', 'contended'],
    ifMatch: OF_THE_MEMBERS,
  })
  async removeMember(
    @Param('conversationId', IdParam) conversationId: string,
    @Param('memberId', IdParam) memberId: string,
    @IfMatch() ifVersion: number | undefined,
    @Asking() caller: Caller,
  ): Promise<void> {
    const input = { conversationId: conversationId as ConversationId, memberId: memberId as MemberId, ifVersion };
    await this.dispatch.value('removeMember', input, caller);
  }

  @Post('conversations/:conversationId/leave')
  @Route('leaveConversation', {
    summary: 'Leave a group',
    status: 204,
    does: 'write',
    keyLifeMs: KEY_LIFE_MS,
    problems: ['conversation-not-found', 'direct-is-fixed', 'account-erased', 'contended'],
    ifMatch: OF_THE_MEMBERS,
  })
  async leaveConversation(
    @Param('conversationId', IdParam) conversationId: string,
    @IfMatch() ifVersion: number | undefined,
    @Asking() caller: Caller,
  ): Promise<void> {
    await this.dispatch.value('leaveConversation', { conversationId: conversationId as ConversationId, ifVersion }, caller);
  }

  @Put('conversations/:conversationId/read-mark')
  @Route('markRead', {
    summary: 'Say how far one has read',
    status: 204,
    does: 'write',
    problems: ['conversation-not-found', 'seq-not-found', 'account-erased', 'contended'],
  })
  async markRead(
    @Param('conversationId', IdParam) conversationId: string,
    @Body() { seq }: MarkRead,
    @Asking() caller: Caller,
  ): Promise<void> {
    await this.dispatch.value('markRead', { conversationId: conversationId as ConversationId, seq }, caller);
  }

  @Get('conversations/:conversationId/receipts')
  @Route('listReceipts', {
    summary: 'How far each member has got',
    status: 200,
    does: 'read',
    answer: Receipts,
    problems: ['conversation-not-found', 'not-a-member', 'account-erased'],
  })
  async listReceipts(@Param('conversationId', IdParam) conversationId: string, @Me() me: Session): Promise<Receipts> {
    return { items: [...(await this.reads.receipts(me, conversationId as ConversationId))] };
  }
}
