import { isConsentRequired, shopCountry, woocommerceSettingsSchema } from '@tributary/sources';
import {
  asConnectionId,
  asTenantId,
  type ConnectionId,
  type DestinationContext,
  type SourceContext,
  type Sql,
  type TenantContext,
  type TenantId,
} from '@tributary/domain';
import { loadConnections, settingsPosition, type ConnectionRow } from '@tributary/postgres';
import type { z } from 'zod';

/** Every destination says from which of the tenant's sources it takes; null: all. */
export interface WithSources {
  readonly sources: readonly string[] | null;
}

export interface DirectedDestination<Settings> extends DestinationContext<Settings> {
  readonly tenantId: TenantId;
  readonly isActive: boolean;
  readonly secretsVersion: number;
}

interface TenantPage<Settings> {
  readonly context: TenantContext;
  readonly shops: Map<string, SourceContext>;
  readonly destinations: Map<string, DirectedDestination<Settings>>;
}

const sourceContext = (row: ConnectionRow): SourceContext => {
  const settings = woocommerceSettingsSchema.parse(row.settings);
  return {
    connectionId: asConnectionId(row.connectionId),
    storeUrl: settings.storeUrl,
    country: shopCountry(settings),
    isConsentRequired: isConsentRequired(settings, row.defaultCountry).isRequired,
  };
};

/** The settings in force, from the app's own table, kept in memory and renewed when the table changed. */
export class ConnectionDirectory<Settings extends WithSources> {
  private pages = new Map<string, TenantPage<Settings>>();
  private position = -1;

  constructor(
    private readonly sql: Sql,
    private readonly app: string,
    private readonly kind: string,
    private readonly settingsSchema: z.ZodType<Settings>,
  ) {}

  /** Looks whether the table changed and reads it again if so; answers whether it did. */
  async refresh(): Promise<boolean> {
    const position = await settingsPosition(this.sql, this.app);
    if (position === this.position) return false;
    const pages = new Map<string, TenantPage<Settings>>();
    for (const row of await loadConnections(this.sql, this.app)) this.add(pages, row);
    this.pages = pages;
    this.position = position;
    return true;
  }

  tenant(tenantId: string): TenantContext | undefined {
    return this.pages.get(tenantId)?.context;
  }

  source(tenantId: string, connectionId: string): SourceContext | undefined {
    return this.pages.get(tenantId)?.shops.get(connectionId);
  }

  destination(tenantId: string, connectionId: string): DirectedDestination<Settings> | undefined {
    return this.pages.get(tenantId)?.destinations.get(connectionId);
  }

  /** Active destinations that take from this source. */
  taking(tenantId: string, sourceConnectionId: string): readonly DirectedDestination<Settings>[] {
    const page = this.pages.get(tenantId);
    if (page === undefined) return [];
    return [...page.destinations.values()].filter(
      ({ isActive, settings }) => isActive && (settings.sources === null || settings.sources.includes(sourceConnectionId)),
    );
  }

  active(): readonly { readonly tenantId: TenantId; readonly connectionId: ConnectionId }[] {
    return [...this.pages.values()].flatMap((page) => [...page.destinations.values()].filter(({ isActive }) => isActive));
  }

  private add(pages: Map<string, TenantPage<Settings>>, row: ConnectionRow): void {
    let page = pages.get(row.tenantId);
    if (page === undefined) {
      page = {
        context: { tenantId: asTenantId(row.tenantId), defaultCountry: row.defaultCountry },
        shops: new Map(),
        destinations: new Map(),
      };
      pages.set(row.tenantId, page);
    }
    if (row.kind === 'woocommerce') page.shops.set(row.connectionId, sourceContext(row));
    if (row.kind === this.kind) {
      page.destinations.set(row.connectionId, {
        tenantId: asTenantId(row.tenantId),
        connectionId: asConnectionId(row.connectionId),
        version: row.version,
        activatedAt: row.activatedAt,
        configuredAt: row.configuredAt,
        settings: this.settingsSchema.parse(row.settings),
        isActive: row.state === 'active',
        secretsVersion: row.secretsVersion,
      });
    }
  }
}
