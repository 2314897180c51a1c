import { Controller, Get, Inject, Post, Query, Req, Res } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { RequestBody } from '../request-body.js';
import { ConnectPipeline } from './connect.pipeline.js';
import { donePage } from './done-page.js';

/** Where a shop hands over keys that its merchant granted, and where it sends the merchant then. */
@Controller('v1/connect/woocommerce')
export class ConnectController {
  constructor(@Inject(ConnectPipeline) private readonly pipeline: ConnectPipeline) {}

  /** Exactly 200 when the keys are stored: with anything else the shop takes them back and shows the merchant an error. */
  @Post('keys')
  @RouteConfig({ maxBodyBytes: 8 * 1024 })
  async keys(@Req() request: FastifyRequest<{ Body: RequestBody }>, @Res() reply: FastifyReply): Promise<void> {
    const { status, title, detail } = await this.pipeline.take(request.body);
    const type = status === 200 ? 'application/json' : 'application/problem+json';
    await reply
      .status(status)
      .header('content-type', type)
      .send(JSON.stringify({ type: 'about:blank', title, status, detail }));
  }

  @Get('done')
  async done(@Query('user_id') state: unknown, @Query('success') success: unknown, @Res() reply: FastifyReply): Promise<void> {
    const page = donePage(await this.pipeline.done(state, success));
    await reply
      .headers({
        'content-type': 'text/html; charset=utf-8',
        'cache-control': 'no-store',
        'content-security-policy': "default-src 'none'",
        'referrer-policy': 'no-referrer',
      })
      .send(page);
  }
}
