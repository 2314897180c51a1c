import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { maskRejected, type TenantId } from '@tributary/domain';
import {
  findRejected,
  keptPayloads,
  listRejected,
  type KeptRejection,
  type Page,
  type RejectedItem,
  type ResubmittedItem,
} from '@tributary/stream';
import { applied } from './applied-command.js';
import { LOG_TIME_LIMIT_MS } from './order-reader.js';
import { knownTenant, nothingHere, readCursor, readGiven } from './reading.parameters.js';
import type { ReadingPorts } from './reading.ports.js';
import { emptyBody, rejectedQuery, resubmitBody } from './reading.schema.js';
import { READING_PORTS } from './reading.tokens.js';

const INGEST = { app: 'ingest', withinMs: 20_000 };

interface Resubmitted {
  readonly outcome: 'done' | 'asked';
  readonly items: readonly ResubmittedItem[];
}

const positionOf = (cursor: string | undefined): { readonly receivedAt: number; readonly eventId: string } | null => {
  const parts = readCursor(cursor, ['number', 'string']);
  return parts === null ? null : { receivedAt: Number(parts[0]), eventId: String(parts[1]) };
};

/** Payloads that could not be used: listed, looked at, and, after a fix, read again. */
@Controller('v1/tenants/:tenant/rejected')
export class RejectedController {
  constructor(@Inject(READING_PORTS) private readonly ports: ReadingPorts) {}

  /** Newest first, page by page. */
  @Get()
  async rejected(@Param('tenant') tenant: string, @Query() query: unknown): Promise<Page<RejectedItem>> {
    const { cursor, limit, connection = null, reason = null, state = null } = readGiven(rejectedQuery, query, 'query');
    const after = positionOf(cursor);
    const tenantId = await knownTenant(this.ports.sql, tenant);
    return listRejected(this.ports.sql, { tenantId, connection, reason, state }, after, limit);
  }

  /** One of them with its payload's shape, personal values described instead of shown. 404: unknown; 503: the log cannot be read now. */
  @Get(':id')
  async one(@Param('tenant') tenant: string, @Param('id') id: string): Promise<object> {
    const tenantId = await knownTenant(this.ports.sql, tenant);
    const item = await this.find(tenantId, id);
    const name = { eventId: id, connectionId: item.connection, reference: item.reference };
    const kept = await keptPayloads(this.ports, tenantId, [name], LOG_TIME_LIMIT_MS);
    return { ...item, ...shown(kept.get(id)) };
  }

  /** Reads one again. 200: done, with what became of it; 202: asked, not done within 20 s. */
  @Post(':id/resubmit')
  @HttpCode(200)
  async resubmit(
    @Param('tenant') tenant: string,
    @Param('id') id: string,
    @Body() body: unknown,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Resubmitted> {
    readGiven(emptyBody, body, 'body');
    const tenantId = await knownTenant(this.ports.sql, tenant);
    await this.find(tenantId, id);
    return this.again(tenantId, [id], reply);
  }

  /** Reads a page of them again, newest first: those that are still rejected and fit the filter. */
  @Post('resubmit')
  @HttpCode(200)
  async resubmitMany(
    @Param('tenant') tenant: string,
    @Body() body: unknown,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Resubmitted & { readonly nextCursor: string | null }> {
    const { reason = null, connection = null, cursor, limit } = readGiven(resubmitBody, body, 'body');
    const after = positionOf(cursor);
    const tenantId = await knownTenant(this.ports.sql, tenant);
    const page = await listRejected(this.ports.sql, { tenantId, connection, reason, state: 'rejected' }, after, limit);
    const ids = page.items.map(({ eventId }) => eventId);
    const done: Resubmitted = ids.length === 0 ? { outcome: 'done', items: [] } : await this.again(tenantId, ids, reply);
    return { ...done, nextCursor: page.nextCursor };
  }

  private async find(tenantId: TenantId, id: string): Promise<RejectedItem> {
    const item = await findRejected(this.ports.sql, tenantId, id);
    if (item === undefined) throw nothingHere('This tenant has no such rejected payload; take the id from the list of them.');
    return item;
  }

  private async again(tenantId: TenantId, eventIds: readonly string[], reply: FastifyReply): Promise<Resubmitted> {
    const result = await applied(this.ports.sql, INGEST, tenantId, { kind: 'resubmit', payload: { eventIds } }, reply);
    return result === null ? { outcome: 'asked', items: [] } : { outcome: 'done', items: result.items ?? [] };
  }
}

function shown(kept: KeptRejection | undefined): { readonly payload: unknown; readonly payloadNote: string | null } {
  const nothing = (payloadNote: string): ReturnType<typeof shown> => ({ payload: null, payloadNote });
  if (kept === undefined) return nothing('The topic does not hold the payload: it keeps them for 90 days.');
  const { payload, event } = kept;
  if (payload === null) return nothing('The payload as kept does not open: its key is gone, or it is damaged.');
  if (payload.length < event.sizeBytes)
    return nothing(`Only the first ${payload.length} of ${event.sizeBytes} bytes were kept, so it cannot be shown by its fields.`);
  try {
    return { payload: maskRejected(JSON.parse(payload.toString('utf8'))), payloadNote: null };
  } catch {
    return nothing('The payload is not JSON, so nothing of it can be shown without showing what may be personal.');
  }
}
