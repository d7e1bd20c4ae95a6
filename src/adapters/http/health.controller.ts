import { Controller, Get, Inject, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Health } from '../nest/health.js';
import { Public } from '../nest/public.js';

const UNAVAILABLE = 503;

/** For whoever watches the process. Not part of the public API. */
@Public()
@ApiExcludeController()
@Controller('health')
export class HealthController {
  constructor(@Inject(Health) private readonly health: Health) {}

  /** The process answers. */
  @Get('live')
  live(): { readonly status: 'live' } {
    return { status: 'live' };
  }

  /** Requests may be sent here: the store answers, the views are up to date, and nobody has asked it to stop. */
  @Get('ready')
  async ready(@Res({ passthrough: true }) reply: FastifyReply): Promise<object> {
    const { isReady, ...checks } = await this.health.check();
    if (!isReady) void reply.status(UNAVAILABLE);
    return { status: isReady ? 'ready' : 'not-ready', ...checks };
  }
}
