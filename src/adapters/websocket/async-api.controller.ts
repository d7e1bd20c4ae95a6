/** Serves the AsyncAPI document of the socket. */
import { Controller, Get } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { Public } from '../nest/public.js';
import { asyncApi } from './async-api.js';

@Public()
@ApiExcludeController()
@Controller('asyncapi.json')
export class AsyncApiController {
  @Get()
  get(): object {
    return asyncApi();
  }
}
