import { Controller, Delete, Get, Headers, Inject, Param, Post, Req, Res } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { RequestBody } from '../request-body.js';
import { ControlGate, gateProblem, type GateAnswer } from './control-gate.js';

const LIMITED = { maxBodyBytes: 256 * 1024 };
const TOO_LARGE = gateProblem(413, 'Too large', 'An instance’s body may have 256 KiB.');

const send = (reply: FastifyReply, { status, contentType, body }: GateAnswer): string => {
  reply.status(status).header('content-type', contentType);
  return body;
};

/** `POST /instances`, `GET` and `DELETE /instances/{id}` of Cloud Elements: the public address of what control does (docs/adr/0012-instances.md). */
@Controller('instances')
export class InstancesController {
  constructor(@Inject(ControlGate) private readonly control: ControlGate) {}

  @Post()
  @RouteConfig(LIMITED)
  async create(
    @Headers('authorization') authorization: string | undefined,
    @Req() request: FastifyRequest<{ Body: RequestBody }>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    const { body } = request;
    if (body.kind !== 'whole') return send(reply, TOO_LARGE);
    return send(reply, await this.control.ask('POST', '/instances', authorization, body.bytes.toString('utf8')));
  }

  @Get(':id')
  async find(
    @Headers('authorization') authorization: string | undefined,
    @Param('id') id: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    return send(reply, await this.control.ask('GET', `/instances/${encodeURIComponent(id)}`, authorization));
  }

  @Delete(':id')
  async remove(
    @Headers('authorization') authorization: string | undefined,
    @Param('id') id: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    return send(reply, await this.control.ask('DELETE', `/instances/${encodeURIComponent(id)}`, authorization));
  }
}
