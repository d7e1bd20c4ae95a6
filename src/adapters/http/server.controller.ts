/** What this server is and can do, for clients that have not signed in. */
import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { limits } from '../../domain/kernel/limits.js';
import { capabilities } from '../nest/capabilities.js';
import { Public } from '../nest/public.js';
import { version } from '../nest/version.js';
import { IntField, ObjectField, TextField, WordsField } from './fields.js';

class ServerLimits {
  @IntField(1, Number.MAX_SAFE_INTEGER)
  frameBytesMax: number;

  @IntField(1, Number.MAX_SAFE_INTEGER)
  contentBytesMax: number;

  @IntField(1, Number.MAX_SAFE_INTEGER)
  membersMax: number;

  @IntField(1, Number.MAX_SAFE_INTEGER)
  pageMax: number;
}

class ServerInfo {
  @TextField(1, 32)
  version: string;

  @WordsField({ description: 'Never reused: a client asks for what it needs by name.' })
  capabilities: string[];

  @ObjectField(() => ServerLimits)
  limits: ServerLimits;

  @WordsField()
  signInMethods: string[];
}

@ApiTags('server')
@Controller('v1/server')
export class ServerController {
  @Public()
  @Get()
  @ApiOperation({ operationId: 'getServer', summary: 'What this server is and can do' })
  @ApiOkResponse({ type: ServerInfo })
  getServer(): ServerInfo {
    const { frameBytesMax, contentBytesMax, membersMax, pageMax } = limits;
    return {
      version,
      capabilities: [...capabilities],
      limits: { frameBytesMax, contentBytesMax, membersMax, pageMax },
      signInMethods: ['phone', 'email'],
    };
  }
}
