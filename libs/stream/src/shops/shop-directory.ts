import { merchantOwnOf, woocommerceSettingsSchema, type WoocommerceSettings } from '@tributary/sources';
import { asConnectionId, asTenantId, type ConnectionId, type MerchantOwn, type Sql, type TenantId } from '@tributary/domain';
import { loadConnections, type ConnectionRow } from '@tributary/postgres';
import { AddressDirectory } from './address-directory.js';
import { ManagedWebhooks, type ManagedAddress } from './managed-webhooks.store.js';

/** A WooCommerce connection, as ingest needs it. */
export interface Shop {
  readonly tenantId: TenantId;
  readonly connectionId: ConnectionId;
  readonly settings: WoocommerceSettings;
  readonly defaultCountry: string | null;
  readonly secretsVersion: number;
  readonly own: MerchantOwn;
}

/** Where a webhook arrived. */
export interface ShopAddress {
  readonly shop: Shop;
  /** The webhook that we made for this address; null: the connection's own, for all topics, of webhooks made by hand. */
  readonly managed: Pick<ManagedAddress, 'number' | 'topic'> | null;
}

const toShop = (row: ConnectionRow): Shop => {
  const settings = woocommerceSettingsSchema.parse(row.settings);
  return {
    tenantId: asTenantId(row.tenantId),
    connectionId: asConnectionId(row.connectionId),
    settings,
    defaultCountry: row.defaultCountry,
    secretsVersion: row.secretsVersion,
    own: merchantOwnOf(settings),
  };
};

/** The shop of this name as the app's own table has it; undefined for a disabled connection and for any other kind. */
export async function findShop(sql: Sql, schema: string, tenantId: string, connectionId: string): Promise<Shop | undefined> {
  const rows = await loadConnections(sql, schema);
  const row = rows.find((one) => one.tenantId === tenantId && one.connectionId === connectionId);
  return row === undefined || row.kind !== 'woocommerce' || row.state === 'disabled' ? undefined : toShop(row);
}

const shopKey = ({ tenantId, connectionId }: { readonly tenantId: string; readonly connectionId: string }): string =>
  `${tenantId}:${connectionId}`;

function byToken(rows: readonly ConnectionRow[], webhooks: readonly ManagedAddress[]): ReadonlyMap<string, ShopAddress> {
  const addresses = new Map<string, ShopAddress>();
  const shops = new Map<string, Shop>();
  for (const row of rows) {
    if (row.kind !== 'woocommerce') continue;
    const shop = toShop(row);
    shops.set(shopKey(row), shop);
    if (row.webhookTokenHash !== null) addresses.set(row.webhookTokenHash, { shop, managed: null });
  }
  for (const managed of webhooks) {
    const shop = shops.get(shopKey(managed));
    if (shop !== undefined) addresses.set(managed.tokenHash, { shop, managed });
  }
  return addresses;
}

/** Shops by the token of their webhook addresses. A suspended tenant's shops still take facts; a disabled connection is unknown. */
export class ShopDirectory extends AddressDirectory<ShopAddress, ManagedAddress> {
  constructor(sql: Sql, schema: string) {
    super(sql, schema, byToken, new ManagedWebhooks(sql));
  }
}
