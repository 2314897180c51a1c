import { createHash } from 'node:crypto';
import { woocommerceSettingsSchema, type WoocommerceSettings } from '@tributary/sources';
import { asConnectionId, asTenantId, type ConnectionId, type Sql, type TenantId } from '@tributary/domain';
import { loadConnections, settingsPosition, type ConnectionRow } from '@tributary/postgres';

/** A WooCommerce connection, as ingest needs it. */
export interface Shop {
  readonly tenantId: TenantId;
  readonly connectionId: ConnectionId;
  readonly settings: WoocommerceSettings;
  readonly defaultCountry: string | null;
  readonly secretsVersion: number;
}

export const webhookTokenHash = (token: string): string => createHash('sha256').update(token).digest('hex');

const MISS_MAX = 10_000;

const toShop = (row: ConnectionRow): Shop => ({
  tenantId: asTenantId(row.tenantId),
  connectionId: asConnectionId(row.connectionId),
  settings: woocommerceSettingsSchema.parse(row.settings),
  defaultCountry: row.defaultCountry,
  secretsVersion: row.secretsVersion,
});

/** Shops by the token of their webhook address. A suspended tenant's shops still take facts; a disabled connection is unknown. */
export class ShopDirectory {
  private shops = new Map<string, Shop>();
  private misses = new Map<string, number>();
  private position = -1;
  private refreshing: Promise<void> | undefined;

  constructor(
    private readonly sql: Sql,
    private readonly schema: string,
  ) {}

  /** Reads the table again if it changed. */
  refresh(): Promise<void> {
    this.refreshing ??= this.load().finally(() => {
      this.refreshing = undefined;
    });
    return this.refreshing;
  }

  /**
   * An unknown token may belong to a connection that was just made, so the table is looked at again: once per token and
   * position of the config log, so that guessing tokens costs the database nothing.
   */
  async find(token: string): Promise<Shop | undefined> {
    const hash = webhookTokenHash(token);
    const known = this.shops.get(hash);
    if (known !== undefined || this.misses.get(hash) === this.position) return known;
    await this.refresh();
    const found = this.shops.get(hash);
    if (found === undefined) {
      if (this.misses.size >= MISS_MAX) this.misses.clear();
      this.misses.set(hash, this.position);
    }
    return found;
  }

  private async load(): Promise<void> {
    const position = await settingsPosition(this.sql, this.schema);
    if (position === this.position) return;
    const rows = (await loadConnections(this.sql, this.schema)).filter(({ kind, state }) => kind === 'woocommerce' && state !== 'disabled');
    this.shops = new Map(rows.flatMap((row) => (row.webhookTokenHash === null ? [] : [[row.webhookTokenHash, toShop(row)] as const])));
    this.position = position;
  }
}
