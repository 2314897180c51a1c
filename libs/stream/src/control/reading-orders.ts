import { explainReason, inUtc, inUtcOrNull, type Sql, type TenantId } from '@tributary/domain';
import { plainIdentifier } from '@tributary/postgres';
import { pageOf, type Page } from './reading-cursor.js';

/** An order as the `orders` role of ingest folded it. */
export interface HeadView {
  readonly asOf: number | null;
  readonly modifiedAt: number | null;
  readonly observedAt: number | null;
  readonly contentHash: string | null;
  readonly isVanished: boolean;
  readonly deletionReportedAt: number | null;
  readonly status: string;
  readonly total: string | null;
  readonly currency: string | null;
}

interface OrderName {
  readonly tenantId: string;
  readonly connectionId: string;
  readonly orderId: string;
}

export async function findHead(sql: Sql, { tenantId, connectionId, orderId }: OrderName): Promise<HeadView | undefined> {
  const [head] = await sql.query<HeadView>(
    'reading-head',
    `select as_of as "asOf", modified_at as "modifiedAt", observed_at as "observedAt", content_hash as "contentHash", is_vanished as "isVanished",
            deletion_reported_at as "deletionReportedAt", status, total, currency
       from orders.heads where tenant_id = $1 and connection_id = $2 and order_id = $3`,
    [tenantId, connectionId, orderId],
  );
  return head;
}

/** A payload that could not be used, without the payload. */
export interface RejectedItem {
  readonly eventId: string;
  readonly connection: string;
  readonly receivedAt: string;
  /** The order it named, when it could be read. */
  readonly reference: string | null;
  readonly reason: string;
  /** The reason in words. */
  readonly what: string;
  /** Names the field at fault, never its value. */
  readonly detail: string;
  readonly topic: string;
  readonly sizeBytes: number;
  /** `rejected`, or what a resubmission made of it. */
  readonly state: RejectedState;
  readonly resubmittedAt: string | null;
  /** Why it was rejected on arrival; null while `reason` says that. */
  readonly firstReason: string | null;
}

export type RejectedState = 'rejected' | 'taken' | 'nothing-to-take';

export interface RejectedFilter {
  readonly tenantId: TenantId;
  readonly connection: string | null;
  readonly reason: string | null;
  readonly state: RejectedState | null;
}

interface RejectionRow {
  readonly event_id: string;
  readonly connection_id: string;
  readonly received_at: number;
  readonly reference: string | null;
  readonly reason: string;
  readonly detail: string;
  readonly topic: string;
  readonly size_bytes: number;
  readonly state: RejectedState;
  readonly resubmitted_at: number | null;
  readonly first_reason: string | null;
}

const COLUMNS = 'event_id, connection_id, received_at, reference, reason, detail, topic, size_bytes, state, resubmitted_at, first_reason';

const toRejected = (row: RejectionRow): RejectedItem => ({
  eventId: row.event_id,
  connection: row.connection_id,
  receivedAt: inUtc(row.received_at),
  reference: row.reference,
  reason: row.reason,
  what: explainReason(row.reason),
  detail: row.detail,
  topic: row.topic,
  sizeBytes: row.size_bytes,
  state: row.state,
  resubmittedAt: inUtcOrNull(row.resubmitted_at),
  firstReason: row.first_reason,
});

/** Newest first; goes on after `after`. */
export async function listRejected(
  sql: Sql,
  { tenantId, connection, reason, state }: RejectedFilter,
  after: { readonly receivedAt: number; readonly eventId: string } | null,
  limit: number,
): Promise<Page<RejectedItem>> {
  const rows = await sql.query<RejectionRow>(
    'reading-rejected',
    `select ${COLUMNS} from orders.rejections
      where tenant_id = $1 and ($2::bigint is null or (received_at, event_id) < ($2, $3))
        and ($5::text is null or connection_id = $5) and ($6::text is null or reason = $6) and ($7::text is null or state = $7)
      order by received_at desc, event_id desc limit $4`,
    [tenantId, after?.receivedAt ?? null, after?.eventId ?? null, limit + 1, connection, reason, state],
  );
  return pageOf(rows, limit, (row) => [row.received_at, row.event_id], toRejected);
}

export async function findRejected(sql: Sql, tenantId: TenantId, eventId: string): Promise<RejectedItem | undefined> {
  const [row] = await sql.query<RejectionRow>(
    'reading-rejected-one',
    `select ${COLUMNS} from orders.rejections where tenant_id = $1 and event_id = $2`,
    [tenantId, eventId],
  );
  return row && toRejected(row);
}

const REJECTED_OF_ONE_ORDER_MAX = 50;

/** The newest refused payloads that named one order. */
export async function rejectedOfOrder(sql: Sql, { tenantId, connectionId, orderId }: OrderName): Promise<RejectedItem[]> {
  const rows = await sql.query<RejectionRow>(
    'reading-rejected-of-order',
    `select ${COLUMNS} from orders.rejections
      where tenant_id = $1 and connection_id = $2 and reference = $3 order by received_at desc, event_id desc limit $4`,
    [tenantId, connectionId, orderId, REJECTED_OF_ONE_ORDER_MAX],
  );
  return rows.map(toRejected);
}

/** The connections of one tenant as an app has them; `state` as in the config topic. */
export async function connectionsOf(
  sql: Sql,
  app: string,
  tenantId: string,
): Promise<{ readonly connectionId: string; readonly kind: string; readonly state: string }[]> {
  return sql.query<{ connectionId: string; kind: string; state: string }>(
    `reading-connections-${app}`,
    `select connection_id as "connectionId", kind, state from ${plainIdentifier(app)}.connections where tenant_id = $1 order by connection_id`,
    [tenantId],
  );
}

/** Control has it, or settings of it reached an app. */
export async function isTenantKnown(sql: Sql, tenantId: string): Promise<boolean> {
  const [row] = await sql.query<{ known: boolean }>(
    'reading-tenant-known',
    `select exists (select 1 from control.tenants where tenant_id = $1) or exists (select 1 from ingest.connections where tenant_id = $1)
         or exists (select 1 from tiktok.connections where tenant_id = $1) as known`,
    [tenantId],
  );
  return row?.known === true;
}
