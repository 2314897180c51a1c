import { Controller, Get, Inject, Param } from '@nestjs/common';
import type { Alerts, Sql, TenantId } from '@tributary/domain';
import { knowledgeOfShops, type StoredConnection } from '@tributary/stream';
import type { Vault } from '@tributary/vault';
import { knownTenant } from '../reading/reading.parameters.js';
import type { CheckedConnection } from './check.openapi.js';
import { checkTenant } from './tenant-check.js';

export interface CheckPorts {
  readonly sql: Sql;
  /** Every connection of a tenant in its newest version. */
  readonly connections: (tenantId: TenantId) => Promise<readonly StoredConnection[]>;
  readonly alerts: Alerts;
  readonly vault: Pick<Vault, 'getSecrets'>;
}

export const CHECK_PORTS = Symbol('check ports');

/** What is right and wrong with a tenant's connections. Control asks no shop: it tells what ingest found at its looks. */
@Controller('v1/tenants/:tenant/check')
export class CheckController {
  constructor(@Inject(CHECK_PORTS) private readonly ports: CheckPorts) {}

  @Get()
  async check(@Param('tenant') tenant: string): Promise<{ readonly items: readonly CheckedConnection[]; readonly nextCursor: null }> {
    const { sql, connections, alerts, vault } = this.ports;
    const tenantId = await knownTenant(sql, tenant);
    const items = await checkTenant({
      tenantId,
      connections: await connections(tenantId),
      knowledge: await knowledgeOfShops(sql, tenantId),
      alerts: await alerts.list(tenantId),
      vault,
      now: Date.now(),
    });
    return { items, nextCursor: null };
  }
}
