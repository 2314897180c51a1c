import { Controller, Headers, HttpCode, Inject, Param, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { WebhookPipeline } from './ingest.pipeline.js';
import type { RequestBody } from './request-body.js';

/** `POST /v1/sources/woocommerce/{token}`: the webhook address of a connection. */
@Controller('v1/sources/woocommerce')
export class WebhookController {
  constructor(@Inject(WebhookPipeline) private readonly pipeline: WebhookPipeline) {}

  @Post(':token')
  @HttpCode(200)
  async receive(
    @Param('token') token: string,
    @Headers() headers: Record<string, string | undefined>,
    @Req() request: FastifyRequest<{ Body: RequestBody }>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    const answer = await this.pipeline.receive({ token, headers, body: request.body });
    if (answer.status === 200) return 'ok';
    reply.status(answer.status).header('content-type', 'application/problem+json');
    if (answer.status === 503) reply.header('retry-after', '5');
    return JSON.stringify({ type: 'about:blank', title: answer.title, status: answer.status, detail: answer.detail });
  }
}
