import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { TenantId } from '@tributary/domain';
import { findImport, listImports, type ImportView, type AppCommand, type Page } from '@tributary/stream';
import { applied } from './applied-command.js';
import { knownTenant, nothingHere, readCursor, readGiven } from './reading.parameters.js';
import type { ReadingPorts } from './reading.ports.js';
import { emptyBody, importBody, pageQuery } from './reading.schema.js';
import { READING_PORTS } from './reading.tokens.js';

const INGEST = { app: 'ingest', withinMs: 5_000 };
const ID = /^\d{1,15}$/;

interface ImportAsked {
  readonly outcome: 'done' | 'asked';
  /** Null while it is only asked for. */
  readonly import: ImportView | null;
}

/** Imports of a shop's history: begun, watched, stopped and gone on with. */
@Controller('v1/tenants/:tenant/imports')
export class ImportsController {
  constructor(@Inject(READING_PORTS) private readonly ports: ReadingPorts) {}

  /** Newest first, page by page. */
  @Get()
  async imports(@Param('tenant') tenant: string, @Query() query: unknown): Promise<Page<ImportView>> {
    const { cursor, limit } = readGiven(pageQuery, query, 'query');
    const parts = readCursor(cursor, ['number']);
    return listImports(this.ports.sql, await knownTenant(this.ports.sql, tenant), parts === null ? null : Number(parts[0]), limit);
  }

  @Get(':id')
  async one(@Param('tenant') tenant: string, @Param('id') id: string): Promise<ImportView> {
    return this.find(await knownTenant(this.ports.sql, tenant), id);
  }

  /** Begins one. 200: it runs; 202: asked, ingest has not taken it up within 5 s; 409: refused, with the reason. */
  @Post()
  @HttpCode(200)
  async start(
    @Param('tenant') tenant: string,
    @Body() body: unknown,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ImportAsked> {
    const { connection: connectionId, resources, from, to = Date.now() } = readGiven(importBody, body, 'body');
    const tenantId = await knownTenant(this.ports.sql, tenant);
    return this.ask(tenantId, { kind: 'start-import', payload: { connectionId, resources, from, to } }, reply);
  }

  /** Stops one where it is. */
  @Post(':id/stop')
  @HttpCode(200)
  async stop(@Param() address: Address, @Body() body: unknown, @Res({ passthrough: true }) reply: FastifyReply): Promise<ImportAsked> {
    return this.change('stop-import', address, body, reply);
  }

  /** Goes on with one that was stopped, where it was. */
  @Post(':id/resume')
  @HttpCode(200)
  async resume(@Param() address: Address, @Body() body: unknown, @Res({ passthrough: true }) reply: FastifyReply): Promise<ImportAsked> {
    return this.change('resume-import', address, body, reply);
  }

  private async change(
    kind: 'stop-import' | 'resume-import',
    { tenant, id }: Address,
    body: unknown,
    reply: FastifyReply,
  ): Promise<ImportAsked> {
    readGiven(emptyBody, body, 'body');
    const tenantId = await knownTenant(this.ports.sql, tenant);
    await this.find(tenantId, id);
    return this.ask(tenantId, { kind, payload: { importId: Number(id) } }, reply);
  }

  private async ask(tenantId: TenantId, command: AppCommand, reply: FastifyReply): Promise<ImportAsked> {
    const result = await applied(this.ports.sql, INGEST, tenantId, command, reply);
    if (result?.importId === undefined) return { outcome: 'asked', import: null };
    return { outcome: 'done', import: (await findImport(this.ports.sql, tenantId, result.importId)) ?? null };
  }

  private async find(tenantId: TenantId, id: string): Promise<ImportView> {
    const found = ID.test(id) ? await findImport(this.ports.sql, tenantId, Number(id)) : undefined;
    if (found === undefined) throw nothingHere('This tenant has no such import; GET …/imports lists them.');
    return found;
  }
}

interface Address {
  readonly tenant: string;
  readonly id: string;
}
