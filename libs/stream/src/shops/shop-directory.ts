import { ownDomainsOf, woocommerceSettingsSchema, type WoocommerceSettings } from '@tributary/sources';
import { asConnectionId, asTenantId, type ConnectionId, type Sql, type TenantId } from '@tributary/domain';
import { loadConnections, type ConnectionRow } from '@tributary/postgres';
import { AddressDirectory } from './address-directory.js';

/** A WooCommerce connection, as ingest needs it. */
export interface Shop {
  readonly tenantId: TenantId;
  readonly connectionId: ConnectionId;
  readonly settings: WoocommerceSettings;
  readonly defaultCountry: string | null;
  readonly secretsVersion: number;
  /** The merchant's own registrable domains. */
  readonly ownDomains: readonly string[];
}

const toShop = (row: ConnectionRow): Shop => {
  const settings = woocommerceSettingsSchema.parse(row.settings);
  return {
    tenantId: asTenantId(row.tenantId),
    connectionId: asConnectionId(row.connectionId),
    settings,
    defaultCountry: row.defaultCountry,
    secretsVersion: row.secretsVersion,
    ownDomains: ownDomainsOf([settings.storeUrl]),
  };
};

/** The shop of this name as the app's own table has it; undefined for a disabled connection and for any other kind. */
export async function findShop(sql: Sql, schema: string, tenantId: string, connectionId: string): Promise<Shop | undefined> {
  const rows = await loadConnections(sql, schema);
  const row = rows.find((one) => one.tenantId === tenantId && one.connectionId === connectionId);
  return row === undefined || row.kind !== 'woocommerce' || row.state === 'disabled' ? undefined : toShop(row);
}

/** Shops by the token of their webhook address. A suspended tenant's shops still take facts; a disabled connection is unknown. */
export class ShopDirectory extends AddressDirectory<Shop> {
  constructor(sql: Sql, schema: string) {
    super(
      sql,
      schema,
      (rows) =>
        new Map(
          rows.flatMap((row) =>
            row.kind === 'woocommerce' && row.webhookTokenHash !== null ? [[row.webhookTokenHash, toShop(row)] as const] : [],
          ),
        ),
    );
  }
}
