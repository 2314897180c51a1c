import { SHAPED_RESOURCES, type Sql } from '@tributary/domain';
import type { ShopItem } from '@tributary/sources';
import type { ShopId } from '../shops/known-heads.store.js';

/** An asking that was read from the table; a newer one has another number. */
export interface DueLookup extends ShopItem {
  readonly ask: number;
}

/** `ingest_ops.catalog_lookups`: catalog items that only a read of the shop can tell about. */
export class CatalogLookups {
  constructor(private readonly sql: Sql) {}

  /**
   * Asks for a read of these items after a delay; custom resources cannot be read and are passed over. In one order, so that two who
   * ask do not wait for each other in a circle.
   */
  async ask({ tenantId, connectionId }: ShopId, items: readonly ShopItem[], delayMs = 0): Promise<void> {
    const readable = items.filter(({ resource }) => SHAPED_RESOURCES.some((shaped) => shaped === resource));
    if (readable.length === 0) return;
    const sorted = readable.toSorted((a, b) => (`${a.resource}:${a.id}` < `${b.resource}:${b.id}` ? -1 : 1));
    await this.sql.query(
      'catalog-lookups-ask',
      `insert into ingest_ops.catalog_lookups as l (tenant_id, connection_id, resource, shop_item_id, due_at)
       select distinct $1, $2, n.resource, n.id, now() + make_interval(secs => $5) from unnest($3::text[], $4::text[]) as n(resource, id)
        order by n.resource, n.id
       on conflict (tenant_id, connection_id, resource, shop_item_id)
       do update set ask = excluded.ask, due_at = least(coalesce(l.due_at, excluded.due_at), excluded.due_at)`,
      [tenantId, connectionId, sorted.map(({ resource }) => resource), sorted.map(({ id }) => id), delayMs / 1_000],
    );
  }

  /** Of one resource, what was asked for last first: an order of today before a history that is being read. */
  async due({ tenantId, connectionId }: ShopId, limit: number): Promise<readonly DueLookup[]> {
    const rows = await this.sql.query<DueLookup>(
      'catalog-lookups-due',
      `select resource, shop_item_id as id, ask from ingest_ops.catalog_lookups
        where tenant_id = $1 and connection_id = $2 and due_at <= now() order by ask desc limit $3`,
      [tenantId, connectionId, limit],
    );
    const [first] = rows;
    return rows.filter(({ resource }) => resource === first?.resource);
  }

  /** They were read. A customer's row goes: it would keep the shop's id of a person. */
  async served({ tenantId, connectionId }: ShopId, lookups: readonly DueLookup[]): Promise<void> {
    if (lookups.length === 0) return;
    const keys = [
      tenantId,
      connectionId,
      lookups.map(({ resource }) => resource),
      lookups.map(({ id }) => id),
      lookups.map(({ ask }) => ask),
    ];
    const served = `from unnest($3::text[], $4::text[], $5::bigint[]) as s(resource, id, ask)
      where l.tenant_id = $1 and l.connection_id = $2 and l.resource = s.resource and l.shop_item_id = s.id and l.ask = s.ask`;
    await this.sql.query(
      'catalog-lookups-served',
      `update ingest_ops.catalog_lookups l set due_at = null, looked_at = now() ${served}`,
      keys,
    );
    await this.sql.query(
      'catalog-lookups-forget',
      "delete from ingest_ops.catalog_lookups where tenant_id = $1 and connection_id = $2 and resource = 'customer' and due_at is null",
      [tenantId, connectionId],
    );
  }

  /** They could not be read just now. */
  async putOff({ tenantId, connectionId }: ShopId, items: readonly ShopItem[], delayMs: number): Promise<void> {
    if (items.length === 0) return;
    await this.sql.query(
      'catalog-lookups-put-off',
      `update ingest_ops.catalog_lookups l set due_at = now() + make_interval(secs => $5)
         from unnest($3::text[], $4::text[]) as n(resource, id)
        where l.tenant_id = $1 and l.connection_id = $2 and l.resource = n.resource and l.shop_item_id = n.id and l.due_at is not null`,
      [tenantId, connectionId, items.map(({ resource }) => resource), items.map(({ id }) => id), delayMs / 1_000],
    );
  }
}
