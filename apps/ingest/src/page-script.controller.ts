import { Controller, Get, Headers, Inject, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { PageScript } from './page-script.js';

/** `GET /v1/tributary.js`: the script that a shop's pages load. */
@Controller('v1/tributary.js')
export class PageScriptController {
  constructor(@Inject(PageScript) private readonly script: PageScript) {}

  @Get()
  async send(
    @Headers('accept-encoding') acceptEncoding: string | undefined,
    @Headers('if-none-match') ifNoneMatch: string | undefined,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { status, headers, body } = this.script.answer({
      ...(acceptEncoding === undefined ? {} : { acceptEncoding }),
      ...(ifNoneMatch === undefined ? {} : { ifNoneMatch }),
    });
    await reply.status(status).headers(headers).send(body);
  }
}
