import { Controller, Get, Inject, Param } from '@nestjs/common';
import { explainReason } from '@tributary/domain';
import { findVisitDeliveries } from '@tributary/stream';
import { knownTenant, nothingHere } from './reading.parameters.js';
import type { ReadingPorts } from './reading.ports.js';
import { READING_PORTS } from './reading.tokens.js';
import type { VisitAnswer } from './visits.schema.js';

const NEVER_ASKED =
  'This visit was never part of a request to a vendor: it still waits, or it is not to be sent (consent, settings, age, missing fields; ' +
  'counted in tributary_visits_total), or it is older than 30 days, or it never arrived.';

/** What became of a visit, by the event id that the browser gave it. */
@Controller('v1/tenants/:tenant/visits')
export class VisitsController {
  constructor(@Inject(READING_PORTS) private readonly ports: ReadingPorts) {}

  /** One item for each destination that was asked to take it. 404: none was. */
  @Get(':eventId')
  async visit(@Param('tenant') tenant: string, @Param('eventId') eventId: string): Promise<VisitAnswer> {
    const deliveries = await findVisitDeliveries(this.ports.sql, await knownTenant(this.ports.sql, tenant), eventId);
    if (deliveries.length === 0) throw nothingHere(NEVER_ASKED);
    return {
      eventId,
      deliveries: deliveries.map(({ matchKeys, ...one }) => ({
        ...one,
        matchKeys: [...matchKeys],
        explanation: one.reason === null ? null : explainReason(one.reason),
      })),
    };
  }
}
