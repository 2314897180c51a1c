import { Controller, Get, Inject, Param } from '@nestjs/common';
import { inUtcOrNull, type Alert } from '@tributary/domain';
import { shopFigures, type Page, type ShopFigures } from '@tributary/stream';
import type { LedgerReader } from './ledger-reader.js';
import { knownTenant } from './reading.parameters.js';
import type { ReadingPorts } from './reading.ports.js';
import { LEDGER_READERS, READING_PORTS } from './reading.tokens.js';
import type { ShopStatus } from './status.schema.js';

const CONVERSIONS = 'tiktok';

function coverageOf(requests: ShopFigures['newestMatchKeys']): ShopStatus['coverage'] {
  const keys = [...new Set(requests.flat())].toSorted();
  return { events: requests.length, keys: keys.map((key) => ({ key, have: requests.filter((each) => each.includes(key)).length })) };
}

/** How each shop is doing, at a glance. */
@Controller('v1/tenants/:tenant/status')
export class StatusController {
  constructor(
    @Inject(READING_PORTS) private readonly ports: ReadingPorts,
    @Inject(LEDGER_READERS) private readonly ledgers: readonly LedgerReader[],
  ) {}

  @Get()
  async status(@Param('tenant') tenant: string): Promise<Page<ShopStatus>> {
    const { sql, alerts } = this.ports;
    const tenantId = await knownTenant(sql, tenant);
    const apps = this.ledgers.map(({ place }) => place.app);
    const shops = await shopFigures(sql, CONVERSIONS, apps, tenantId);
    const open = await alerts.list(tenantId);
    const items = shops.map(({ shop, state, lastOrderAt, lastConversionAt, waiting, parked, newestMatchKeys }) => ({
      tenant: tenantId,
      shop,
      state,
      lastOrderAt: inUtcOrNull(lastOrderAt),
      lastConversionAt: inUtcOrNull(lastConversionAt),
      waiting,
      parked,
      alerts: alertsOf(shop, shops, open).length,
      coverage: coverageOf(newestMatchKeys),
    }));
    return { items, nextCursor: null };
  }
}

const alertsOf = (shop: string, shops: readonly ShopFigures[], open: readonly Alert[]): readonly Alert[] =>
  open.filter(({ connectionId }) => connectionId === shop || !shops.some((other) => other.shop === connectionId));
