import { visitConnectionOf, visitsSettingsSchema, woocommerceSettingsSchema, type VisitConnection } from '@tributary/sources';
import { asConnectionId, asTenantId, type Sql } from '@tributary/domain';
import type { ConnectionRow } from '@tributary/postgres';
import { AddressDirectory } from './address-directory.js';

const idOf = (tenantId: string, connectionId: string): string => `${tenantId}:${connectionId}`;

function toVisitConnection(row: ConnectionRow, shops: ReadonlyMap<string, ConnectionRow>): VisitConnection | undefined {
  const settings = visitsSettingsSchema.parse(row.settings);
  const shop = shops.get(idOf(row.tenantId, settings.shop));
  if (shop === undefined) return undefined;
  return visitConnectionOf({
    tenantId: asTenantId(row.tenantId),
    connectionId: asConnectionId(row.connectionId),
    shopConnectionId: asConnectionId(settings.shop),
    settings,
    shopSettings: woocommerceSettingsSchema.parse(shop.settings),
    defaultCountry: row.defaultCountry,
  });
}

function byWriteKey(rows: readonly ConnectionRow[]): ReadonlyMap<string, VisitConnection> {
  const shops = new Map(rows.flatMap((row) => (row.kind === 'woocommerce' ? [[idOf(row.tenantId, row.connectionId), row] as const] : [])));
  const connections = new Map<string, VisitConnection>();
  for (const row of rows) {
    const connection = row.kind === 'visits' ? toVisitConnection(row, shops) : undefined;
    if (connection !== undefined) for (const hash of row.addressHashes) connections.set(hash, connection);
  }
  return connections;
}

/** Visits connections by their write keys, and the origins that any of them allows. One whose shop is gone is unknown. */
export class VisitDirectory extends AddressDirectory<VisitConnection> {
  private allOrigins: ReadonlySet<string> = new Set();

  constructor(sql: Sql, schema: string) {
    super(sql, schema, (rows) => {
      const connections = byWriteKey(rows);
      this.allOrigins = new Set([...connections.values()].flatMap(({ origins }) => [...origins.keys()]));
      return connections;
    });
  }

  /** A preflight names no write key. */
  allowsOrigin(origin: string): boolean {
    return this.allOrigins.has(origin);
  }
}
