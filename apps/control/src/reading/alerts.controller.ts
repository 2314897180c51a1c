import { Controller, Get, Inject, Param } from '@nestjs/common';
import type { Alert, TenantId } from '@tributary/domain';
import type { Page } from '@tributary/stream';
import { knownTenant } from './reading.parameters.js';
import type { ReadingPorts } from './reading.ports.js';
import { READING_PORTS } from './reading.tokens.js';

const toItem = ({ kind, tenantId, connectionId, since, lastSeen, occurrences, what, todo }: Alert): object => ({
  kind,
  tenant: tenantId,
  connection: connectionId,
  since: since.toISOString(),
  lastSeen: lastSeen.toISOString(),
  occurrences,
  what,
  todo,
});

/** What a person should know about. */
@Controller('v1')
export class AlertsController {
  constructor(@Inject(READING_PORTS) private readonly ports: ReadingPorts) {}

  /** Open alerts of all tenants, newest first. */
  @Get('alerts')
  all(): Promise<Page<object>> {
    return this.list(null);
  }

  /** Open alerts of one tenant, newest first. */
  @Get('tenants/:tenant/alerts')
  async ofTenant(@Param('tenant') tenant: string): Promise<Page<object>> {
    return this.list(await knownTenant(this.ports.sql, tenant));
  }

  private async list(tenantId: TenantId | null): Promise<Page<object>> {
    return { items: (await this.ports.alerts.list(tenantId)).map(toItem), nextCursor: null };
  }
}
