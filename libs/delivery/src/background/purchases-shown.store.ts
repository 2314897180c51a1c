import {
  orderKey,
  type Claim,
  type OrderKeyParts,
  type Positioned,
  type PurchaseShown,
  type ShownPurchase,
  type Sql,
} from '@tributary/domain';
import { BulkRows, casPrefix, casValues, plainIdentifier, type Column } from '@tributary/postgres';

interface ShownRow {
  readonly tenantId: string;
  readonly connectionId: string;
  readonly orderId: string;
  readonly pixelCode: string;
  readonly eventName: string;
  readonly shownAt: number;
}

const column = (name: string, type: string, of: (row: ShownRow) => unknown): Column<ShownRow> => ({ name, type, of });
const SHOWN_ROWS = new BulkRows<ShownRow>([
  column('tenant_id', 'text', ({ tenantId }) => tenantId),
  column('connection_id', 'text', ({ connectionId }) => connectionId),
  column('order_id', 'text', ({ orderId }) => orderId),
  column('pixel_code', 'text', ({ pixelCode }) => pixelCode),
  column('event_name', 'text', ({ eventName }) => eventName),
  column('shown_at', 'bigint', ({ shownAt }) => shownAt),
]);
const SHOWN_KEYS = 'tenant_id, connection_id, order_id, pixel_code, event_name';

const rowOf = (event: PurchaseShown): ShownRow => ({
  tenantId: event.tenantId,
  connectionId: event.shopConnectionId,
  orderId: event.orderId,
  pixelCode: event.pixelCode ?? '',
  eventName: event.pixelEventName ?? '',
  shownAt: Math.min(event.occurredAt, event.receivedAt),
});

/** The earliest of equal ones, in the order of their keys. */
function earliest(events: readonly Positioned<PurchaseShown>[]): ShownRow[] {
  const rows = new Map<string, ShownRow>();
  for (const { event } of events) {
    const row = rowOf(event);
    const key = JSON.stringify([row.tenantId, row.connectionId, row.orderId, row.pixelCode, row.eventName]);
    const before = rows.get(key);
    if (before === undefined || row.shownAt < before.shownAt) rows.set(key, row);
  }
  return [...rows].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
}

/** Fold of the browsers' own Purchases: the first moment counts, so duplicates and order do not matter. */
export async function applyPurchasesShown(sql: Sql, events: readonly Positioned<PurchaseShown>[], claim: Claim): Promise<boolean> {
  const app = plainIdentifier(claim.key.schema);
  const [row] = await sql.query<{ owned: number }>(
    `purchases-shown-fold-${app}`,
    `${casPrefix(app)}, folded as (
       insert into ${app}.purchases_shown as s (${SHOWN_ROWS.names})
       select n.* from ${SHOWN_ROWS.unnest(6, 'n')} where exists (select 1 from cas)
       on conflict (${SHOWN_KEYS}) do update set shown_at = excluded.shown_at where excluded.shown_at < s.shown_at
       returning 1)
     select count(*)::int as owned from cas`,
    [...casValues(claim.key, claim.expected, claim.next), ...SHOWN_ROWS.values(earliest(events))],
  );
  return row?.owned === 1;
}

/** By {@link orderKey}. */
export async function findPurchasesShown(sql: Sql, app: string, orders: readonly OrderKeyParts[]): Promise<Map<string, ShownPurchase[]>> {
  const schema = plainIdentifier(app);
  const rows = await sql.query<{ position: number; pixel_code: string; event_name: string; shown_at: number }>(
    `purchases-shown-find-${schema}`,
    `select k.position::int, s.pixel_code, s.event_name, s.shown_at
       from unnest($1::text[], $2::text[], $3::text[]) with ordinality as k(tenant_id, connection_id, order_id, position)
       join ${schema}.purchases_shown s using (tenant_id, connection_id, order_id)`,
    [orders.map(({ tenantId }) => tenantId), orders.map(({ connectionId }) => connectionId), orders.map(({ orderId }) => orderId)],
  );
  const found = new Map<string, ShownPurchase[]>();
  for (const row of rows) {
    const order = orders[row.position - 1];
    if (order === undefined) continue;
    const key = orderKey(order);
    const shown = { pixelCode: row.pixel_code || null, eventName: row.event_name || null, at: row.shown_at };
    found.set(key, [...(found.get(key) ?? []), shown]);
  }
  return found;
}
