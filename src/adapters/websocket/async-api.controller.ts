/** Serves the AsyncAPI document of the socket, and the page that shows it: everything from this server, nothing from elsewhere. */
import { createReadStream } from 'node:fs';
import { Controller, Get, Header, StreamableFile } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { ProblemError } from '../nest/problems.js';
import { Public } from '../nest/public.js';
import { asyncApi } from './async-api.js';
import { PAGE, pageFile, parsedAsyncApi, SHOW } from './async-api-page.js';

const SCRIPT = 'text/javascript; charset=utf-8';
const STYLE = 'text/css; charset=utf-8';

@Public()
@ApiExcludeController()
@Controller()
export class AsyncApiController {
  @Get('asyncapi.json')
  get(): object {
    return asyncApi();
  }

  @Get('docs/socket')
  @Header('content-type', 'text/html; charset=utf-8')
  page(): string {
    return PAGE;
  }

  @Get('docs/socket/document.json')
  document(): object {
    return parsedAsyncApi();
  }

  @Get('docs/socket/show.js')
  @Header('content-type', SCRIPT)
  show(): string {
    return SHOW;
  }

  @Get('docs/socket/asyncapi.js')
  script(): StreamableFile {
    return fileOf('asyncapi.js', SCRIPT);
  }

  @Get('docs/socket/style.css')
  style(): StreamableFile {
    return fileOf('style.css', STYLE);
  }
}

function fileOf(name: Parameters<typeof pageFile>[0], type: string): StreamableFile {
  const path = pageFile(name);
  if (path === undefined) throw new ProblemError('not-found');
  return new StreamableFile(createReadStream(path), { type });
}
