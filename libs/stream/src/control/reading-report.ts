import { decodeOrderEvent, schemaIdOf, type SchemaBook } from '@tributary/codecs';
import {
  asConnectionId,
  type DeliveryMode,
  type DeliveryState,
  type ReportedDestination,
  type ReportedEffect,
  type ReportedOrder,
  type ReportPeriod,
  type Sql,
  type TenantId,
  type VisitTally,
} from '@tributary/domain';
import { plainIdentifier } from '@tributary/postgres';

const ORDERS_AT_ONCE = 1_000;
/** Browsers' clocks may be ahead by ten minutes of the log's. */
const CLOCKS_MS = 3_600_000;

interface OrderRow {
  readonly connection_id: string;
  readonly order_id: string;
  readonly is_vanished: boolean;
  readonly observation: Buffer;
  readonly effects: readonly ReportedEffect[] | null;
}

export interface ReportSource {
  readonly sql: Sql;
  /** The app of the destination. */
  readonly app: string;
  readonly book: SchemaBook;
  /** Makes the schema id of a stored observation known before it is read. */
  readonly learn: (schemaId: number) => Promise<void>;
}

/** The tenant's active connections of this kind. */
export async function reportedDestinations(sql: Sql, app: string, kind: string, tenantId: TenantId): Promise<ReportedDestination[]> {
  const rows = await sql.query<{ connection_id: string; sources: readonly string[] | null }>(
    `report-destinations-${app}`,
    `select connection_id, nullif(settings -> 'sources', 'null'::jsonb) as sources from ${plainIdentifier(app)}.connections
      where tenant_id = $1 and kind = $2 and state = 'active' order by connection_id`,
    [tenantId, kind],
  );
  return rows.map((row) => ({ connection: asConnectionId(row.connection_id), sources: row.sources }));
}

/**
 * Every order that was made in the period, once each, with all that was decided about it; some at a time, so that no period is too long.
 * An order is modified after it was made, which tells most of the others without reading them.
 */
export async function eachReportedOrder(
  { sql, app, book, learn }: ReportSource,
  tenantId: TenantId,
  { fromMs, toMs }: ReportPeriod,
  take: (order: ReportedOrder) => void,
): Promise<void> {
  const schema = plainIdentifier(app);
  let after = { connectionId: '', orderId: '' };
  for (;;) {
    const rows = await sql.query<OrderRow>(
      `report-orders-${schema}`,
      `select k.connection_id, k.order_id, k.is_vanished, k.observation, e.effects
         from (select * from ${schema}.orders
                where tenant_id = $1 and (connection_id, order_id) > ($2, $3) and modified_at >= $4 and observation is not null
                order by connection_id, order_id limit $5) k
         left join lateral (
           select jsonb_agg(jsonb_build_object(
                    'destination', l.destination_connection_id, 'eventName', l.event_name, 'revision', l.revision, 'mode', l.mode,
                    'state', l.state, 'reason', l.reason, 'value', l.plan -> 'value', 'currency', l.plan -> 'currency',
                    'matchKeys', r.request -> 'matchKeys', 'clickFrom', r.request #> '{identity,clickFrom}') order by l.ledger_key) as effects
             from ${schema}.ledger_entries l
             left join lateral (
               select request from jsonb_array_elements(l.attempts) with ordinality as a(request, number)
                where request ->> 'outcome' <> 'absent' order by number desc limit 1) r on true
            where l.tenant_id = k.tenant_id and l.source_connection_id = k.connection_id and l.reference = k.order_id) e on true
        order by k.connection_id, k.order_id`,
      [tenantId, after.connectionId, after.orderId, fromMs, ORDERS_AT_ONCE],
    );
    for (const row of rows) {
      const schemaId = schemaIdOf(row.observation);
      if (!book.isKnown(schemaId)) await learn(schemaId);
      const order = toReported(row, book);
      if (order !== null && order.createdAt >= fromMs && order.createdAt < toMs) take(order);
    }
    const last = rows.at(-1);
    if (last === undefined || rows.length < ORDERS_AT_ONCE) return;
    after = { connectionId: last.connection_id, orderId: last.order_id };
  }
}

function toReported(row: OrderRow, book: SchemaBook): ReportedOrder | null {
  const event = decodeOrderEvent(book, row.observation);
  if (event.type !== 'OrderObserved') return null;
  const { connectionId, createdAt, currency, total, paymentMethod, createdVia, renewalOf, consent, personalFields, subjects } = event;
  return {
    shop: connectionId,
    createdAt,
    currency,
    total,
    paymentMethod,
    createdVia,
    renewalOf,
    consent,
    status: row.is_vanished ? 'vanished' : event.status,
    hasVisitor: subjects.visitor !== null,
    personalFields,
    effects: row.effects ?? [],
  };
}

interface VisitRow {
  readonly destination: string;
  readonly event_name: string;
  readonly mode: DeliveryMode;
  readonly day_at: number;
  readonly state: DeliveryState;
  readonly reason: string | null;
  readonly match_keys: string;
  readonly has_request: boolean;
  readonly count: number;
}

/** The tenant's visits of the period that were to be sent, counted by day and by what became of them. */
export async function visitTallies(sql: Sql, app: string, tenantId: TenantId, { fromMs, toMs }: ReportPeriod): Promise<VisitTally[]> {
  const rows = await sql.query<VisitRow>(
    `report-visits-${app}`,
    `select destination_connection_id as destination, event_name, mode, event_time / 86400000 * 86400000 as day_at, state, reason, match_keys,
            attempted_at is not null as has_request, count(*)::int as count
       from ${plainIdentifier(app)}.visit_deliveries
      where tenant_id = $1 and event_time >= $2 and event_time < $3 and logged_at >= $4
      group by 1, 2, 3, 4, 5, 6, 7, 8`,
    [tenantId, fromMs, toMs, fromMs - CLOCKS_MS],
  );
  return rows.map((row) => ({
    destination: asConnectionId(row.destination),
    eventName: row.event_name,
    mode: row.mode,
    dayAt: row.day_at,
    state: row.state,
    reason: row.reason,
    matchKeys: row.match_keys === '' ? [] : row.match_keys.split(','),
    hasRequest: row.has_request,
    count: row.count,
  }));
}
