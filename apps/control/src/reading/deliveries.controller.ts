import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { v7 as uuidv7 } from 'uuid';
import type { z } from 'zod';
import { explainRetryRefusal, parseLedgerKey, retryDelivery, type LedgerEntry, type TenantId } from '@tributary/domain';
import { deliveryItemOf, ledgerKeyOf, listDeliveries, type DeliveryItem, type Page } from '@tributary/stream';
import { HttpProblem } from '../problem.js';
import { applied } from './applied-command.js';
import type { LedgerReader } from './ledger-reader.js';
import { knownTenant, nothingHere, readCursor, readGiven } from './reading.parameters.js';
import type { ReadingPorts } from './reading.ports.js';
import { deliveriesQuery, emptyBody, retryBody, tryBody, type triedSchema } from './reading.schema.js';
import { LEDGER_READERS, READING_PORTS } from './reading.tokens.js';

const APPLIED_WITHIN_MS = 5_000;
/** A request to the vendor may take ten. */
const TRIED_WITHIN_MS = 15_000;
const OPERATOR = 'admin';

/** Deliveries: the ledgers of all destinations, and what a person may ask of them. */
@Controller('v1/tenants/:tenant')
export class DeliveriesController {
  constructor(
    @Inject(READING_PORTS) private readonly ports: ReadingPorts,
    @Inject(LEDGER_READERS) private readonly ledgers: readonly LedgerReader[],
  ) {}

  /** Newest decisions first, page by page. */
  @Get('deliveries')
  async deliveries(@Param('tenant') tenant: string, @Query() query: unknown): Promise<Page<DeliveryItem>> {
    const { destination, connection = null, state = null, from, to, cursor, limit } = readGiven(deliveriesQuery, query, 'query');
    const parts = readCursor(cursor, ['number', 'string']);
    const tenantId = await knownTenant(this.ports.sql, tenant);
    const ledgers = this.ledgers
      .filter(({ kind }) => destination === undefined || kind === destination)
      .map(({ kind, place }) => ({ kind, app: place.app }));
    const after = parts === null ? null : { plannedAt: Number(parts[0]), key: String(parts[1]) };
    return listDeliveries(this.ports.sql, ledgers, { tenantId, connection, state, fromMs: from ?? null, toMs: to ?? null }, after, limit);
  }

  /** Another try for one delivery. 200: done; 202: asked, not done within 5 s; 409: refused, with the reason. */
  @Post('deliveries/:id/retry')
  @HttpCode(200)
  async retry(
    @Param('tenant') tenant: string,
    @Param('id') id: string,
    @Body() body: unknown,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<object> {
    const { acceptDuplicate } = readGiven(retryBody, body, 'body');
    const tenantId = await knownTenant(this.ports.sql, tenant);
    const key = ledgerKeyOf(id);
    const { ledger, entry } = await this.find(tenantId, key);
    const moment = { nowMs: Date.now(), newEventId: uuidv7, random: Math.random() };
    const decision = retryDelivery(entry, { acceptDuplicate, operator: OPERATOR }, moment);
    if (decision.kind === 'refused') throw new HttpProblem(409, 'Not retried', explainRetryRefusal(decision.because));
    const command = { kind: 'retry', payload: { ledgerKey: key, acceptDuplicate, operator: OPERATOR } } as const;
    const result = await applied(this.ports.sql, { app: ledger.place.app, withinMs: APPLIED_WITHIN_MS }, tenantId, command, reply);
    return { outcome: result === null ? 'asked' : 'done', delivery: deliveryItemOf(ledger.kind, (await ledger.find(key)) ?? entry) };
  }

  /** Sets a parked destination connection going again. 200: done; 202: asked, not done within 5 s; 409: refused, with the reason. */
  @Post('connections/:connection/resume')
  @HttpCode(200)
  async resume(
    @Param('tenant') tenant: string,
    @Param('connection') connectionId: string,
    @Body() body: unknown,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<object> {
    readGiven(emptyBody, body, 'body');
    const tenantId = await knownTenant(this.ports.sql, tenant);
    const app = await this.appOf(tenantId, connectionId, 'Not resumed');
    const command = { kind: 'resume', payload: { connectionId } } as const;
    const result = await applied(this.ports.sql, { app, withinMs: APPLIED_WITHIN_MS }, tenantId, command, reply);
    return { outcome: result === null ? 'asked' : 'done', moved: result?.moved ?? null };
  }

  /** Sends one order's event in test mode. 200: the vendor's answer; 202: asked, not done within 15 s; 409: refused, with the reason. */
  @Post('connections/:connection/test')
  @HttpCode(200)
  async tryOrder(
    @Param('tenant') tenant: string,
    @Param('connection') connectionId: string,
    @Body() body: unknown,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<z.infer<typeof triedSchema>> {
    const { shop, orderId, testCode = null } = readGiven(tryBody, body, 'body');
    const tenantId = await knownTenant(this.ports.sql, tenant);
    const app = await this.appOf(tenantId, connectionId, 'Not tried');
    const command = { kind: 'try-order', payload: { connectionId, shop, orderId, testCode } } as const;
    const result = await applied(this.ports.sql, { app, withinMs: TRIED_WITHIN_MS }, tenantId, command, reply);
    if (result?.tried === undefined) return { outcome: 'asked', tried: null };
    const { eventName, outcome, answer } = result.tried;
    return { outcome: 'done', tried: { eventName, outcome, ...answer } };
  }

  /** The app of an active destination connection. */
  private async appOf(tenantId: TenantId, connectionId: string, title: string): Promise<string> {
    for (const ledger of this.ledgers) {
      const connection = (await ledger.connections(tenantId)).find((each) => each.connectionId === connectionId);
      if (connection === undefined) continue;
      if (connection.state !== 'active') throw new HttpProblem(409, title, `The connection is ${connection.state}: make it active first.`);
      return ledger.place.app;
    }
    throw nothingHere('This tenant has no destination connection of this name.');
  }

  private async find(tenantId: string, key: string): Promise<{ readonly ledger: LedgerReader; readonly entry: LedgerEntry }> {
    if (parseLedgerKey(key)?.tenantId === tenantId) {
      for (const ledger of this.ledgers) {
        const entry = await ledger.find(key);
        if (entry !== undefined) return { ledger, entry };
      }
    }
    throw nothingHere('This tenant has no such delivery; take the id from the list of deliveries.');
  }
}
