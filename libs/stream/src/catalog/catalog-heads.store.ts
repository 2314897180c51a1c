import {
  asConnectionId,
  asTenantId,
  catalogKey,
  evolveCatalog,
  itemOf,
  type CatalogEvent,
  type CatalogHead,
  type CatalogItem,
  type Claim,
  type CouponContent,
  type Positioned,
  type ProductContent,
  type Sql,
} from '@tributary/domain';
import { BulkRows, casPrefix, casValues, type Column } from '@tributary/postgres';
import type { ShopId } from '../shops/known-heads.store.js';

const column = (name: string, type: string, of: (head: CatalogHead) => unknown): Column<CatalogHead> => ({ name, type, of });

const parentOf = ({ content }: CatalogHead): string | null =>
  content !== null && 'parentId' in content && content.parentId !== '0' ? content.parentId : null;

const HEAD_ROWS = new BulkRows<CatalogHead>([
  column('tenant_id', 'text', ({ tenantId }) => tenantId),
  column('connection_id', 'text', ({ connectionId }) => connectionId),
  column('resource', 'text', ({ resource }) => resource),
  column('resource_id', 'text', ({ resourceId }) => resourceId),
  column('as_of', 'bigint', ({ rank }) => rank.asOf),
  column('modified_at', 'bigint', ({ rank }) => rank.modifiedAt),
  column('observed_at', 'bigint', ({ rank }) => rank.observedAt),
  column('content_hash', 'text', ({ rank }) => rank.contentHash),
  column('deletion', 'text', ({ deletion }) => deletion),
  column('is_tail', 'boolean', ({ isTail }) => isTail),
  column('parent_id', 'text', parentOf),
  column('content', 'jsonb', ({ content }) => (content === null ? null : JSON.stringify(content))),
]);
const KEYS = ['tenant_id', 'connection_id', 'resource', 'resource_id'];

interface HeadRow {
  readonly tenant_id: string;
  readonly connection_id: string;
  readonly resource: string;
  readonly resource_id: string;
  readonly as_of: number;
  readonly modified_at: number;
  readonly observed_at: number;
  readonly content_hash: string;
  readonly deletion: string | null;
  readonly is_tail: boolean;
  readonly content: ProductContent | CouponContent | null;
}

const toHead = (row: HeadRow): CatalogHead => ({
  tenantId: asTenantId(row.tenant_id),
  connectionId: asConnectionId(row.connection_id),
  resource: row.resource,
  resourceId: row.resource_id,
  rank: { asOf: row.as_of, modifiedAt: row.modified_at, observedAt: row.observed_at, contentHash: row.content_hash },
  deletion: row.deletion,
  isTail: row.is_tail,
  content: row.content,
});

type KeyedItem = ShopId & CatalogItem;

async function findHeads(sql: Sql, items: readonly KeyedItem[]): Promise<Map<string, CatalogHead>> {
  if (items.length === 0) return new Map();
  const rows = await sql.query<HeadRow>(
    'catalog-heads-find',
    `select tenant_id, connection_id, resource, resource_id, as_of, modified_at, observed_at, content_hash, deletion, is_tail, content
       from orders.catalog_heads
       join (select distinct * from unnest($1::text[], $2::text[], $3::text[], $4::text[]) as k(tenant_id, connection_id, resource, resource_id)) k
      using (tenant_id, connection_id, resource, resource_id)`,
    [
      items.map(({ tenantId }) => tenantId),
      items.map(({ connectionId }) => connectionId),
      items.map(({ resource }) => resource),
      items.map(({ resourceId }) => resourceId),
    ],
  );
  return new Map(rows.map(toHead).map((head) => [catalogKey(head), head]));
}

/** Folds catalog events into `orders.catalog_heads`, for whoever publishes the next observation. */
export async function applyCatalogHeads(sql: Sql, events: readonly Positioned<CatalogEvent>[], claim: Claim): Promise<boolean> {
  const keyed = events.map(({ event }) => ({
    event,
    item: { ...itemOf(event), tenantId: event.tenantId, connectionId: event.connectionId },
  }));
  const heads = await findHeads(
    sql,
    keyed.map(({ item }) => item),
  );
  const changed = new Map<string, CatalogHead>();
  for (const { event, item } of keyed) {
    const key = catalogKey(item);
    const before = heads.get(key);
    const after = evolveCatalog(before, event);
    if (after === before) continue;
    heads.set(key, after);
    changed.set(key, after);
  }
  const values = [...changed].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, head]) => head);
  const [result] = await sql.query<{ owned: number }>(
    'catalog-heads-fold',
    `${casPrefix('orders')}, folded as (
       insert into orders.catalog_heads (${HEAD_ROWS.names}) select n.* from ${HEAD_ROWS.unnest(6, 'n')} where exists (select 1 from cas)
       on conflict (${KEYS.join(', ')}) do update set ${HEAD_ROWS.assignments('excluded', KEYS)} returning 1)
     select count(*)::int as owned from cas`,
    [...casValues(claim.key, claim.expected, claim.next), ...HEAD_ROWS.values(values)],
  );
  return result?.owned === 1;
}

/** `orders.catalog_heads` as publishers and pollers read it. */
export class CatalogHeads {
  constructor(private readonly sql: Sql) {}

  /** By {@link catalogKey}. */
  find({ tenantId, connectionId }: ShopId, items: readonly CatalogItem[]): Promise<Map<string, CatalogHead>> {
    return findHeads(
      this.sql,
      items.map((item) => ({ ...item, tenantId, connectionId })),
    );
  }

  /** Products and variations that are known, by id; what is deleted says what was last known. */
  async products(shop: ShopId, ids: readonly string[]): Promise<ReadonlyMap<string, ProductContent>> {
    const heads = await this.find(
      shop,
      ids.map((resourceId) => ({ resource: 'product', resourceId })),
    );
    const known = [...heads.values()].flatMap(({ resourceId, content }) =>
      content !== null && 'productId' in content ? [[resourceId, content] as const] : [],
    );
    return new Map(known);
  }

  /** Ids of products of their own or of coupons that the shop has as far as we know, in the database’s order, after the given one. */
  async idsAfter({ tenantId, connectionId }: ShopId, resource: string, after: string, limit: number): Promise<string[]> {
    const rows = await this.sql.query<{ resource_id: string }>(
      'catalog-heads-ids',
      `select resource_id from orders.catalog_heads
        where tenant_id = $1 and connection_id = $2 and resource = $3 and resource_id > $4 and deletion is null and parent_id is null
        order by resource_id limit $5`,
      [tenantId, connectionId, resource, after, limit],
    );
    return rows.map(({ resource_id: id }) => id);
  }

  /** Ids of the product’s variations that the shop has as far as we know. */
  async variationsOf({ tenantId, connectionId }: ShopId, parentId: string): Promise<string[]> {
    const rows = await this.sql.query<{ resource_id: string }>(
      'catalog-heads-variations',
      `select resource_id from orders.catalog_heads
        where tenant_id = $1 and connection_id = $2 and parent_id = $3 and resource = 'product' and deletion is null`,
      [tenantId, connectionId, parentId],
    );
    return rows.map(({ resource_id: id }) => id);
  }

  /** The shop’s weight unit as it was last read; empty while it never was. */
  async weightUnitOf({ tenantId, connectionId }: ShopId): Promise<string> {
    const [row] = await this.sql.query<{ unit: string | null }>(
      'catalog-weight-unit',
      `select catalog ->> 'weightUnit' as unit from ingest_ops.pollers where tenant_id = $1 and connection_id = $2`,
      [tenantId, connectionId],
    );
    return row?.unit ?? '';
  }
}
