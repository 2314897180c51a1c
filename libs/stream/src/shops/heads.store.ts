import {
  asConnectionId,
  asksForReread,
  asTenantId,
  isImportedHistory,
  orderFold,
  orderKey,
  productIdsOf,
  statusOf,
  type Claim,
  type KeptObservation,
  type OrderEvent,
  type OrderState,
  type Positioned,
  type Sql,
} from '@tributary/domain';
import { BulkRows, casPrefix, casValues, type Column } from '@tributary/postgres';

/** What the heads keep of an order's newest observation. */
export interface HeadObservation extends KeptObservation {
  readonly status: string;
  readonly total: string;
  readonly currency: string;
  /** Epoch ms, the shop's clock; unknown of what an older release folded. */
  readonly createdAt?: number;
}

type Head = OrderState<HeadObservation>;

const fold = orderFold<HeadObservation>(({ eventId, asOf, modifiedAt, receivedAt, contentHash, status, total, currency, createdAt }) => ({
  eventId,
  asOf,
  modifiedAt,
  receivedAt,
  contentHash,
  status,
  total,
  currency,
  createdAt,
}));

const column = (name: string, type: string, of: (head: Head) => unknown): Column<Head> => ({ name, type, of });

const HEAD_ROWS = new BulkRows<Head>([
  column('tenant_id', 'text', ({ tenantId }) => tenantId),
  column('connection_id', 'text', ({ connectionId }) => connectionId),
  column('order_id', 'text', ({ orderId }) => orderId),
  column('as_of', 'bigint', ({ head }) => head?.asOf ?? null),
  column('modified_at', 'bigint', ({ head }) => head?.modifiedAt ?? null),
  column('observed_at', 'bigint', ({ head }) => head?.observedAt ?? null),
  column('content_hash', 'text', ({ head }) => head?.contentHash ?? null),
  column('is_vanished', 'boolean', ({ isVanished }) => isVanished),
  column('deletion_reported_at', 'bigint', ({ deletionReportedAt }) => deletionReportedAt),
  column('observation', 'jsonb', ({ observed }) => (observed === null ? null : JSON.stringify(observed))),
  column('status', 'text', (head) => statusOf(head)),
  column('total', 'text', ({ observed }) => observed?.total ?? null),
  column('currency', 'text', ({ observed }) => observed?.currency ?? null),
  column('created_at', 'bigint', ({ observed }) => observed?.createdAt ?? null),
]);

/** Contradictions: only a new read of the shop can tell which of two observations holds. */
const REREAD_ROWS = new BulkRows<OrderEvent>([
  { name: 'tenant_id', type: 'text', of: ({ tenantId }) => tenantId },
  { name: 'connection_id', type: 'text', of: ({ connectionId }) => connectionId },
  { name: 'order_id', type: 'text', of: ({ orderId }) => orderId },
  { name: 'received_at', type: 'bigint', of: ({ receivedAt }) => receivedAt },
]);

/** Shops without REST keys are read by nobody, and what a rebuild meets again was read long ago. */
const ASKED = `asked as (
  insert into ingest_ops.rereads as r (tenant_id, connection_id, order_id)
  select distinct n.tenant_id, n.connection_id, n.order_id from ${REREAD_ROWS.unnest(6 + HEAD_ROWS.width, 'n')}
    join ingest_ops.pollers p using (tenant_id, connection_id)
   where exists (select 1 from cas) and p.due_at < 'infinity' and to_timestamp(n.received_at / 1000.0) > now() - interval '1 day' order by 1, 2, 3
  on conflict (tenant_id, connection_id, order_id) do update set ask = excluded.ask, due_at = least(r.due_at, excluded.due_at) returning 1)`;

interface OrderedProduct {
  readonly order: OrderEvent;
  readonly productId: string;
}

const PRODUCT_ROWS = new BulkRows<OrderedProduct>([
  { name: 'tenant_id', type: 'text', of: ({ order }) => order.tenantId },
  { name: 'connection_id', type: 'text', of: ({ order }) => order.connectionId },
  { name: 'product_id', type: 'text', of: ({ productId }) => productId },
  { name: 'received_at', type: 'bigint', of: ({ order }) => order.receivedAt },
]);

/** Products of orders that were never seen before are looked up, so that their weights outlive them; unless they were just read. */
const LOOKED_UP = `looked_up as (
  insert into ingest_ops.catalog_lookups as l (tenant_id, connection_id, resource, shop_item_id)
  select distinct n.tenant_id, n.connection_id, 'product', n.product_id from ${PRODUCT_ROWS.unnest(6 + HEAD_ROWS.width + REREAD_ROWS.width, 'n')}
    join ingest_ops.pollers p using (tenant_id, connection_id)
    left join orders.catalog_heads h
      on h.tenant_id = n.tenant_id and h.connection_id = n.connection_id and h.resource = 'product' and h.resource_id = n.product_id
   where exists (select 1 from cas) and p.due_at < 'infinity' and to_timestamp(n.received_at / 1000.0) > now() - interval '1 day'
     and (h.observed_at is null or to_timestamp(h.observed_at / 1000.0) < now() - interval '1 day') order by 1, 2, 4
  on conflict (tenant_id, connection_id, resource, shop_item_id) do update set ask = excluded.ask, due_at = now()
   where l.due_at is null and l.looked_at < now() - interval '1 day' returning 1)`;

const KEYS = ['tenant_id', 'connection_id', 'order_id'];

interface HeadRow {
  readonly tenant_id: string;
  readonly connection_id: string;
  readonly order_id: string;
  readonly as_of: number | null;
  readonly modified_at: number | null;
  readonly observed_at: number | null;
  readonly content_hash: string | null;
  readonly is_vanished: boolean;
  readonly deletion_reported_at: number | null;
  readonly observation: HeadObservation | null;
}

const toHead = ({ as_of: asOf, modified_at: modifiedAt, observed_at: observedAt, content_hash: contentHash, ...row }: HeadRow): Head => ({
  tenantId: asTenantId(row.tenant_id),
  connectionId: asConnectionId(row.connection_id),
  orderId: row.order_id,
  head:
    asOf === null || modifiedAt === null || observedAt === null || contentHash === null
      ? null
      : { asOf, modifiedAt, observedAt, contentHash },
  isVanished: row.is_vanished,
  observed: row.observation,
  deletionReportedAt: row.deletion_reported_at,
});

/**
 * Folds order events into `orders.heads`: the newest head of every order, for pollers, reconciliation and control. What contradicts a
 * head asks the poller to read that order again; an order that was never seen before asks for its products, unless an import brings it as history.
 */
export async function applyHeads(sql: Sql, events: readonly Positioned<OrderEvent>[], claim: Claim): Promise<boolean> {
  const rows = await sql.query<HeadRow>(
    'heads-find',
    `select tenant_id, connection_id, order_id, as_of, modified_at, observed_at, content_hash, is_vanished, deletion_reported_at, observation
       from orders.heads join (select distinct * from unnest($1::text[], $2::text[], $3::text[]) as k(tenant_id, connection_id, order_id)) k
      using (tenant_id, connection_id, order_id)`,
    [events.map(({ event }) => event.tenantId), events.map(({ event }) => event.connectionId), events.map(({ event }) => event.orderId)],
  );
  const heads = new Map(rows.map((row) => [`${row.tenant_id}:${row.connection_id}:${row.order_id}`, toHead(row)]));
  const changed = new Set<string>();
  const contradictions: OrderEvent[] = [];
  const products: OrderedProduct[] = [];
  for (const { event } of events) {
    const key = orderKey(event);
    const before = heads.get(key);
    if (asksForReread(before, event)) contradictions.push(event);
    if (before === undefined && event.type === 'OrderObserved' && !isImportedHistory(event, event.createdAt))
      products.push(...productIdsOf(event.lines).map((productId) => ({ order: event, productId })));
    const after = fold(before, event);
    if (after === before) continue;
    heads.set(key, after);
    changed.add(key);
  }
  const values = [...changed]
    .toSorted()
    .map((key) => heads.get(key))
    .filter((head) => head !== undefined);
  const [result] = await sql.query<{ owned: number }>(
    'heads-fold',
    `${casPrefix('orders')}, folded as (
       insert into orders.heads (${HEAD_ROWS.names}) select n.* from ${HEAD_ROWS.unnest(6, 'n')} where exists (select 1 from cas)
       on conflict (${KEYS.join(', ')}) do update set ${HEAD_ROWS.assignments('excluded', KEYS)} returning 1),
     ${ASKED},
     ${LOOKED_UP}
     select count(*)::int as owned from cas`,
    [
      ...casValues(claim.key, claim.expected, claim.next),
      ...HEAD_ROWS.values(values),
      ...REREAD_ROWS.values(contradictions),
      ...PRODUCT_ROWS.values(products),
    ],
  );
  return result?.owned === 1;
}
