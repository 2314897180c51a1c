import type { Sql, TenantId } from '@tributary/domain';
import { plainIdentifier } from '@tributary/postgres';

/** How a shop is doing, in figures. Times are epoch ms. */
export interface ShopFigures {
  readonly shop: string;
  /** Of the connection. */
  readonly state: string;
  /** When an order of it was last heard of. */
  readonly lastOrderAt: number | null;
  /** When one of its orders was last delivered as a conversion, live. */
  readonly lastConversionAt: number | null;
  /** Effects of its orders, at all destinations, that are to be sent or of which nobody knows yet. */
  readonly waiting: number;
  readonly parked: number;
  /** What the newest live requests with its orders said of people, one list each. */
  readonly newestMatchKeys: readonly (readonly string[])[];
}

const NEWEST = 200;

/** The tenant's shops that are not disabled. `conversions`: the app whose ledger has them; `ledgers`: all apps that have one. */
export async function shopFigures(sql: Sql, conversions: string, ledgers: readonly string[], tenantId: TenantId): Promise<ShopFigures[]> {
  const app = plainIdentifier(conversions);
  const open = ledgers.map(
    (one) => `select state from ${plainIdentifier(one)}.ledger_entries
               where tenant_id = c.tenant_id and source_connection_id = c.connection_id and settled_at is null`,
  );
  const ofShop = 'l.tenant_id = c.tenant_id and l.source_connection_id = c.connection_id';
  return sql.query<ShopFigures>(
    `shop-figures-${ledgers.join('-')}`,
    `select c.connection_id as shop, c.state, o.waiting, o.parked,
            (select max(observed_at) from orders.heads h where h.tenant_id = c.tenant_id and h.connection_id = c.connection_id) as "lastOrderAt",
            (select settled_at from ${app}.ledger_entries l where ${ofShop} and l.state = 'delivered' and l.mode = 'live'
              order by l.planned_at desc, l.ledger_key limit 1) as "lastConversionAt",
            (select coalesce(jsonb_agg(keys), '[]'::jsonb)
               from (select (select request -> 'matchKeys' from jsonb_array_elements(l.attempts) with ordinality as a(request, number)
                              where request ->> 'outcome' <> 'absent' order by number desc limit 1) as keys
                       from ${app}.ledger_entries l
                      where ${ofShop} and l.mode = 'live' and jsonb_array_length(l.attempts) > 0
                      order by l.planned_at desc, l.ledger_key limit ${NEWEST}) n
              where keys is not null) as "newestMatchKeys"
       from ingest.connections c
      cross join lateral (
        select count(*) filter (where state <> 'parked')::int as waiting, count(*) filter (where state = 'parked')::int as parked
          from (${open.join(' union all ')}) e) o
      where c.tenant_id = $1 and c.kind = 'woocommerce' and c.state <> 'disabled'
      order by c.connection_id`,
    [tenantId],
  );
}
