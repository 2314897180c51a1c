import { Controller, Inject, Options, Post, Req, Res } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { RequestBody } from '../request-body.js';
import { CollectPipeline, type CollectAnswer, type CollectRequest } from './collect.pipeline.js';

type Request = FastifyRequest<{ Body: RequestBody }>;

const LIMITED = { maxBodyBytes: 512 * 1024 };

const arrived = (endpoint: CollectRequest['endpoint'], { headers, body, socket }: Request): CollectRequest => ({
  endpoint,
  headers,
  body,
  peer: socket.remoteAddress ?? '',
  receivedAt: Date.now(),
});

const send = (reply: FastifyReply, { status, headers, body }: CollectAnswer): string => {
  reply.status(status).headers(headers);
  return body;
};

/** `POST /v1/collect` and `POST /v1/identify`: what the script on a shop's pages sends (docs/collector.md). */
@Controller('v1')
export class CollectController {
  constructor(@Inject(CollectPipeline) private readonly pipeline: CollectPipeline) {}

  @Post('collect')
  @RouteConfig(LIMITED)
  async collect(@Req() request: Request, @Res({ passthrough: true }) reply: FastifyReply): Promise<string> {
    return send(reply, await this.pipeline.receive(arrived('collect', request)));
  }

  @Post('identify')
  @RouteConfig(LIMITED)
  async identify(@Req() request: Request, @Res({ passthrough: true }) reply: FastifyReply): Promise<string> {
    return send(reply, await this.pipeline.receive(arrived('identify', request)));
  }

  @Options(['collect', 'identify'])
  preflight(@Req() request: Request, @Res({ passthrough: true }) reply: FastifyReply): string {
    return send(reply, this.pipeline.preflight(request.headers.origin));
  }
}
