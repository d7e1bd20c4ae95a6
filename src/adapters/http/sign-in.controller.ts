import { Body, Controller, Inject, Param, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { DeviceId, VerificationId } from '../../domain/kernel/ids.js';
import { instant } from '../../domain/kernel/instant.js';
import { limits } from '../../domain/kernel/limits.js';
import { AccessTokens } from '../nest/access-tokens.js';
import type { Caller } from '../nest/dispatch.js';
import { Dispatch } from '../nest/dispatch.js';
import { present } from '../nest/present.js';
import { Public } from '../nest/public.js';
import { CompleteVerification, RefreshSession, StartVerification, Tokens, Verification } from './account.dto.js';
import { Route } from './answers.js';
import { IdParam } from './id-param.js';
import { toIdentifier } from './identifier.js';
import { Asking } from './signed-in.guard.js';

/** Signing in is a verification that is started, and completed with the code by a device that shows its key. */
@Public()
@ApiTags('sign-in')
@Controller('v1')
export class SignInController {
  constructor(
    @Inject(Dispatch) private readonly dispatch: Dispatch,
    @Inject(AccessTokens) private readonly tokens: AccessTokens,
  ) {}

  @Post('verifications')
  @Route('startVerification', {
    summary: 'Have a one-time code sent',
    status: 201,
    answer: Verification,
    // The answer is worth nothing once the code has ended.
    keyLifeMs: limits.codeLifeMs,
    isPublic: true,
    problems: ['too-many-requests', 'target-undeliverable'],
  })
  async startVerification(@Body() body: StartVerification, @Asking() caller: Caller): Promise<Verification> {
    const started = await this.dispatch.value('startVerification', { identifier: toIdentifier(body) }, caller);
    return present({ ...started, codeDigits: limits.codeDigits });
  }

  @Post('verifications/:verificationId/complete')
  @Route('completeVerification', {
    summary: 'Sign a device in with the code',
    status: 201,
    does: 'write',
    answer: Tokens,
    isPublic: true,
    problems: [
      'not-found',
      'code-wrong',
      'verification-gone',
      'device-key-unsupported',
      'device-revoked',
      'account-erased',
      'contended',
    ],
  })
  async completeVerification(
    @Param('verificationId', IdParam) verificationId: string,
    @Body() { code, device }: CompleteVerification,
    @Asking() caller: Caller,
  ): Promise<Tokens> {
    const input = { verificationId: verificationId as VerificationId, code, device };
    const { accountId, deviceId, refreshToken } = await this.dispatch.value('completeVerification', input, caller);
    return present({ accountId, deviceId, ...(await this.tokens.issue({ accountId, deviceId })), refreshToken });
  }

  @Post('tokens')
  @Route('refreshSession', {
    summary: 'Refresh the tokens of a device',
    status: 201,
    answer: Tokens,
    isPublic: true,
    problems: ['refresh-refused'],
  })
  async refreshSession(@Body() body: RefreshSession, @Asking() caller: Caller): Promise<Tokens> {
    const { refreshToken, signature } = body;
    const input = { deviceId: body.deviceId as DeviceId, refreshToken, signature, signedAt: instant(Date.parse(body.signedAt)) };
    const refreshed = await this.dispatch.value('refreshSession', input, caller);
    return present({ ...refreshed, ...(await this.tokens.issue(refreshed)) });
  }
}
