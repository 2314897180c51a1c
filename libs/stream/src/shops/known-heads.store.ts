import type { ConnectionId, Sql, TenantId } from '@tributary/domain';
import type { KnownHead, StatusCounts } from '@tributary/sources';

/** A shop of a tenant. */
export interface ShopId {
  readonly tenantId: TenantId;
  readonly connectionId: ConnectionId;
}

interface HeadRow {
  readonly order_id: string;
  readonly as_of: number | null;
  readonly modified_at: number | null;
  readonly observed_at: number | null;
  readonly content_hash: string | null;
  readonly is_vanished: boolean;
  readonly is_observed: boolean;
  readonly deletion_reported_at: number | null;
  readonly status: string;
  readonly total: string | null;
}

const toHead = (row: HeadRow): KnownHead => {
  const { as_of: asOf, modified_at: modifiedAt, observed_at: observedAt, content_hash: contentHash } = row;
  const isRanked = asOf !== null && modifiedAt !== null && observedAt !== null && contentHash !== null;
  return {
    orderId: row.order_id,
    rank: isRanked ? { asOf, modifiedAt, observedAt, contentHash } : null,
    isVanished: row.is_vanished,
    isObserved: row.is_observed,
    isDeletionUnconfirmed: row.deletion_reported_at !== null && (observedAt === null || row.deletion_reported_at >= observedAt),
    status: row.status,
    total: row.total,
  };
};

/** `orders.heads` as pollers read it: with what a poll showed it is compared. */
export class KnownHeads {
  constructor(private readonly sql: Sql) {}

  async find({ tenantId, connectionId }: ShopId, orderIds: readonly string[]): Promise<Map<string, KnownHead>> {
    if (orderIds.length === 0) return new Map();
    const rows = await this.sql.query<HeadRow>(
      'known-heads-find',
      `select order_id, as_of, modified_at, observed_at, content_hash, is_vanished, observation is not null as is_observed,
              deletion_reported_at, status, total
         from orders.heads where tenant_id = $1 and connection_id = $2 and order_id = any($3::text[])`,
      [tenantId, connectionId, orderIds],
    );
    return new Map(rows.map((row) => [row.order_id, toHead(row)]));
  }

  /** Ids of orders that have not vanished, in the database’s order, after the given one; with `createdBefore` only of older ones. */
  async idsAfter({ tenantId, connectionId }: ShopId, after: string, limit: number, createdBefore: number | null): Promise<string[]> {
    const rows = await this.sql.query<{ order_id: string }>(
      'known-heads-ids',
      `select order_id from orders.heads where tenant_id = $1 and connection_id = $2 and order_id > $3 and not is_vanished
          and ($5::bigint is null or created_at is null or created_at < $5)
        order by order_id limit $4`,
      [tenantId, connectionId, after, limit, createdBefore],
    );
    return rows.map(({ order_id: id }) => id);
  }

  /** Of orders created at or after `createdFrom` (epoch ms; 0: of all). */
  async countsByStatus({ tenantId, connectionId }: ShopId, createdFrom: number): Promise<StatusCounts> {
    const rows = await this.sql.query<{ status: string; orders: number }>(
      'known-heads-counts',
      `select status, count(*)::int as orders from orders.heads
        where tenant_id = $1 and connection_id = $2 and not is_vanished and ($3::bigint = 0 or created_at >= $3) group by status`,
      [tenantId, connectionId, createdFrom],
    );
    return Object.fromEntries(rows.map(({ status, orders }) => [status, orders]));
  }
}
