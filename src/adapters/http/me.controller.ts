import { Body, Controller, Delete, Get, Headers, Inject, Param, Post, Put, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import type { DeviceId } from '../../domain/kernel/ids.js';
import type { Session } from '../nest/access-tokens.js';
import type { Caller } from '../nest/dispatch.js';
import { Dispatch } from '../nest/dispatch.js';
import { present } from '../nest/present.js';
import { Reads } from '../nest/reads.js';
import { Sync } from '../nest/sync.js';
import {
  Account,
  ChangeProfile,
  ConfirmReceived,
  Device,
  Devices,
  FindAccount,
  FoundAccounts,
  RenameDevice,
  SocketTicket,
} from './account.dto.js';
import { KEY_LIFE_MS, Route } from './answers.js';
import { IdParam } from './id-param.js';
import { toIdentifier } from './identifier.js';
import { Asking, Me } from './signed-in.guard.js';
import { IfMatch, tagOf } from './versions.js';

/** One's own things. */
@ApiTags('account')
@Controller('v1')
export class MeController {
  constructor(
    @Inject(Dispatch) private readonly dispatch: Dispatch,
    @Inject(Reads) private readonly reads: Reads,
    @Inject(Sync) private readonly sync: Sync,
  ) {}

  @Get('me')
  @Route('getMe', {
    summary: 'The own account',
    status: 200,
    does: 'read',
    answer: Account,
    problems: ['account-erased'],
    tag: ({ version }: Account) => version,
  })
  async getMe(@Me() me: Session): Promise<Account> {
    const { identifierKind: kind, ...account } = await this.reads.me(me);
    return present({ ...account, kind });
  }

  @Put('me/profile')
  @Route('changeProfile', {
    summary: 'Change the name that others see',
    status: 204,
    does: 'write',
    problems: ['account-not-found', 'account-erased', 'contended'],
    givesTag: true,
    ifMatch: 'of the account',
  })
  async changeProfile(
    @Body() { displayName }: ChangeProfile,
    @IfMatch() ifVersion: number | undefined,
    @Asking() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    const { version } = await this.dispatch.value('changeProfile', { displayName, ifVersion }, caller);
    void reply.header('ETag', tagOf(version));
  }

  @Get('me/devices')
  @Route('listDevices', { summary: 'The own devices, revoked ones included', status: 200, does: 'read', answer: Devices })
  async listDevices(@Me() me: Session): Promise<Devices> {
    return { items: (await this.reads.devices(me)).map((device) => present(device)) };
  }

  @Get('me/devices/:deviceId')
  @Route('getDevice', {
    summary: 'One own device',
    status: 200,
    does: 'read',
    answer: Device,
    problems: ['device-not-found'],
    tag: ({ version }: Device) => version,
  })
  async getDevice(@Param('deviceId', IdParam) deviceId: string, @Me() me: Session): Promise<Device> {
    return present(await this.reads.device(me, deviceId as DeviceId));
  }

  @Put('me/devices/:deviceId/name')
  @Route('renameDevice', {
    summary: 'Rename an own device',
    status: 204,
    does: 'write',
    problems: ['device-not-found', 'device-revoked', 'account-erased', 'contended'],
    givesTag: true,
    ifMatch: 'of the device',
  })
  async renameDevice(
    @Param('deviceId', IdParam) deviceId: string,
    @Body() { name }: RenameDevice,
    @IfMatch() ifVersion: number | undefined,
    @Asking() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    const input = { deviceId: deviceId as DeviceId, name, ifVersion };
    const { version } = await this.dispatch.value('renameDevice', input, caller);
    void reply.header('ETag', tagOf(version));
  }

  @Delete('me/devices/:deviceId')
  @Route('revokeDevice', {
    summary: 'Revoke an own device; this one: sign out',
    status: 204,
    does: 'write',
    problems: ['device-not-found', 'account-erased', 'contended'],
    ifMatch: 'of the device',
  })
  async revokeDevice(
    @Param('deviceId', IdParam) deviceId: string,
    @IfMatch() ifVersion: number | undefined,
    @Asking() caller: Caller,
  ): Promise<void> {
    await this.dispatch.value('revokeDevice', { deviceId: deviceId as DeviceId, ifVersion }, caller);
  }

  @Post('account-lookups')
  @Route('findAccount', {
    summary: 'Find an account by its exact number or address',
    status: 200,
    answer: FoundAccounts,
    problems: ['too-many-requests'],
  })
  async findAccount(@Body() body: FindAccount, @Asking() caller: Caller): Promise<FoundAccounts> {
    const { accountIds } = await this.dispatch.value('findAccount', { identifier: toIdentifier(body) }, caller);
    return { items: accountIds.map((accountId) => ({ accountId })) };
  }

  @Post('socket-tickets')
  @Route('issueSocketTicket', {
    summary: 'A ticket that opens one socket, for pages that cannot send headers',
    status: 201,
    answer: SocketTicket,
  })
  async issueSocketTicket(@Headers('origin') origin: string | undefined, @Asking() caller: Caller): Promise<SocketTicket> {
    return present(await this.dispatch.value('issueSocketTicket', origin === undefined ? {} : { origin }, caller));
  }

  @Post('me/received')
  @Route('confirmReceived', {
    summary: 'This device has stored everything up to a cursor',
    status: 204,
    does: 'write',
    keyLifeMs: KEY_LIFE_MS,
    problems: ['invalid-cursor', 'cursor-expired', 'account-erased', 'contended'],
  })
  async confirmReceived(@Body() { cursor }: ConfirmReceived, @Me() me: Session, @Asking() caller: Caller): Promise<void> {
    const delivered = await this.sync.deliveredThrough(me, cursor);
    await this.dispatch.value('confirmReceived', { delivered }, caller);
  }
}
